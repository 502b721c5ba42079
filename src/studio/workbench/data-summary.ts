import type { Dataset } from '../../data/build-dataset.ts';
import { describe } from '../../data/describe.ts';
import type { Interactions } from '../../data/interactions.ts';
import { spreadOf } from '../../data/spread.ts';
import { objectiveByData } from '../../training/default-objective.ts';
import type { DataRequest, DataSummary, Histogram } from '../session.ts';

/** Points of the long tail, and bars of the interactions over time. */
const POINTS = 400;
const BARS = 40;

/** What a page shows of data: statistics, parts, the long tail, and histograms. `log` is the training log after filters, before splits. */
export function summarize(
  request: DataRequest,
  log: Interactions,
  { train, valid, test, catalogue, titles }: Dataset,
  notes: readonly string[],
): DataSummary {
  return {
    request,
    info: describe(log),
    parts: {
      train: train.indices.length,
      ...(valid && { valid: valid.indices.length }),
      ...(test && { test: test.indices.length }),
    },
    objective: objectiveByData({ train, valid })?.config ?? {},
    notes,
    longTail: longTail(counted(log.items, log.itemIds.size)),
    activity: activity(counted(log.users, log.userIds.size)),
    ...(log.times && { times: overTime(log.times) }),
    attributes: catalogue ? [...catalogue.attributes.keys()] : [],
    hasTitles: titles?.some((title) => title !== '') ?? false,
  };
}

/** [size] entries of each code. */
function counted(codes: Int32Array, size: number): Int32Array {
  const counts = new Int32Array(size);
  for (const code of codes) counts[code]!++;
  return counts;
}

/** Interactions by rank, most popular first: every rank, or ranks at equal distances on a logarithmic scale. */
function longTail(counts: Int32Array): DataSummary['longTail'] {
  const descending = counts.slice().sort().reverse();
  const n = descending.length;
  const ranks = new Set<number>();
  if (n <= POINTS) for (let rank = 1; rank <= n; rank++) ranks.add(rank);
  else for (let p = 0; p < POINTS; p++) ranks.add(Math.round(n ** (p / (POINTS - 1))));
  return Array.from(ranks, (rank) => ({ rank, interactions: descending[rank - 1]! }));
}

/** Interactions per user, with edges 1, 2, 3, 5, 10, 20, 30, 50, 100 … */
function activity(counts: Int32Array): Histogram {
  const most = counts.reduce((a, b) => Math.max(a, b), 0);
  const edges = [1];
  for (let power = 1; edges.at(-1)! <= most; power *= 10)
    for (const step of [2, 3, 5, 10]) if (edges.at(-1)! <= most) edges.push(step * power);
  return histogram(counts, edges);
}

/** Entries over time, in bars of equal length. */
function overTime(times: Float64Array): Histogram {
  const { min, max } = spreadOf(times);
  // The last instant belongs to the last bar; all entries of one instant make one bar.
  const bars = max > min ? BARS : 1;
  const width = (max > min ? max - min : 1) / bars;
  const edges = Array.from({ length: bars + 1 }, (_, b) => min + b * width);
  const counts = new Array<number>(bars).fill(0);
  for (const time of times) if (!Number.isNaN(time)) counts[Math.min(bars - 1, Math.floor((time - min) / width))]!++;
  return { edges, counts };
}

/** Counts values in [edges[b], edges[b + 1]); none lies outside. */
function histogram(values: Int32Array, edges: readonly number[]): Histogram {
  const counts = new Array<number>(edges.length - 1).fill(0);
  for (const value of values) {
    const bar = edges.findIndex((edge) => value < edge) - 1;
    if (bar >= 0) counts[bar]!++;
  }
  return { edges, counts };
}
