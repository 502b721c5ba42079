import type { Command } from 'commander';
import { publishModel } from '../model/versions.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { whole } from './parse.ts';
import type { Terminal } from './terminal.ts';

interface PublishFlags extends Pick<CommonOptions, 'json'> {
  to: string;
  keep?: number;
  note?: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<model>', 'model folder')
    .requiredOption('--to <folder>', 'folder of versions; a new or empty one begins with v1');
  addKeepOption(command);
  command.option('--note <text>', 'why it is published; listed with the versions');
  addCommonOptions(command, 'json');
  addExamples(
    command,
    'taurec publish models/ratings --to published',
    'taurec serve published',
    'taurec versions published',
    'taurec rollback published',
  );
  command.action((model: string, flags: PublishFlags) => run(terminal, model, flags));
}

/** Adds `--keep` of the commands that publish. */
export function addKeepOption(command: Command): void {
  command.option('--keep <number>', 'versions to keep; older ones are deleted (default: 10)', whole(2));
}

async function run(terminal: Terminal, model: string, { to, json, ...options }: PublishFlags): Promise<void> {
  const version = await publishModel(model, to, options);
  if (json) terminal.printJson({ folder: to, ...version });
  else terminal.print(`Published ${model} as ${version.name} of ${to}, which is current now.`);
}
