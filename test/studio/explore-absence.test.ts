import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Explanation, Reasons } from '../../src/recommender/explanation.ts';
import { absenceCauses } from '../../src/recommender/people-ranker.ts';
import { absenceText, basisText, rankText } from '../../src/studio/page/explore/absence.ts';
import { partBars, reasonText } from '../../src/studio/page/explore/reasons.ts';

test('every cause of absence has its own sentence, for a person and for me', () => {
  for (const asker of ['person', 'me'] as const) {
    const sentences = absenceCauses.map((cause) => absenceText({ cause }, asker, 10));
    expect(new Set(sentences).size).toBe(absenceCauses.length);
    for (const sentence of sentences) expect(sentence).toMatch(/^[A-Z].*\.$/);
  }
});

test('feedback names its events with their days, and the end of the list its length', () => {
  const events = [
    { kind: 'click', time: Date.parse('2026-05-31T12:00:00Z') / 1000 },
    { kind: 'like' },
    { kind: 'view', time: 1e15 },
  ];
  expect(absenceText({ cause: 'feedback', events }, 'person', 10)).toBe(
    'They have acted on it since the training: click on 2026-05-31, like, view.',
  );
  expect(absenceText({ cause: 'beyond-k' }, 'me', 1)).toContain('after 1 place.');
});

test('the rank says of how many, and how the dials changed the place', () => {
  const found: Explanation = { item: 'a', basis: 'model', of: 1200 };
  expect(rankText(found)).toBeUndefined();
  expect(rankText({ ...found, rank: 17 })).toBe('By its score it ranks 17 of 1,200 items that the list may hold.');
  expect(rankText({ ...found, rank: 3, place: 3 })).toBe('It ranks 3 of 1,200 items that the list may hold.');
  expect(rankText({ ...found, rank: 3, place: 5 })).toContain('the dials put it at place 5');
  expect(basisText(found)).toBeUndefined();
  expect(basisText({ ...found, basis: 'popular' })).toContain('most popular');
  expect(basisText({ ...found, basis: 'feedback' })).toContain('does not know this person');
});

const part = fc.double({ min: -2, max: 2, noNaN: true, noDefaultInfinity: true });
const reasons: fc.Arbitrary<Reasons> = fc.record({
  items: fc
    .array(fc.record({ neighbor: part, embedding: part }), { maxLength: 5 })
    .map((items) => items.map((one, at) => ({ id: `i${at}`, part: one.neighbor + one.embedding, ...one }))),
  others: part,
  embedding: part,
  bias: part,
});

test('bars of the parts are on one scale, within their room, and add up to the score', () => {
  fc.assert(
    fc.property(reasons, (given) => {
      const { zero, bars } = partBars(given);
      const score = given.items.reduce((sum, one) => sum + one.part, given.others + given.embedding + given.bias);
      expect(bars.reduce((sum, { value }) => sum + value, 0)).toBeCloseTo(score, 9);
      const widest = Math.max(0, ...bars.map(({ width }) => width));
      const largest = Math.max(0, ...bars.map(({ value }) => Math.abs(value)));
      for (const { value, from, width } of bars) {
        expect(from).toBeGreaterThanOrEqual(0);
        expect(from + width).toBeLessThanOrEqual(1 + 1e-9);
        expect(value < 0 ? from + width : from).toBeCloseTo(zero, 9);
        if (largest > 1e-6) expect(width / widest).toBeCloseTo(Math.abs(value) / largest, 6);
      }
    }),
  );
});

test('the line of a place names what raises its score, and nothing else', () => {
  const given = (...parts: [string, number][]): Reasons => ({
    items: parts.map(([title, value]) => ({ id: title, title, part: value, neighbor: 0, embedding: value })),
    ...{ others: 0, embedding: 0, bias: 0 },
  });
  expect(reasonText(given(['A', 0.2], ['B', 0.1], ['C', 0.05]), 'person')).toBe('because they have A and B');
  expect(reasonText(given(['A', 0.2], ['B', -0.1]), 'me')).toBe('because you like A');
  expect(reasonText(given(['A', -0.2]), 'me')).toBe('although nothing you like speaks for it');
});
