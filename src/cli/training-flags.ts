// Flags of the training options: adds them to a command and makes a configuration of their values.

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
import { valueAt } from '../training/option-errors.ts';
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

/** The values of flags as commander returns them, by attribute name. */
export type TrainingFlags = Record<string, unknown>;

/** The flags that set one option of a source, by the option's name. Where several losses or backbones declare an option, one that accepts `auto` wins, else the first. */
export function sourceFlags({ builtIn }: SourceFacts): Record<string, Option> {
  const declared = Object.values<OptionSet>(builtIn).flatMap(({ shape }) => flagged(declaredOptions(shape)));
  const names = [...new Set(declared.map(({ path }) => path))];
  return Object.fromEntries(
    names.map((name) => {
      const same = declared.filter(({ path }) => path === name);
      const widest = same.find(({ facts }) => facts.automatic) ?? same[0]!;
      // No default in the help: it differs between the losses that share the flag.
      return [name, asFlag({ ...widest, schema: widest.schema }, false)];
    }),
  );
}

/**
 * Adds a flag for every declared training option, except those in `without`. The help states the defaults.
 * @param without paths of options
 * @param options the declarations. Default: all training options
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

/** Adds `--loss`, the flags of the losses' options, and `--loss-module`, `--loss-export`, `--loss-option`; the same for other kinds of sources. */
function addSourceFlags(command: Command, option: FlaggedOption, source: SourceFacts): void {
  const { kind } = source;
  const byDefault = defaultOf(option.schema) as { name?: string } | undefined;
  const { choices } = accepted(option.schema);
  // A custom sampler has no built-in names to choose from.
  const named = new Option(option.facts.flag, `${option.facts.help}${stated(byDefault?.name ?? byDefault)}`);
  if (choices.length > 0) named.choices([...choices]);
  // Setting argChoices, unlike choices(), lists names in help and completion without checking them: the training refuses unknown names and suggests the nearest.
  else if (Object.keys(source.builtIn).length > 0) named.argChoices = Object.keys(source.builtIn);
  // A kind whose flag has another name, such as --sampler-module, is named by its module alone.
  if (named.long === `--${kind}`) command.addOption(named);
  for (const flag of Object.values(sourceFlags(source))) command.addOption(flag);
  addModuleFlags(command, kind);
}

/** Adds `--loss-module`, `--loss-export` and `--loss-option`, or the same flags of another kind. */
export function addModuleFlags(command: Command, kind: SourceFacts['kind']): void {
  command
    .option(`--${kind}-module <path>`, `module that exports a custom ${kind}`)
    .option(`--${kind}-export <name>`, 'name of its export (default: default)')
    .option(`--${kind}-option <name=value>`, `option of the ${kind}; repeatable`, pair);
}

/** The configuration with the declared defaults. @throws TaurecError `bad-option`, naming the flag of the option where it has one */
export function checkedConfig(given: TrainConfigInput): TrainConfig {
  try {
    return parseTrainConfig(given);
  } catch (error) {
    throw inFlags(error);
  }
}

/** The training configuration as given, unchecked and without defaults. `without`: paths whose flags mean something else in this command. */
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
      ? sourceGiven(facts.source, flags, valueAt(file, path.split('.')), defaultOf(schema))
      : flags[attributeOf(facts.flag)];
    // A switch sets its declared value; its negation sets the other one.
    if (given !== undefined) setAt(config, path, facts.sets === undefined ? given : facts.sets === given);
  }
  return config as TrainConfigInput;
}

/** The source that flags or the file give; flags such as `--tau` change one option of either. */
function sourceGiven(source: SourceFacts, flags: TrainingFlags, file: unknown, byDefault: unknown): unknown {
  const { kind, method } = source;
  const given = sourceFrom(source, flags, file, byDefault);
  // The configuration takes built-in pools as plain names, not as {name}.
  return kind === 'pool' && typeof given === 'object' && given !== null && 'name' in given && !(method in given)
    ? given.name
    : given;
}

/** Calls `sourceOf` with the flags of this kind's options. @throws UsageError */
function sourceFrom(source: SourceFacts, flags: TrainingFlags, file: unknown, byDefault: unknown): unknown {
  const { kind, method } = source;
  const custom = flags[`${kind}Module`] !== undefined || (typeof file === 'object' && flags[kind] === undefined);
  if (Object.keys(source.builtIn).length === 0 && flags[`${kind}Option`] !== undefined && !custom) {
    throw new UsageError(`--${kind}-option needs --${kind}-module.`);
  }
  const optionFlags = Object.fromEntries(
    Object.entries(sourceFlags(source)).map(([name, flag]) => [flag.attributeName(), name]),
  );
  // The options of the default loss are tuned for its default form; with another form only its name is kept.
  const changed =
    kind === 'loss' && flags.form !== undefined ? { name: (byDefault as { name: string }).name } : byDefault;
  return sourceOf({ kind, method, optionFlags }, flags, file, changed);
}

/** Renames a wrong option to its flag: `batch.rows` becomes `--rows`. Other errors stay as they are. */
export function inFlags(error: unknown): unknown {
  if (!(error instanceof TaurecError) || error.code !== 'bad-option') return error;
  const declared = flagged(trainOptions).find(
    ({ path }) => path === error.facts.option || path === `batch.${error.facts.option}`,
  );
  const option = declared && longOf(declared);
  return option ? new TaurecError('bad-option', { ...error.facts, option }, { cause: error }) : error;
}
