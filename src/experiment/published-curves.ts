// Curves of the papers on the public data sets, for comparison with the experiments that have the same axis.
import type { Protocol } from '../evaluation/evaluator.ts';
import type { LossName } from '../loss/losses.ts';
import type { Series } from '../report/report.ts';
import type { ExperimentSettings } from './settings.ts';

/**
 * The axes of published curves. `positive-noise`: random positives as a fraction of the true ones, ≥ 0. `negative-noise`: r, how often a known positive is drawn
 * relative to any other negative, ≥ 0. `false-negatives`: p in [0, 1], the share of negatives that are held-back positives. `lambda`: weight of the negative side,
 * > 0. `popularity-group`: 1 – 10, 1 the least popular; the values are contributions to the metric.
 */
export type CurveAxis = 'positive-noise' | 'negative-noise' | 'false-negatives' | 'lambda' | 'popularity-group';

/** A published curve of matrix factorisation with d = 64: a metric against an axis. */
export interface PublishedCurve {
  /** Paper, and table or figure. */
  readonly source: string;
  /** Short name of the paper, for legends. */
  readonly paper: string;
  /** Name of the folder of `$TAUREC_DATA` with the same data and split. */
  readonly data: string;
  readonly axis: CurveAxis;
  readonly metric: string;
  /** The protocol of taurec that equals the paper's evaluation. */
  readonly protocol: Protocol;
  readonly loss: LossName;
  /** Name of the loss in the paper. */
  readonly label: string;
  /** By ascending x. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** Losses of the papers: name in the paper → name in taurec. */
const losses = { BPR: 'bpr', SL: 'sl', BSL: 'bsl', PSL: 'psl', 'SL@20': 'slatk' } as const satisfies Record<
  string,
  LossName
>;

/** The curves of a figure: by data set and loss, the values at each x, separated by spaces. */
function figure(
  about: Pick<PublishedCurve, 'source' | 'paper' | 'axis' | 'protocol'> & { readonly metric?: string },
  xs: readonly number[],
  values: Readonly<Record<string, Partial<Record<keyof typeof losses, string>>>>,
): PublishedCurve[] {
  return Object.entries(values).flatMap(([data, ofLosses]) =>
    Object.entries(ofLosses).map(([label, row]) => {
      const ys = row.split(' ').map(Number);
      const points = xs.map((x, at) => ({ x, y: ys[at]! }));
      return { metric: 'ndcg@20', ...about, data, loss: losses[label as keyof typeof losses], label, points };
    }),
  );
}

const bsl = { paper: 'BSL paper', protocol: 'clean' } as const;
const wu = 'Wu et al., BSL, ICDE 2024';

/** The published curves. The program of the BSL paper chooses the epoch on the test set. */
export const publishedCurves: readonly PublishedCurve[] = [
  ...figure({ ...bsl, axis: 'positive-noise', source: `${wu}, tables II (0) and IV` }, [0, 0.1, 0.2, 0.4], {
    yelp2018: { SL: '.0585 .0576 .0563 .0536', BSL: '.0599 .0589 .0577 .0560' },
    'lightgcn-gowalla': { SL: '.1399 .1356 .1315 .1228', BSL: '.1584 .1566 .1542 .1495' },
    'ultragcn-movielens-1m': { SL: '.2633 .2600 .2554 .2475', BSL: '.2681 .2659 .2635 .2578' },
  }),
  ...figure({ ...bsl, axis: 'negative-noise', source: `${wu}, figure 8` }, [1, 3, 5, 7, 10], {
    yelp2018: { SL: '.0589 .0581 .0570 .0562 .0555', BSL: '.0599 .0586 .0577 .0573 .0560' },
    'lightgcn-gowalla': { SL: '.1394 .1373 .1356 .1345 .1327', BSL: '.1580 .1562 .1544 .1528 .1511' },
    'ultragcn-movielens-1m': { SL: '.2633 .2529 .2461 .2409 .2352', BSL: '.2670 .2616 .2554 .2489 .2430' },
  }),
  ...figure({ ...bsl, axis: 'lambda', source: `${wu}, figure 13, t2` }, [0.9, 1, 1.1, 1.2, 1.3, 1.4], {
    'lightgcn-gowalla': { BSL: '.1349 .1395 .1479 .1570 .1537 .1382' },
  }),
  ...figure(
    { ...bsl, axis: 'popularity-group', metric: 'recall@20', source: `${wu}, ten popularity groups` },
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    {
      yelp2018: {
        BPR: '.00001 .00002 .0004 .0011 .0028 .0042 .0065 .0103 .0126 .0234',
        SL: '.0007 .0016 .0028 .0043 .0055 .0067 .0078 .0104 .0120 .0202',
      },
    },
  ),
  ...figure(
    {
      paper: 'SL@K paper',
      protocol: 'irbench',
      axis: 'positive-noise',
      source: 'Yang et al., SL@K, KDD 2025, figure 8, false positives',
    },
    [0, 0.05, 0.1, 0.15, 0.2],
    {
      'amazon2014-health': { SL: '.1261 .1198 .1165 .1129 .1096', 'SL@20': '.1390 .1340 .1321 .1318 .1298' },
      'amazon2014-electronic': { SL: '.0529 .0484 .0473 .0454 .0440', 'SL@20': '.0590 .0564 .0556 .0549 .0544' },
    },
  ),
  // A tenth of train is held back there, a fifth in the experiment.
  ...figure(
    {
      paper: 'PSL paper',
      protocol: 'irbench',
      axis: 'false-negatives',
      source: 'Yang et al., PSL, NeurIPS 2024, false negatives',
    },
    [0.05, 0.1, 0.2, 0.3, 0.5],
    {
      'amazon2014-electronic': { SL: '.0403 .0369 .0320 .0286 .0235', PSL: '.0409 .0379 .0338 .0309 .0268' },
      gowalla: { SL: '.1077 .0986 .0888 .0822 .0728', PSL: '.1119 .1034 .0954 .0898 .0819' },
    },
  ),
];

/** Labels under which a loss of a paper is measured, the best match first: the BSL of its paper has its best λ. */
function labelsOf({ loss }: PublishedCurve): string[] {
  return loss === 'bsl' ? ['bsl with λ', 'bsl'] : [loss];
}

/** The published curves with the axis, for a data set, metric and protocol, of losses that were measured. */
function curvesFor(
  axis: CurveAxis,
  data: string,
  labels: readonly string[],
  { metric, protocol }: Pick<ExperimentSettings, 'metric' | 'protocol'>,
): PublishedCurve[] {
  const same = (curve: PublishedCurve) =>
    curve.axis === axis && curve.data === data && curve.metric === metric && curve.protocol === protocol;
  return publishedCurves.filter((curve) => same(curve) && labelsOf(curve).some((label) => labels.includes(label)));
}

/**
 * The published curves as dashed series of a figure, in the colours of the measured losses.
 * @param labels Labels of the measured losses; other losses are left out.
 * @param xs The measured x, ascending; points beyond them are left out, and on a `band` also those between them.
 */
export function publishedSeries(
  axis: CurveAxis,
  data: string,
  labels: readonly string[],
  judged: Pick<ExperimentSettings, 'metric' | 'protocol'>,
  xs: readonly number[],
  band = false,
): Series[] {
  const shown = (x: number) => (band ? xs.includes(x) : x >= xs[0]! && x <= xs.at(-1)!);
  return curvesFor(axis, data, labels, judged)
    .map((curve) => ({
      name: `${curve.label}, ${curve.paper}`,
      like: labelsOf(curve).find((label) => labels.includes(label))!,
      dashed: true,
      points: curve.points.filter(({ x }) => shown(x)).map(({ x, y }) => ({ x: band ? String(x) : x, y })),
    }))
    .filter(({ points }) => points.length > 0);
}

/** The published value of a loss at an x; undefined if there is none. */
export function publishedAt(
  axis: CurveAxis,
  data: string,
  label: string,
  judged: Pick<ExperimentSettings, 'metric' | 'protocol'>,
  x: number,
): number | undefined {
  return curvesFor(axis, data, [label], judged)[0]?.points.find((point) => point.x === x)?.y;
}
