import { Option } from 'commander';
import { configToJson, parseTrainConfig, type TrainConfig, type TrainConfigInput } from '../training/config.ts';
import { backboneFlags, lossFlags, negation, trainingFlags, valueAt } from './training-flags.ts';

/**
 * The flags of `taurec train` that make a configuration, over the configuration file's where one is used: what is so anyway is left out. The loss is named with all of its options.
 * `trainConfigOf` of what commander reads of them, over the same file, is the configuration again.
 */
export function trainingArguments(config: TrainConfig, file: TrainConfigInput = {}): string[] {
  const wanted = configToJson(config);
  const { loss, backbone } = wanted as { loss: Source; backbone: Source };
  const base = configToJson(parseTrainConfig({ ...file, loss: config.loss, backbone: config.backbone }));
  const args = [...sourceArguments('loss', loss, lossFlags)];
  if (JSON.stringify(backbone) !== JSON.stringify(configToJson(parseTrainConfig(file)).backbone)) {
    args.push(...sourceArguments('backbone', backbone, backboneFlags));
  }
  for (const { path, flags, sets } of Object.values(trainingFlags).flat()) {
    const value = valueAt(wanted, path);
    if (value === undefined || value === valueAt(base, path)) continue;
    if (sets === undefined) args.push(longOf(flags), String(value));
    else args.push(value === sets ? longOf(flags) : longOf(negation(flags)));
  }
  for (const name of ['seed', 'engine'] as const) {
    if (wanted[name] !== base[name] || name === 'seed') args.push(`--${name}`, String(wanted[name]));
  }
  return args;
}

interface Source {
  readonly name?: string;
  readonly module?: string;
  readonly export?: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

function sourceArguments(kind: 'loss' | 'backbone', source: Source, named: Readonly<Record<string, string>>): string[] {
  const args = source.name === undefined ? [`--${kind}-module`, source.module!] : [`--${kind}`, source.name];
  if (source.export !== undefined) args.push(`--${kind}-export`, source.export);
  for (const [option, value] of Object.entries(source.options ?? {})) {
    const flag = Object.entries(named).find(([, name]) => name === option)?.[0];
    if (flag === undefined) args.push(`--${kind}-option`, `${option}=${value}`);
    else args.push(`--${flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, String(value));
  }
  return args;
}

function longOf(flags: string): string {
  return new Option(flags).long!;
}
