import { type Command, Option } from 'commander';
import { enableFusedMultiplyAdd } from '../engine/open-engine.ts';
import { integer, whole } from './parse.ts';

/** Options of most commands. */
export interface CommonOptions {
  json?: boolean;
  quiet?: boolean;
  seed?: number;
  threads?: number;
  engine?: 'auto' | 'wasm' | 'reference';
}

type Common = 'json' | 'quiet' | 'seed' | 'threads' | 'engine';

const make: Record<Common, () => Option> = {
  json: () => new Option('--json', 'print the result as one JSON object, and errors as JSON on standard error'),
  quiet: () => new Option('-q, --quiet', 'print no progress and no notes'),
  seed: () => new Option('--seed <number>', 'random seed').argParser(integer),
  threads: () =>
    new Option('--threads <number>', 'number of threads (default: all cores, at most 16)').argParser(whole(1)),
  engine: () => new Option('--engine <name>', 'compute engine').choices(['auto', 'wasm', 'reference']),
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

/** Engine options of the command line. Also enables fused multiply-add, which must happen before the first engine or worker starts. */
export function engineOptions({ engine, threads }: CommonOptions): Pick<CommonOptions, 'engine' | 'threads'> {
  enableFusedMultiplyAdd();
  return { ...(engine && { engine }), ...(threads !== undefined && { threads }) };
}
