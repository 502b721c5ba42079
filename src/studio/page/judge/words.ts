import type { Failure, Judgement, RunInfo } from '../../session.ts';
import { number } from '../parts/figures.ts';

/** A simple way to make lists that a model is measured against. */
export type Baseline = keyof Judgement['baselines'];

/** The baselines in sentences, in the order in which they are shown. */
export const baselineNames: Readonly<Record<Baseline, string>> = {
  popular: 'popularity',
  'item-knn': 'item-kNN',
  random: 'chance',
};

/** The baselines as headings. */
export const baselineTitles: Readonly<Record<Baseline, string>> = {
  popular: 'Popularity',
  'item-knn': 'Item-kNN',
  random: 'Random',
};

/** All baselines. */
export const baselines = Object.keys(baselineNames) as readonly Baseline[];

/** A gain with its interval as a sentence without a full stop: `31% ± 4 better than popularity`. */
export function gainInWords({ against, ratio, low, high }: Omit<Judgement['gains'][number], 'metric'>): string {
  const name = baselineNames[against];
  if (low <= 0 && high >= 0) {
    return `no clear difference to ${name}: between ${sided(low)} and ${sided(high)}`;
  }
  // Percentages above 200 say little; so many times as good says it.
  if (ratio >= 2) {
    return `${number(1 + ratio, 2)} times as good as ${name} (${number(1 + low, 2)} to ${number(1 + high, 2)})`;
  }
  const half = (high - low) / 2;
  const digits = half >= 0.01 ? 0 : 1;
  return `${points(Math.abs(ratio), digits)}% ± ${points(half, digits)} ${ratio > 0 ? 'better' : 'worse'} than ${name}`;
}

/** How the test part stands before it is opened, and why its opening is counted. */
export function openingsInWords(opened: number): string {
  if (opened === 0)
    return 'The test part has not been opened yet. Choose everything by validation first: the test tells how good the model is only as long as no choice was made by it.';
  const times = opened === 1 ? 'once' : opened === 2 ? 'twice' : `${opened} times`;
  return `The test part was opened ${times}. Whoever chooses between models by it sees figures that are too good: each look makes it a little more of a validation part.`;
}

/** How often the test part was opened, as far as runs and judgements tell. A judgement counts the looks of runs that are gone, too. */
export function openings(runs: readonly RunInfo[], judgements: readonly Judgement[]): number {
  const byRuns = runs.reduce((sum, { opened }) => sum + opened, 0);
  return Math.max(byRuns, ...judgements.map(({ opened }) => opened));
}

/** True for a failure that says that the data have no such part. */
export function lacksPart({ code, facts }: Failure): boolean {
  return code === 'bad-option' && facts.option === 'part';
}

function points(share: number, digits: number): string {
  return (100 * share).toFixed(digits);
}

function sided(share: number): string {
  const size = `${points(Math.abs(share), Math.abs(share) < 0.01 ? 1 : 0)}%`;
  return share < 0 ? `${size} worse` : `${size} better`;
}
