import { basename } from 'node:path';
import { type BackboneName, backboneNames } from '../../backbone/backbones.ts';
import { TaurecError } from '../../errors.ts';
import { type LossName, lossNames } from '../../loss/losses.ts';
import { namedSource } from '../../option.ts';
import type { TrainConfigInput } from '../../training/config.ts';
import { folderDataSet } from '../run/data-sets.ts';
import type { DataSource } from '../run/run.ts';
import type { DataEntry, SourceEntry } from './experiment-config.ts';
import { type BackboneCase, type LossCase, middleOf } from './settings.ts';

/** A data set by its entry. @throws TaurecError `bad-option`, and as `folderDataSet` */
export function dataSource(entry: DataEntry): DataSource {
  if (typeof entry === 'string') return folderDataSet(entry);
  const { name, config = {}, ...files } = entry;
  if (typeof name === 'string' && typeof files.train === 'string') return { name, files, config };
  throw new TaurecError('bad-option', {
    option: 'data',
    got: JSON.stringify(entry),
    expected: 'a name, a path, or {name, train, test}',
  });
}

/** A loss by its entry; the option values that are lists are candidates, of which the middle one stands in for now. */
export function lossCase(entry: SourceEntry): LossCase {
  if (typeof entry === 'object' && 'evaluate' in entry)
    return { label: String(entry.name), source: entry as never, candidates: {}, config: {} };
  const {
    label,
    config = {},
    ...rest
  } = typeof entry === 'string' ? { name: entry } : (entry as Record<string, unknown>);
  const ofLoss = listsIn(rest);
  const ofConfig = Object.entries(listsIn(config as object)).map(([name, values]) => [`config.${name}`, values]);
  const source = sourceOf('losses', { ...rest, ...middles(ofLoss) }, 'evaluate', lossNames) as LossCase['source'];
  return {
    label: labelOf(label, rest),
    source,
    candidates: { ...ofLoss, ...Object.fromEntries(ofConfig) },
    config: { ...(config as TrainConfigInput), ...middles(listsIn(config as object)) },
  };
}

/** The options whose value is a list. */
function listsIn(options: object): Record<string, unknown[]> {
  const lists = Object.entries(options).filter((option): option is [string, unknown[]] => Array.isArray(option[1]));
  const empty = lists.find(([, values]) => values.length === 0);
  if (!empty) return Object.fromEntries(lists);
  throw new TaurecError('bad-option', { option: `losses.${empty[0]}`, got: '[]', expected: 'at least one value' });
}

function middles(lists: Record<string, unknown[]>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(lists).map(([name, values]) => [name, middleOf(values)]));
}

/** A backbone by its entry. @throws TaurecError `bad-option` */
export function backboneCase(entry: SourceEntry): BackboneCase {
  if (typeof entry === 'object' && 'forward' in entry)
    return { label: String(entry.name), source: entry as never, config: {} };
  const { label, config, ...rest } = typeof entry === 'string' ? { name: entry } : (entry as Record<string, unknown>);
  const source = sourceOf('backbones', rest, 'forward', backboneNames) as BackboneCase['source'];
  return { label: labelOf(label, rest), source, config: (config ?? {}) as TrainConfigInput };
}

function sourceOf(option: string, rest: object, method: string, known: readonly (LossName | BackboneName)[]): object {
  const source = namedSource<Record<string, unknown>>(rest, method);
  if (source) return source;
  const names = `{name, …options} or {module, export, …options}; names: ${known.join(', ')}`;
  throw new TaurecError('bad-option', { option, got: JSON.stringify(rest), expected: names });
}

function labelOf(label: unknown, rest: Record<string, unknown>): string {
  if (typeof label === 'string') return label;
  return typeof rest.name === 'string' ? rest.name : basename(String(rest.module)).replace(/\.[^.]*$/, '');
}
