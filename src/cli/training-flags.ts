import { type Command, Option } from 'commander';
import { TaurecError } from '../errors.ts';
import {
  accepted,
  type DeclaredOption,
  declaredOptions,
  defaultOf,
  type OptionSet,
  type SourceFacts,
} from '../option.ts';
import { parseTrainConfig, type TrainConfig, type TrainConfigInput, trainOptions } from '../training/config.ts';
import {
  addDeclaredFlags,
  asFlag,
  attributeOf,
  type FlaggedOption,
  flagged,
  longOf,
  setAt,
  stated,
} from './declared-flags.ts';
import { UsageError } from './failure.ts';
import { pair } from './parse.ts';
import { sourceOf } from './source-flags.ts';

/** Flags as commander gives them. */
export type TrainingFlags = Record<string, unknown>;

/** The flags that set one option of a source, by the option's name: of each declaration the first, `auto` where any of them allows it. */
export function sourceFlags({ builtIn }: SourceFacts): Record<string, Option> {
  const declared = Object.values<OptionSet>(builtIn).flatMap(({ shape }) => flagged(declaredOptions(shape)));
  const names = [...new Set(declared.map(({ path }) => path))];
  return Object.fromEntries(
    names.map((name) => {
      const same = declared.filter(({ path }) => path === name);
      const widest = same.find(({ facts }) => facts.automatic) ?? same[0]!;
      return [name, asFlag({ ...widest, schema: widest.schema }, false)];
    }),
  );
}

/**
 * Adds a flag for every declared option of training but the paths of `without`; the help states the defaults.
 * @param options the table of declarations
 */
export function addTrainingFlags(
  command: Command,
  without: readonly string[] = [],
  options: readonly DeclaredOption[] = trainOptions,
): void {
  addDeclaredFlags(
    command,
    options.filter(({ path }) => !without.includes(path)),
    {},
    (option) => {
      const { source } = option.facts;
      if (source) addSourceFlags(command, option, source);
      else command.addOption(asFlag(option));
    },
  );
}

/** `--loss`, a flag for each option of a loss that has one, and `--loss-module`, `--loss-export`, `--loss-option`. */
function addSourceFlags(command: Command, option: FlaggedOption, source: SourceFacts): void {
  const { kind } = source;
  const byDefault = defaultOf(option.schema) as { name?: string } | undefined;
  const { choices } = accepted(option.schema);
  // a custom sampler has no built-in names to choose from
  const named = new Option(option.facts.flag, `${option.facts.help}${stated(byDefault?.name ?? byDefault)}`);
  if (choices.length > 0) named.choices([...choices]);
  // Listed by help and completion; the training itself refuses a name that it does not know, with the nearest one.
  else if (Object.keys(source.builtIn).length > 0) named.argChoices = Object.keys(source.builtIn);
  if (named.long === `--${kind}`) command.addOption(named);
  for (const flag of Object.values(sourceFlags(source))) command.addOption(flag);
  addModuleFlags(command, kind);
}

/** `--loss-module`, `--loss-export`, `--loss-option`, and the same for other sources. */
export function addModuleFlags(command: Command, kind: SourceFacts['kind']): void {
  command
    .option(`--${kind}-module <path>`, `a module that exports a custom ${kind}`)
    .option(`--${kind}-export <name>`, 'its export (default: default)')
    .option(`--${kind}-option <name=value>`, `an option of the ${kind}; repeatable`, pair);
}

/**
 * The training configuration: that of the configuration file with the flags over it, checked, with defaults.
 * @throws TaurecError `bad-option`, which names the flag where there is one
 */
export function trainConfigOf(flags: TrainingFlags, file: TrainConfigInput = {}): TrainConfig {
  try {
    return parseTrainConfig(trainInputOf(flags, file));
  } catch (error) {
    throw inFlags(error);
  }
}

/** The same as it was given: without defaults, not checked. Flags of `without` are another command's own. */
export function trainInputOf(
  flags: TrainingFlags,
  file: TrainConfigInput = {},
  without: readonly string[] = [],
): TrainConfigInput {
  const config: Record<string, unknown> = { ...file };
  for (const option of trainOptions) {
    const { path, facts, schema } = option;
    if (facts?.flag === undefined || without.includes(path)) continue;
    const given = facts.source
      ? sourceGiven(facts.source, flags, valueAt(file, path), defaultOf(schema))
      : flags[attributeOf(facts.flag)];
    if (given !== undefined) setAt(config, path, facts.sets === undefined ? given : facts.sets === given);
  }
  return config as TrainConfigInput;
}

/** The source of the file, or that of the flags; `--tau` and the like change one option of either. */
function sourceGiven(source: SourceFacts, flags: TrainingFlags, file: unknown, byDefault: unknown): unknown {
  const { kind, method } = source;
  const given = sourceFrom(source, flags, file, byDefault);
  // Built-in pools are plain names.
  return kind === 'pool' && typeof given === 'object' && given !== null && 'name' in given && !(method in given)
    ? given.name
    : given;
}

function sourceFrom(source: SourceFacts, flags: TrainingFlags, file: unknown, byDefault: unknown): unknown {
  const { kind, method } = source;
  const custom = flags[`${kind}Module`] !== undefined || (typeof file === 'object' && flags[kind] === undefined);
  if (Object.keys(source.builtIn).length === 0 && flags[`${kind}Option`] !== undefined && !custom) {
    throw new UsageError(`--${kind}-option belongs to --${kind}-module.`);
  }
  const optionFlags = Object.fromEntries(
    Object.entries(sourceFlags(source)).map(([name, flag]) => [flag.attributeName(), name]),
  );
  // The default's own options fit its default form alone.
  const changed =
    kind === 'loss' && flags.form !== undefined ? { name: (byDefault as { name: string }).name } : byDefault;
  return sourceOf({ kind, method, optionFlags }, flags, file, changed);
}

/** A wrong option under the name that a person gave it: `--rows` for `batch.rows`. */
export function inFlags(error: unknown): unknown {
  if (!(error instanceof TaurecError) || error.code !== 'bad-option') return error;
  const declared = flagged(trainOptions).find(
    ({ path }) => path === error.facts.option || path === `batch.${error.facts.option}`,
  );
  const option = declared && longOf(declared);
  return option ? new TaurecError('bad-option', { ...error.facts, option }, { cause: error }) : error;
}

export function valueAt(config: object, path: string): unknown {
  return path.split('.').reduce((value: unknown, key) => (value as Record<string, unknown> | undefined)?.[key], config);
}
