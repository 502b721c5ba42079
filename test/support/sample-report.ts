import type { Figure, Panel, Report, Series, Table } from '../../src/report/report.ts';

const losses = ['SL', 'BSL', 'PSL (tanh)', 'SL@20', 'BPR', 'MSE'];
const sets = ['amazon2014-health', 'gowalla', 'yelp2018', 'ml-1m'];

/** A number in (-1, 1) that looks random. */
function wobble(...seeds: number[]): number {
  const x = Math.sin(seeds.reduce((sum, seed, i) => sum + (seed + 1) * (12.9898 + 65.233 * i), 0)) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
}

const noiseLevels = [0, 0.05, 0.1, 0.2, 0.3, 0.4];

function noisePanel(title: string, p: number): Panel {
  const series = losses.map(
    (name, l): Series => ({
      name,
      points: noiseLevels.map((x, i) => ({
        x,
        y:
          (0.062 + 0.012 * p) * (1 - 0.06 * l) * Math.exp(-x * (0.5 + 0.25 * (l === 1 ? -1 : l))) +
          0.0008 * wobble(p, l, i),
        deviation: 0.0006 + 0.0004 * Math.abs(wobble(i, l, p)),
      })),
    }),
  );
  return { title, series, reference: { name: 'most popular', y: 0.021 + 0.003 * p } };
}

const noise: Figure = {
  name: 'accuracy-against-noise',
  caption: 'NDCG@20 falls as false positives are added to the training data; BSL falls least',
  kind: 'lines',
  x: { label: 'noise ratio' },
  y: { label: 'NDCG@20' },
  panels: sets.map(noisePanel),
};

const temperatures = [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6];

const temperature: Figure = {
  name: 'accuracy-against-temperature',
  caption: 'NDCG@20 against the temperature, amazon2014-health',
  kind: 'lines',
  x: { label: 'temperature τ', scale: 'log' },
  y: { label: 'NDCG@20' },
  panels: [
    {
      title: '',
      series: losses.map((name, l) => ({
        name,
        points: temperatures.map((x, i) => ({
          x,
          y: 0.06 - 0.002 * l - (0.008 * (Math.log(x) - Math.log(0.1 + 0.02 * l)) ** 2) / 2 + 0.0008 * wobble(l, i),
          deviation: 0.0012,
          chosen: i === 2 + (l % 2),
        })),
      })),
      reference: { name: 'published', y: 0.0571 },
    },
  ],
};

const prediction: Figure = {
  name: 'predicted-temperature',
  caption: 'Score variance and the temperature that the second order predicts, with scales of their own',
  kind: 'lines',
  x: { label: 'epoch' },
  y: { label: 'value', scale: 'log' },
  ownScales: true,
  panels: ['variance of scores', 'temperature', 'effective share'].map((title, p) => ({
    title,
    series: ['measured', 'predicted'].map((name, s) => ({
      name,
      dashed: s === 1,
      points: Array.from({ length: 40 }, (_, i) => ({
        x: i + 1,
        y: 10 ** -p * (0.2 + Math.exp(-i / (8 + 3 * s))) * (1 + 0.05 * wobble(i, s, p)),
        deviation: s === 0 ? 0.03 * 10 ** -p : undefined,
      })),
    })),
  })),
};

const groups: Figure = {
  name: 'groups',
  caption: 'Contribution of ten groups of items to NDCG@20, from the rarest (1) to the most popular (10)',
  kind: 'bars',
  x: { label: 'popularity group', scale: 'band' },
  y: { label: 'NDCG@20' },
  panels: sets.slice(0, 2).map((title, p) => ({
    title,
    series: losses.slice(0, 4).map((name, l) => ({
      name,
      points: Array.from({ length: 10 }, (_, i) => ({
        x: i + 1,
        y: 0.0004 * (i + 1) ** (1.1 + 0.15 * l) * (1 + 0.2 * p) + 0.0003 * Math.abs(wobble(i, l)),
        deviation: 0.0004,
      })),
    })),
  })),
};

const cost: Figure = {
  name: 'cost',
  caption: 'Seconds an epoch, user rows against pair rows',
  kind: 'bars',
  x: { label: '' },
  y: { label: 'seconds' },
  panels: [
    {
      title: '',
      series: ['user rows', 'pair rows'].map((name, s) => ({
        name,
        points: [...sets, 'amazon2014-electronic'].map((x, i) => ({
          x,
          y: (i + 1) * (1 + 4 * s),
          deviation: 0.3,
          chosen: s === 0 && i === 1,
        })),
      })),
    },
  ],
};

const scatter: Figure = {
  name: 'dial',
  caption: 'Accuracy against coverage as λ goes from 0 to 1',
  kind: 'lines',
  x: { label: 'items ever recommended in a top 20', scale: 'log' },
  y: { label: 'NDCG@20' },
  panels: ['ordinary test', 'shifted test'].map((title, p) => ({
    title,
    series: losses.slice(0, 3).map((name, l) => ({
      name,
      points: [0, 0.25, 0.5, 0.75, 1].map((dial, i) => ({
        x: 900 * (1 + 6 * dial) * (1 + 0.3 * l),
        y: 0.05 + (p ? 0.012 : -0.01) * dial * (2 - dial) + 0.002 * l,
        chosen: i === 2,
      })),
    })),
  })),
};

const wide: Table = {
  name: 'all-losses',
  caption: 'All losses on all data sets, five seeds, mean ± deviation',
  columns: [
    { name: 'loss', show: 'text' },
    { name: 'backbone', show: 'text' },
    ...sets.flatMap((set) => [{ name: `${set} NDCG@20` }, { name: `${set} Recall@20` }]),
    { name: 'trainings', show: 'count' },
    { name: 'time', show: 'seconds' },
  ],
  rows: losses.flatMap((loss, l) =>
    ['MF', 'LightGCN'].map((backbone, b) => [
      loss,
      backbone,
      ...sets.flatMap((_, s) =>
        [0, 1].map((m) => ({
          mean: 0.06 + 0.02 * s + 0.004 * b - 0.002 * l + 0.03 * m,
          deviation: 0.0004 + 0.0003 * Math.abs(wobble(l, s, m)),
        })),
      ),
      12345 * (l + 1),
      181.3 * (b + 1) + l,
    ]),
  ),
};

const small: Table = {
  name: 'best-temperature',
  caption: 'The best τ₁ for each noise ratio',
  columns: [
    { name: 'data', show: 'text' },
    { name: 'noise ratio', show: 'percent' },
    { name: 'τ₁', show: 'number' },
    { name: 'τ₂', show: 'number' },
    { name: 'NDCG@20' },
    { name: 'gain over SL', show: 'percent' },
    { name: 'p', show: 'number' },
  ],
  rows: sets.flatMap((data) =>
    [0, 0.2, 0.4].map((ratio, i) => [
      data,
      ratio,
      0.2 - 0.05 * i,
      0.1,
      0.0612 - 0.004 * i,
      i === 0 ? null : 0.05 * i,
      0.00003 * 10 ** i,
    ]),
  ),
};

/** A report with every kind of content, of the size that experiments have. */
export const sampleReport: Report = {
  name: 'positive-noise',
  title: 'Bilateral softmax loss under positive noise',
  summary:
    'Random items are added to the positives of each user, from 0 to 40 percent of them, and every loss is trained again with its temperatures chosen on validation data. The experiment asks whether the bilateral softmax loss loses less than the softmax loss, and whether the best temperature of the positive side falls as noise rises.',
  source: 'Wu et al., BSL: Understanding and Improving Softmax Loss for Recommendation (ICDE 2024), sections 3 and 5.3',
  claims: [
    {
      claim: 'At 40% positive noise on amazon2014-health BSL beats SL by 9 to 15% in NDCG@20.',
      verdict: 'held',
      evidence:
        'BSL 0.0523 ± 0.0004, SL 0.0468 ± 0.0006: +11.8%, paired t test over 38,609 users p = 3e−12, five seeds.',
    },
    {
      claim: 'The best τ₁ falls as noise rises.',
      verdict: 'not held',
      evidence: 'It falls on three of four data sets (Spearman −0.94, −0.89, −0.83) and rises on ml-1m (+0.31).',
    },
    {
      claim: 'Pair rows hide the difference.',
      verdict: 'unclear',
      evidence: 'Two seeds only: the difference of 0.4% is within the deviation between seeds (0.6%).',
    },
  ],
  sections: [
    {
      title: 'Accuracy against noise',
      text: [
        'Each line is the mean of five seeds; the model of each point was chosen on a tenth of the training data that was held out before noise was added, so that the choice itself is clean.',
        'The level of the most popular items tells how much of the accuracy is popularity alone.',
      ],
      figures: [noise],
      tables: [small],
    },
    { title: 'Temperature', figures: [temperature, prediction] },
    { title: 'Who gains', figures: [groups, cost, scatter] },
    { title: 'All numbers', tables: [wide] },
  ],
  provenance: {
    command:
      'npx taurec experiment positive-noise --data data/amazon2014-health data/gowalla data/yelp2018 data/ml-1m --seeds 5 --levels 0,0.05,0.1,0.2,0.3,0.4 --out results/positive-noise',
    taurec: '0.1.0',
    node: '20.20.2',
    engine: 'wasm, simd-fma',
    processor: 'AMD EPYC 7B13, 2 threads',
    finished: '2025-06-01T12:34:56.000Z',
    data: sets.map((name, i) => ({
      name,
      source: `data/${name}/train.csv`,
      sha256: Array.from({ length: 64 }, (_, k) => ((7 * k * k + 3 * i + k) % 16).toString(16)).join(''),
      users: 38609 + i,
      items: 18534 * (i + 1),
      train: 1234567,
      test: 98765,
    })),
    settings: { levels: noiseLevels, seeds: [1, 2, 3, 4, 5], metric: 'ndcg@20', protocol: 'clean' },
    configs: losses.map((name) => ({
      name: `${name}, MF`,
      config: { loss: { name }, dimension: 64, learningRate: 0.001, batch: { kind: 'users', rows: 1024 } },
    })),
    runs: 720,
    seconds: 14732,
  },
};
