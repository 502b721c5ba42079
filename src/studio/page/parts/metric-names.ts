/** Names of metrics as people read them, and what they say. */

import type { RunInfo } from '../../session.ts';

const names: Readonly<Record<string, readonly [title: string, about: string]>> = {
  ndcg: ['NDCG', 'how much of what people wanted is in their lists, and how high'],
  recall: ['Recall', 'share of what people wanted that is in their lists'],
  precision: ['Precision', 'share of the lists that people wanted'],
  hitrate: ['Hit rate', 'share of people with at least one hit'],
  mrr: ['MRR', 'mean of 1 / place of the first hit'],
  map: ['MAP', 'mean precision at the places of the hits'],
  auc: ['AUC', 'chance that a wanted item scores above another one'],
  coverage: ['Coverage', 'share of all items that are in at least one list'],
  gini: ['Gini', 'how unevenly items are shown: 0 all alike, 1 always the same'],
  popularity: ['Popularity', 'people who have an item of a list in training, on average'],
  novelty: ['Novelty', 'how rare the items of lists are, in bits: one more is half as popular'],
  diversity: ['Diversity', 'how different the items of one list are'],
};

/** `ndcg@20` as `NDCG@20`. */
export function metricTitle(name: string): string {
  const [kind, k] = name.split('@') as [string, string?];
  return `${names[kind]?.[0] ?? kind}${k === undefined ? '' : `@${k}`}`;
}

/** What a metric says, in a few words; empty for one that is not known. */
export function metricAbout(name: string): string {
  return names[name.split('@', 1)[0]!]?.[1] ?? '';
}

/** The metrics of validation that runs have so far, first the one by which validation chooses the epoch. */
export function metricsOf(runs: readonly Pick<RunInfo, 'config' | 'history' | 'valid'>[]): readonly string[] {
  const measured = runs.flatMap(({ valid, history }) =>
    Object.keys(valid ?? history.find((record) => record.valid)?.valid ?? {}),
  );
  const choosing = runs.map(({ config }) => config.validation?.metric ?? 'ndcg@20');
  return [...new Set([...choosing.filter((name) => measured.includes(name)), ...measured])];
}
