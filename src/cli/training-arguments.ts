import { Option } from 'commander';
import type { SourceFacts } from '../option.ts';
import {
  configToJson,
  parseTrainConfig,
  type TrainConfig,
  type TrainConfigInput,
  trainOptions,
} from '../training/config.ts';
import { negation } from './declared-flags.ts';
import { sourceFlags, valueAt } from './training-flags.ts';

/**
 * The flags of `taurec train` that produce a configuration, given the configuration file in use. Values that the file or the defaults already give are left out;
 * the seed and the loss with all of its options are always named. Inverse of `trainConfigOf`: commander's values of these flags, over the same file, give the same
 * configuration.
 */
export function trainingArguments(config: TrainConfig, file: TrainConfigInput = {}): string[] {
  const wanted = configToJson(config);
  // The configuration without flags. Some defaults depend on the loss and the backbone, so these are set first.
  const base = configToJson(parseTrainConfig({ ...file, loss: config.loss, backbone: config.backbone }));
  // The file's own sources, to see which need no flag.
  const ofFile = configToJson(parseTrainConfig(file));
  return trainOptions.flatMap(({ path, facts }) => {
    // The number of threads does not change the result.
    if (facts?.flag === undefined || path === 'threads') return [];
    const value = valueAt(wanted, path);
    if (facts.source) {
      const same = path !== 'loss' && JSON.stringify(value) === JSON.stringify(valueAt(ofFile, path));
      return same || value === undefined ? [] : sourceArguments(facts.source, value as Source | string);
    }
    if (value === undefined || (value === valueAt(base, path) && path !== 'seed')) return [];
    const flag = new Option(facts.flag).long!;
    if (facts.sets === undefined) return [flag, String(value)];
    return [value === facts.sets ? flag : negation(flag)];
  });
}

/** A loss, backbone, pool or sampler as JSON: by name or by module. */
interface Source {
  readonly name?: string;
  readonly module?: string;
  readonly export?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The flags that name a source and set its options: by their own flags where they have one, else by `--loss-option` and the like. */
function sourceArguments(facts: SourceFacts, source: Source | string): string[] {
  const { kind } = facts;
  if (typeof source === 'string') return [`--${kind}`, source];
  const flags = sourceFlags(facts);
  const args = source.name === undefined ? [`--${kind}-module`, source.module!] : [`--${kind}`, source.name];
  if (source.export !== undefined) args.push(`--${kind}-export`, source.export);
  for (const [option, value] of Object.entries(source.options ?? {})) {
    const flag = flags[option]?.long;
    if (flag) args.push(flag, String(value));
    else args.push(`--${kind}-option`, `${option}=${value}`);
  }
  return args;
}
