import type { Command } from 'commander';
import { makeCurrent, rollBack } from '../model/versions.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import type { Terminal } from './terminal.ts';

interface RollbackFlags extends Pick<CommonOptions, 'json'> {
  to?: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<folder>', 'folder of versions')
    .option('--to <version>', 'version to make current (default: the one that was current before)');
  addCommonOptions(command, 'json');
  addExamples(command, 'taurec rollback published', 'taurec rollback published --to v3');
  command.action((folder: string, flags: RollbackFlags) => run(terminal, folder, flags));
}

async function run(terminal: Terminal, folder: string, { to, json }: RollbackFlags): Promise<void> {
  const version = to === undefined ? await rollBack(folder) : await makeCurrent(folder, to);
  if (json) terminal.printJson({ folder, ...version });
  else terminal.print(`${version.name} of ${folder} is current now.`);
}
