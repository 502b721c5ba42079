import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  auc,
  hitPositions,
  hitRate,
  map,
  mrr,
  ndcg,
  precision,
  rankMetrics,
  recall,
} from '../../src/evaluation/metrics.ts';

const { log2 } = Math;

describe('metrics of one list, worked by hand', () => {
  // The list c a d b e with relevant a, b, x: hits at positions 1 and 3; x is nowhere.
  const hits = [1, 3];

  it('finds the positions of hits and passes over empty places', () => {
    expect(hitPositions([7, 4, 9, 2, -1, -1], (item) => item === 4 || item === 2 || item === -1)).toEqual([1, 3]);
  });

  it.each([
    ['recall@5', recall(hits, 3, 5), 2 / 3],
    ['recall@3', recall(hits, 3, 3), 1 / 3],
    ['precision@5', precision(hits, 3, 5), 2 / 5],
    ['precision@10 of a list of 5', precision(hits, 3, 10), 2 / 10],
    ['hitrate@1', hitRate(hits, 3, 1), 0],
    ['hitrate@2', hitRate(hits, 3, 2), 1],
    ['mrr@5', mrr(hits, 3, 5), 1 / 2],
    ['mrr@1', mrr(hits, 3, 1), 0],
    ['map@5', map(hits, 3, 5), (1 / 2 + 2 / 4) / 3],
    ['map@2, divided by min(K, |T|)', map(hits, 3, 2), 1 / 2 / 2],
    ['ndcg@5', ndcg(hits, 3, 5), (1 / log2(3) + 1 / log2(5)) / (1 / log2(2) + 1 / log2(3) + 1 / log2(4))],
    ['ndcg@2, ideal over min(K, |T|)', ndcg(hits, 3, 2), 1 / log2(3) / (1 / log2(2) + 1 / log2(3))],
  ])('%s', (_, got, expected) => expect(got).toBeCloseTo(expected, 14));

  it('AUC: of 2 relevant and 3 irrelevant candidates 3 of 6 pairs stand right', () => {
    // c a d b e: a is above d, e; b is above e.
    expect(auc([1, 3], 5, 2)).toBeCloseTo(3 / 6, 14);
  });
  it('AUC: a relevant item that is no candidate loses all its pairs', () => {
    expect(auc([1, 3], 5, 3)).toBeCloseTo(3 / 9, 14);
    expect(auc([], 5, 1)).toBe(0);
  });
  it('AUC without an irrelevant candidate is 1/2', () => {
    expect(auc([0, 1], 2, 2)).toBe(1 / 2);
    expect(auc([], 0, 1)).toBe(1 / 2);
  });
});

describe('properties', () => {
  const cases = fc
    .record({
      positions: fc.uniqueArray(fc.nat(20), { maxLength: 10 }),
      extra: fc.nat(5),
      k: fc.integer({ min: 1, max: 25 }),
    })
    .map(({ positions, extra, k }) => ({
      hits: positions.sort((a, b) => a - b),
      relevant: positions.length + extra || 1,
      k,
    }));

  it('every metric lies in [0, 1], and is 1 for a perfect list no longer than |T|, precision included', () => {
    fc.assert(
      fc.property(cases, ({ hits, relevant, k }) => {
        const perfect = Array.from({ length: relevant }, (_, p) => p);
        for (const metric of Object.values(rankMetrics)) {
          expect(metric(hits, relevant, k)).toBeGreaterThanOrEqual(0);
          expect(metric(hits, relevant, k)).toBeLessThanOrEqual(1 + 1e-12);
          expect(metric(perfect, relevant, relevant)).toBeCloseTo(1, 12);
        }
      }),
    );
  });
  it('moving a hit up never lowers a metric', () => {
    fc.assert(
      fc.property(cases, fc.nat(9), ({ hits, relevant, k }, which) => {
        const at = which % Math.max(1, hits.length);
        const better = hits.map((p, h) => (h === at && p > 0 && hits[h - 1] !== p - 1 ? p - 1 : p));
        for (const metric of Object.values(rankMetrics)) {
          expect(metric(better, relevant, k)).toBeGreaterThanOrEqual(metric(hits, relevant, k));
        }
      }),
    );
  });
});
