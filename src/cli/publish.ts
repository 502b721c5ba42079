import type { Command } from 'commander';
import { type PublishOptions, publishModel, publishOptions } from '../model/versions.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { addDeclaredFlags } from './declared-flags.ts';
import type { Terminal } from './terminal.ts';

interface PublishFlags extends Pick<CommonOptions, 'json'>, PublishOptions {
  to: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<model>', 'model folder')
    .requiredOption('--to <folder>', 'folder of versions; a new or empty one begins with v1');
  addDeclaredFlags(command, publishOptions);
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

async function run(terminal: Terminal, model: string, { to, json, ...options }: PublishFlags): Promise<void> {
  const version = await publishModel(model, to, options);
  if (json) terminal.printJson({ folder: to, ...version });
  else terminal.print(`Published ${model} as ${version.name} of ${to}, which is current now.`);
}
