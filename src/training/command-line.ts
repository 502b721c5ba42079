/** The flags of `taurec train` that produce a configuration, from the declarations of the options. */

import { TaurecError } from '../errors.ts';
import { declaredOptions, type SourceFacts } from '../option.ts';
import {
  configToJson,
  objectIn,
  parseTrainConfig,
  type TrainConfig,
  type TrainConfigInput,
  trainOptions,
} from './config.ts';
import { namesObjective } from './default-objective.ts';
import { valueAt } from './option-errors.ts';

/** The long form of a declared flag: `--rows <number>` → `--rows`. */
export const longFlag = (flag: string): string => /--[^\s,]+/.exec(flag)![0];
/** The flag that sets the opposite of a switch: `--refit` → `--no-refit`. */
export const negation = (flag: string): string => longFlag(flag).replace(/^--/, '--no-');

/**
 * The flags of `taurec train` that produce a configuration: only those of options that differ from their defaults, the loss with all of its options wherever an option of the objective is given, none for an empty configuration. `taurec train DATA` with
 * them trains with this configuration. An address of a module is taken as it is.
 * @throws TaurecError as `parseTrainConfig`; `bad-option` for a loss, backbone, pool or sampler given as an object, which no flag can name
 */
export function commandLineOf(config: TrainConfigInput): string[] {
  const parsed = parseTrainConfig(config);
  const object = objectIn(parsed);
  if (object) {
    throw new TaurecError('bad-option', {
      option: object.kind.toLowerCase(),
      got: `the object ${object.name}`,
      expected: 'a name or a module: no flag names an object',
    });
  }
  // Who names nothing of the objective gets one by the data (`configFor`), so one that is given is always named.
  return differingArguments(parsed, {}, namesObjective(config) ? ['loss'] : []);
}

/**
 * The flags of `taurec train` that produce a configuration, given the configuration file in use. Values that the file or the defaults already give are left out;
 * the seed and the loss with all of its options are always named, the number of threads, which does not change the result, never. Inverse of `trainInputOf`: commander's values of
 * these flags, over the same file, give the same configuration.
 */
export const trainingArguments = (config: TrainConfig, file: TrainConfigInput = {}): string[] =>
  differingArguments(config, file, ['seed', 'loss'], ['threads']);

/** The flags of options that differ from what the file and the defaults give, of those in `always`, and of none in `never`. */
function differingArguments(
  config: TrainConfig,
  file: TrainConfigInput,
  always: readonly string[] = [],
  never: readonly string[] = [],
): string[] {
  const wanted = configToJson(config);
  // The configuration without flags. Some defaults depend on the loss and the backbone, so these are set first.
  const base = configToJson(parseTrainConfig({ ...file, loss: config.loss, backbone: config.backbone }));
  // The file's own sources, to see which need no flag.
  const ofFile = configToJson(parseTrainConfig(file));
  return trainOptions.flatMap(({ path, facts }) => {
    if (facts?.flag === undefined || never.includes(path)) return [];
    const [value, named] = [valueIn(wanted, path), always.includes(path)];
    if (facts.source) {
      const same = !named && JSON.stringify(value) === JSON.stringify(valueIn(ofFile, path));
      return same || value === undefined ? [] : sourceArguments(facts.source, value as Source | string);
    }
    if (value === undefined || (value === valueIn(base, path) && !named)) return [];
    const flag = longFlag(facts.flag);
    if (facts.sets === undefined) return [flag, String(value)];
    return [value === facts.sets ? flag : negation(facts.flag)];
  });
}

const valueIn = (config: object, path: string) => valueAt(config, path.split('.'));

/** A loss, backbone, pool or sampler as JSON: by name or by module. */
interface Source {
  readonly name?: string;
  readonly module?: string;
  readonly export?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The flags that name a source and set its options: by their own flags where they have one, else by `--loss-option` and the like. */
function sourceArguments({ kind, builtIn }: SourceFacts, source: Source | string): string[] {
  if (typeof source === 'string') return [`--${kind}`, source];
  const flags = new Map(
    Object.values(builtIn)
      .flatMap(({ shape }) => declaredOptions(shape))
      .flatMap(({ path, facts }) => (facts?.flag === undefined ? [] : [[path, longFlag(facts.flag)] as const])),
  );
  const args = source.name === undefined ? [`--${kind}-module`, source.module!] : [`--${kind}`, source.name];
  if (source.export !== undefined) args.push(`--${kind}-export`, source.export);
  for (const [option, value] of Object.entries(source.options ?? {})) {
    const flag = flags.get(option);
    if (flag) args.push(flag, String(value));
    else args.push(`--${kind}-option`, `${option}=${value}`);
  }
  return args;
}
