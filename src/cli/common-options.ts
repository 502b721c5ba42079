import { type Command, Option } from 'commander';
import type * as z from 'zod';
import { enableFusedMultiplyAdd } from '../engine/open-engine.ts';
import { runShape } from '../engine/run-options.ts';
import { declaredOptions } from '../option.ts';
import { asFlag, type FlaggedOption } from './declared-flags.ts';

/** The parsed options that most commands share. */
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

/** The flag of an option that training and serving also declare. Its help states no default, because the default differs between commands. */
function runFlag(name: Run): Option {
  const [declared] = declaredOptions({ [name]: runShape[name] });
  return asFlag(declared as FlaggedOption, false);
}

/** Adds the named options under the heading "Common options". A command names only the options that it uses. */
export function addCommonOptions(command: Command, ...names: Common[]): void {
  command.optionsGroup('Common options:');
  for (const name of names) command.addOption(make[name]());
}

/** Adds example command lines below a command's help. */
export function addExamples(command: Command, ...examples: string[]): void {
  command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
}

/** Extracts the engine options from the flags. Also enables fused multiply-add, which must happen before the first engine or worker starts. */
export function engineOptions({ engine, threads }: CommonOptions): Pick<CommonOptions, 'engine' | 'threads'> {
  enableFusedMultiplyAdd();
  return { ...(engine && { engine }), ...(threads !== undefined && { threads }) };
}

/** Queries that one thread answers sooner than further threads start. */
const FEW_QUERIES = 256;

/** As `engineOptions`, for so many queries: a few start no threads, unless the user asks for some. */
export function engineOptionsFor(queries: number, flags: CommonOptions): Pick<CommonOptions, 'engine' | 'threads'> {
  return { ...(queries <= FEW_QUERIES && { threads: 1 }), ...engineOptions(flags) };
}
