import { type Command, Option } from 'commander';
import { integer, whole } from './parse.ts';

/** What most commands take. */
export interface CommonOptions {
  json?: boolean;
  quiet?: boolean;
  seed?: number;
  threads?: number;
  engine?: 'auto' | 'wasm' | 'reference';
}

type Common = 'json' | 'quiet' | 'seed' | 'threads' | 'engine';

const make: Record<Common, () => Option> = {
  json: () => new Option('--json', 'print one JSON object on standard output, nothing else'),
  quiet: () => new Option('-q, --quiet', 'no progress and no notes on standard error'),
  seed: () => new Option('--seed <number>', 'seed of everything that is drawn at random').argParser(integer),
  threads: () => new Option('--threads <number>', "default: the machine's cores, at most 16").argParser(whole(1)),
  engine: () => new Option('--engine <name>', 'what computes').choices(['auto', 'wasm', 'reference']),
};

/** Adds the named options under the heading "Common options". */
export function addCommonOptions(command: Command, ...names: Common[]): void {
  command.optionsGroup('Common options:');
  for (const name of names) command.addOption(make[name]());
}

/** Adds examples below a command's help. */
export function addExamples(command: Command, ...examples: string[]): void {
  command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}
