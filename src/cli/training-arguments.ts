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
 * The flags of `taurec train` that make a configuration, over the configuration file's where one is used: what is so anyway is left out. The loss is named with all of its options.
 * `trainConfigOf` of what commander reads of them, over the same file, is the configuration again.
 */
export function trainingArguments(config: TrainConfig, file: TrainConfigInput = {}): string[] {
  const wanted = configToJson(config);
  const base = configToJson(parseTrainConfig({ ...file, loss: config.loss, backbone: config.backbone }));
  const ofFile = configToJson(parseTrainConfig(file));
  return trainOptions.flatMap(({ path, facts }) => {
    // Threads change no result.
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

interface Source {
  readonly name?: string;
  readonly module?: string;
  readonly export?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

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
