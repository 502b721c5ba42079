import { type Command, Option } from 'commander';
import type * as z from 'zod';
import { enableFusedMultiplyAdd } from '../engine/open-engine.ts';
import { runShape } from '../engine/run-options.ts';
import { declaredOptions } from '../option.ts';
import { asFlag, type FlaggedOption } from './declared-flags.ts';

/** Options of most commands. */
export interface CommonOptions extends Pick<z.input<z.ZodObject<typeof runShape>>, Run> {
  json?: boolean;
  quiet?: boolean;
}

type Run = 'seed' | 'threads' | 'engine';
type Common = 'json' | 'quiet' | Run;

const make: Record<Common, () => Option> = {
  json: () => new Option('--json', 'print the result as one JSON object, and errors as JSON on standard error'),
  quiet: () => new Option('-q, --quiet', 'print no progress and no notes'),
  seed: () => runFlag('seed'),
  threads: () => runFlag('threads'),
  engine: () => runFlag('engine'),
};

/** The default is not stated: a command may have another. */
function runFlag(name: Run): Option {
  const [declared] = declaredOptions({ [name]: runShape[name] });
  return asFlag(declared as FlaggedOption, false);
}

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
