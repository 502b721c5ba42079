// The parts of the experiment `papers`: for each, an experiment and the settings that suit a data set.
import type { Experiment } from '../experiment.ts';
import { isShifted } from '../run.ts';
import type { ExperimentConfig, SourceEntry } from '../settings.ts';
import { fairness } from './fairness.ts';
import { falseNegatives, negativeNoise } from './negative-noise.ts';
import { negatives } from './negatives.ts';
import { popularityDial } from './popularity-dial.ts';
import { positiveNoise, positiveNoiseInUserRows } from './positive-noise.ts';
import { publishedTables } from './published-tables.ts';
import { temperature } from './temperature.ts';

/** A part: an experiment on some data sets. */
export interface Part {
  readonly name: string;
  readonly title: string;
  readonly experiment: Experiment;
  /** Names of data sets in `$TAUREC_DATA`. */
  readonly data: readonly string[];
  /** The settings on a data set; they override the defaults of the experiment. */
  settings(data: string): ExperimentConfig;
}

/** The three public sets of the BSL paper, the smallest first. */
const bslSets = ['ultragcn-movielens-1m', 'yelp2018', 'lightgcn-gowalla'];
const shiftSets = ['amazon2014-electronic-popularity', 'amazon2014-cd-popularity', 'gowalla-popularity'];

/** Data sets on which a training takes minutes: one seed, so that their claims stay unclear unless `--seeds` has three. */
const large = ['yelp2018', 'lightgcn-gowalla', 'gowalla', 'gowalla-popularity'];

/** Three τ around the best by validation, without prior and with λ = 1, ascending; a grid is widened once where its end is best. */
const taus: Readonly<Record<string, readonly number[]>> = {
  'ultragcn-movielens-1m': [0.17, 0.2, 0.24],
  yelp2018: [0.09, 0.11, 0.13],
  'lightgcn-gowalla': [0.08, 0.1, 0.12],
  gowalla: [0.08, 0.1, 0.12],
  'amazon2014-health': [0.2, 0.25, 0.3],
  'amazon2014-electronic': [0.2, 0.25, 0.3],
  'gowalla-popularity': [0.04, 0.05, 0.07],
};

/** The grid of τ on a data set. */
function tausOf(data: string): readonly number[] {
  return taus[data] ?? (isShifted(data) ? [0.07, 0.1, 0.14] : [0.1, 0.15, 0.2]);
}

const tau1 = [1, 2, 4];
/** λ = 1 is the middle, where a search begins, so that its first runs are those of the case λ = 1. */
const lambda = [1.1, 1, 1.2];

/** The losses by label, with their grids on a data set. λ is written out where it is 1: equal specifications share their runs. */
function lossesOf(data: string, ...labels: readonly string[]): SourceEntry[] {
  const tau = tausOf(data);
  const decay = { decoupledWeightDecay: [0.3, 1] };
  const all: Readonly<Record<string, SourceEntry>> = {
    bpr: { name: 'bpr', config: decay },
    bce: { name: 'bce', config: decay },
    mse: { name: 'mse', config: decay },
    sl: { name: 'sl', tau, negativeWeight: 1 },
    bsl: { name: 'bsl', tau, tau1, negativeWeight: 1 },
    'sl with λ': { name: 'sl', label: 'sl with λ', tau, negativeWeight: lambda },
    'bsl with λ': { name: 'bsl', label: 'bsl with λ', tau, tau1, negativeWeight: lambda },
    dsl: { name: 'dsl', tau },
    // The best τ of PSL is about three quarters of that of SL.
    psl: { name: 'psl', tau: tau.map((value) => Number((0.75 * value).toPrecision(2))) },
    slatk: { name: 'slatk', tau, tauWeight: [3, 5] },
  };
  return labels.map((label) => all[label]!);
}

/** The seeds on a data set. */
function seedsOf(data: string): number[] {
  return large.includes(data) ? [1] : [1, 2, 3];
}

/** The parts, in the order of the report. */
export const parts: readonly Part[] = [
  {
    name: 'tables',
    title: 'Published tables',
    experiment: publishedTables,
    data: [...bslSets, ...shiftSets],
    settings: (data) => ({
      seeds: seedsOf(data),
      ...(isShifted(data)
        ? {
            losses: lossesOf(data, 'sl', 'dsl', 'psl'),
            protocol: 'irbench',
            config: { aim: 'discovery', refit: true, validation: { every: 10, patience: 10, users: 20_000 } },
          }
        : { losses: lossesOf(data, 'bpr', 'bce', 'mse', 'sl', 'bsl with λ', 'dsl') }),
    }),
  },
  {
    name: 'positive-noise',
    title: 'Positive noise',
    experiment: positiveNoiseInUserRows,
    data: bslSets,
    settings: (data) => ({
      seeds: seedsOf(data),
      losses: lossesOf(data, 'sl', 'bsl', 'sl with λ', 'bsl with λ'),
      levels: [0, 0.1, 0.2, 0.4],
    }),
  },
  {
    name: 'pair-rows',
    title: 'Positive noise in pair rows',
    experiment: positiveNoise,
    data: bslSets,
    settings: (data) => ({ seeds: seedsOf(data), losses: lossesOf(data, 'sl', 'bsl'), levels: [0.4] }),
  },
  {
    name: 'negative-noise',
    title: 'Negative noise',
    experiment: negativeNoise,
    data: bslSets,
    settings: (data) => ({
      seeds: seedsOf(data),
      losses: lossesOf(data, 'bpr', 'sl', 'bsl with λ'),
      levels: [1, 3, 5, 10],
    }),
  },
  {
    name: 'fairness',
    title: 'Popularity groups',
    experiment: fairness,
    data: bslSets,
    settings: (data) => ({
      seeds: seedsOf(data),
      losses: lossesOf(data, 'bpr', 'bce', 'mse', 'sl', 'bsl with λ'),
      metric: 'recall@20',
      metrics: ['ndcg@20', 'coverage@20', 'gini@20'],
    }),
  },
  {
    name: 'temperature',
    title: 'Temperature',
    experiment: temperature,
    data: bslSets,
    settings: (data) => {
      const [low, middle, high] = tausOf(data);
      const levels = [low! / 2, low!, middle!, high!, 2 * high!].map((tau) => Number(tau.toPrecision(2)));
      return { seeds: seedsOf(data), losses: lossesOf(data, 'sl'), levels };
    },
  },
  {
    name: 'lambda',
    title: 'λ',
    experiment: popularityDial,
    data: bslSets,
    settings: (data) => ({
      seeds: seedsOf(data),
      // τ1 fixed: only λ differs along the axis.
      losses: [{ name: 'bsl', tau: tausOf(data), tau1: 4 }],
      levels: [0.9, 1, 1.1, 1.2, 1.3, 1.4],
    }),
  },
  {
    name: 'negatives',
    title: 'Number of negatives',
    experiment: negatives,
    data: bslSets,
    settings: (data) => ({
      seeds: seedsOf(data),
      losses: lossesOf(data, 'bpr', 'bce', 'mse', 'sl', 'bsl'),
      levels: [32, 128, 512, 2048],
    }),
  },
  {
    name: 'false-positives',
    title: 'False positives',
    experiment: positiveNoiseInUserRows,
    data: ['amazon2014-health', 'amazon2014-electronic'],
    settings: (data) => ({
      losses: lossesOf(data, 'sl', 'slatk'),
      levels: [0, 0.05, 0.1, 0.15, 0.2],
      protocol: 'irbench',
    }),
  },
  {
    name: 'false-negatives',
    title: 'False negatives',
    experiment: falseNegatives,
    data: ['amazon2014-electronic', 'gowalla'],
    settings: (data) => ({
      seeds: seedsOf(data),
      losses: lossesOf(data, 'sl', 'psl'),
      levels: [0.05, 0.1, 0.2, 0.3, 0.5],
      protocol: 'irbench',
    }),
  },
];
