import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csrHas, csrRow } from '../../src/array/csr.ts';
import { row } from '../../src/array/matrix.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { type Model, trainedItems } from '../../src/model/model.ts';
import { NeighborTerm } from '../../src/neighbors/neighbors.ts';
import { ApproximateIndex } from '../../src/recommender/approximate-index.ts';
import type { Reasons } from '../../src/recommender/explanation.ts';
import type { RecommendOptions } from '../../src/recommender/recommendation.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { randomModel } from '../support/random-model.ts';
import { withTerm } from '../support/random-term.ts';

async function recommenderOf(model: Model) {
  const { users, items, config } = model;
  const plan = { users: users.rows, items: items.rows, dimension: items.columns, score: config.score };
  return Recommender.fromModel(model, await openReferenceEngine(plan));
}

const ITEMS = 16;
const everyItem = Array.from({ length: ITEMS }, (_, i) => `i${i}`);
/** Some ids of items, a few of them unknown. */
const someItems = fc.array(
  fc.integer({ min: 0, max: ITEMS + 3 }).map((i) => `i${i}`),
  { maxLength: 12 },
);
const shapes = fc
  .record({
    score: fc.constantFrom('cosine' as const, 'dot' as const),
    seed: fc.integer(),
    density: fc.constantFrom(0, 0.2, 0.5, 0.9),
    biased: fc.boolean(),
    validation: fc.boolean(),
    // Small whole numbers: scores tie.
    levels: fc.constantFrom(undefined, 2),
  })
  .chain((shape) =>
    fc.boolean().map((term) => {
      const model = randomModel({ ...shape, items: ITEMS, titles: true });
      return term ? withTerm(model) : model;
    }),
  );
const feedback = fc.array(
  fc.record({
    user: fc.constantFrom('u0', 'u1', 'new'),
    item: fc.integer({ min: 0, max: ITEMS + 3 }).map((i) => `i${i}`),
    hides: fc.constantFrom(undefined, true, false),
  }),
  { maxLength: 8 },
);
const options: fc.Arbitrary<RecommendOptions> = fc.record(
  {
    exclude: someItems,
    allow: someItems,
    includeSeen: fc.boolean(),
    discover: fc.constantFrom(0, 0.4),
    feedback,
  },
  { requiredKeys: [] },
);
/** Each person with the list of a function that ranks, and their explanations. */
const people = fc.oneof(
  fc.record({ user: fc.constantFrom('u0', 'u1', 'new') }),
  fc.record({ given: fc.uniqueArray(fc.constantFrom(...everyItem), { minLength: 1, maxLength: 4 }) }),
);

const sumOf = ({ items, others, embedding, bias }: Reasons) =>
  items.reduce((sum, { part }) => sum + part, 0) + others + embedding + bias;

describe('explain', () => {
  it('says that an item is absent exactly where the full list lacks it; its rank and its score are those of the list', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, people, options, fc.integer({ min: 1, max: 20 }), async (model, person, given, k) => {
        await using recommender = await recommenderOf(model);
        const request = { ...given, fallback: 'popular' as const };
        const ask = (o: RecommendOptions) =>
          'given' in person ? recommender.recommendFor(person.given, o) : recommender.recommend(person.user, o);
        const explain = (item: string) =>
          'given' in person
            ? recommender.explainFor(person.given, item, { ...request, k })
            : recommender.explain(person.user, item, { ...request, k });
        const full = ask({ ...request, k: ITEMS });
        for (const id of [...everyItem, 'i999']) {
          const at = full.findIndex((entry) => entry.id === id);
          const { rank, place, of, score, absent, title } = explain(id);
          const causes = absent?.map(({ cause }) => cause);
          expect(of).toBe(full.length);
          if (at < 0) {
            expect([rank, place]).toEqual([undefined, undefined]);
            expect(causes!.length).toBeGreaterThan(0);
            expect(causes).not.toContain('beyond-k');
          } else {
            expect(rank).toBe(at + 1);
            expect(place).toBe(at < k ? at + 1 : undefined);
            expect(causes).toEqual(at < k ? undefined : ['beyond-k']);
            expect(score).toBeCloseTo(full[at]!.score, 5);
            expect(title).toBe(full[at]!.title);
          }
          expect(score === undefined).toBe(id === 'i999');
        }
      }),
      { numRuns: 60 },
    );
  });

  it('names every cause of exclusion', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, options, async (model, given) => {
        await using recommender = await recommenderOf(model);
        const { exclude = [], allow, includeSeen, feedback: events = [] } = given;
        everyItem.forEach((id, item) => {
          const held = model.validation && csrHas(model.validation, 0, item);
          const expected: string[] = [];
          if (!includeSeen && csrHas(model.seen, 0, item)) expected.push(held ? 'validation' : 'training');
          const acted = events.some((e) => e.user === 'u0' && e.item === id && e.hides !== false);
          if (!includeSeen && acted) expected.push('feedback');
          if ([...exclude].includes(id)) expected.push('excluded');
          else if (allow && ![...allow].includes(id)) expected.push('not-allowed');
          const causes = recommender.explain('u0', id, given).absent?.map(({ cause }) => cause) ?? [];
          expect(causes.filter((cause) => cause !== 'beyond-k')).toEqual(expected);
        });
        expect(recommender.explain('u0', 'i999', given).absent).toEqual([{ cause: 'unknown' }]);
      }),
      { numRuns: 60 },
    );
  });

  it('gives the events behind feedback, and the item that a new person gave', async () => {
    await using recommender = await recommenderOf(randomModel({ items: ITEMS, density: 0 }));
    const events = [
      { user: 'u0', item: 'i3', kind: 'like', time: 5 },
      { user: 'u1', item: 'i3', kind: 'like', time: 6 },
      { user: 'u0', item: 'i3', time: 7 },
    ];
    expect(recommender.explain('u0', 'i3', { feedback: events }).absent).toEqual([
      {
        cause: 'feedback',
        events: [
          { kind: 'like', time: 5 },
          { kind: 'interaction', time: 7 },
        ],
      },
    ]);
    expect(recommender.explain('u2', 'i3', { feedback: events, k: ITEMS }).absent).toBeUndefined();
    expect(recommender.explainFor(['i4'], 'i4').absent).toEqual([{ cause: 'given' }]);
    expect(() => recommender.explain('nobody', 'i3')).toThrow(expect.objectContaining({ code: 'unknown-id' }));
    expect(recommender.explain('nobody', 'i3', { fallback: 'popular', k: ITEMS })).toMatchObject({
      basis: 'popular',
      rank: 4,
      place: 4,
      score: 0,
    });
    expect(
      recommender.explain('new', 'i3', { fallback: 'popular', feedback: [{ user: 'new', item: 'i5' }] }).basis,
    ).toBe('feedback');
  });

  it('tells diversity from the approximate index', async () => {
    const model = randomModel({ items: 200, dimension: 2, density: 0, seed: 3 });
    await using recommender = await recommenderOf(model);
    const k = 5;
    const plain = recommender.recommend('u0', { k }).map(({ id }) => id);
    const diverse = recommender.recommend('u0', { k, diversity: 0.9 }).map(({ id }) => id);
    const lost = plain.filter((id) => !diverse.includes(id));
    expect(lost.length).toBeGreaterThan(0);
    for (const id of lost) {
      expect(recommender.explain('u0', id, { k, diversity: 0.9 }).absent).toEqual([{ cause: 'diversity' }]);
    }
    const place = diverse.findIndex((id) => !plain.includes(id));
    expect(recommender.explain('u0', diverse[place]!, { k, diversity: 0.9 }).place).toBe(place + 1);

    // An index that never finds the best item.
    const best = Number(plain[0]!.slice(1));
    const others = BigUint64Array.from(
      Array.from({ length: 200 }, (_, i) => i).filter((i) => i !== best),
      BigInt,
    );
    const index = new ApproximateIndex({ search: () => ({ keys: others }) }, { score: 'cosine' });
    class Approximate extends Recommender {
      static async of() {
        const plan = { users: model.users.rows, items: 200, dimension: 2, score: 'cosine' as const };
        const engine = await openReferenceEngine(plan);
        engine.users.data.set(model.users.data);
        engine.items.data.set(model.items.data);
        return new Approximate(model, engine, undefined, index);
      }
    }
    await using approximate = await Approximate.of();
    expect(approximate.recommend('u0', { k }).map(({ id }) => id)).not.toContain(plain[0]);
    for (const diversity of [0, 0.9]) {
      expect(approximate.explain('u0', plain[0]!, { k, diversity })).toMatchObject({
        rank: 1,
        absent: [{ cause: 'index' }],
      });
    }
  });
});

describe('the parts of a score', () => {
  it('add up to the score; neighbour parts and bias are exact; the rest is shared by the cosines', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, people, options, fc.integer({ min: 0, max: 5 }), async (model, person, given, n) => {
        await using recommender = await recommenderOf(model);
        const request = { ...given, k: ITEMS, fallback: 'popular' as const };
        const ask = (o: RecommendOptions) =>
          'given' in person ? recommender.recommendFor(person.given, o) : recommender.recommend(person.user, o);
        const events = (given.feedback ?? []).filter((e) => 'user' in person && e.user === person.user);
        const user = 'user' in person && person.user !== 'new' ? Number(person.user.slice(1)) : undefined;
        const liked = new Set<number>('given' in person ? person.given.map((id) => everyItem.indexOf(id)) : []);
        if (user !== undefined) for (const i of csrRow(trainedItems(model), user)) liked.add(i);
        for (const { item, hides = true } of events) {
          const index = everyItem.indexOf(item);
          // A known user's feedback is part of the score where there is a neighbour term.
          if (index >= 0 && (user === undefined || (hides && model.neighbors))) liked.add(index);
        }
        const p = Int32Array.from(liked).sort();
        const term = model.neighbors && new NeighborTerm(model.neighbors);
        const popular = user === undefined && p.length === 0;
        for (const { score, because } of ask({ ...request, explain: n })) {
          if (popular || n === 0) {
            expect(because).toBeUndefined();
            continue;
          }
          expect(Math.abs(sumOf(because!) - score)).toBeLessThan(1e-6);
          expect(because!.items.length).toBeLessThanOrEqual(n);
          const parts = because!.items.map(({ part }) => part);
          expect(parts).toEqual([...parts].sort((a, b) => b - a));
        }
        if (popular) return;
        everyItem.forEach((id, item) => {
          const all =
            'given' in person
              ? recommender.explainFor(person.given, id, { ...request, explain: ITEMS })
              : recommender.explain(person.user, id, { ...request, explain: ITEMS });
          const { items, others, embedding, bias } = all.because!;
          expect(Math.abs(sumOf(all.because!) - all.score!)).toBeLessThan(1e-6);
          expect(others).toBe(0);
          expect(bias).toBe(model.itemBias?.[item] ?? 0);
          // A new person's term is weaker.
          const strength = user === undefined ? p.length / (p.length + 200) : 1;
          const neighbor = new Map(
            [...(term?.parts({ liked: p, strength }, item) ?? [])].map((part) => [everyItem[part.item], part.value]),
          );
          const shares = new Map(items.map((one) => [one.id, one]));
          for (const j of p) expect(shares.get(everyItem[j]!)?.neighbor ?? 0).toBe(neighbor.get(everyItem[j]!) ?? 0);
          // The shares are in proportion to the positive cosines.
          const cosine = (j: number) => {
            const [a, b] = [row(model.items, item), row(model.items, j)];
            const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, c) => sum + value * y[c]!, 0);
            return Math.max(0, dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b)));
          };
          const total = [...p].reduce((sum, j) => sum + cosine(j), 0);
          const whole = all.score! - bias - [...neighbor.values()].reduce((sum, value) => sum + value, 0);
          if (total === 0) expect(embedding).toBeCloseTo(whole, 9);
          else expect(embedding).toBe(0);
          for (const j of total > 0 ? p : [])
            expect(shares.get(everyItem[j]!)?.embedding ?? 0).toBeCloseTo((whole * cosine(j)) / total, 5);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('a list without explain is the same list, without its key', async () => {
    const model = withTerm(randomModel({ items: ITEMS, biased: true }));
    await using recommender = await recommenderOf(model);
    const plain = recommender.recommend('u0');
    const explained = recommender.recommend('u0', { explain: 2 });
    expect(explained.map(({ because: _because, ...rest }) => rest)).toEqual(plain);
    expect(plain.every((item) => !('because' in item))).toBe(true);
    expect(recommender.recommend('u0', { explain: 0 })).toEqual(plain);
    expect(() => recommender.recommend('u0', { explain: -1 })).toThrow(expect.objectContaining({ code: 'bad-option' }));
  });
});

describe('similar items by together', () => {
  it('is the row of S above 0, best first', async () => {
    await fc.assert(
      fc.asyncProperty(shapes, fc.integer({ min: 1, max: 6 }), async (made, k) => {
        const model = made.neighbors ? made : withTerm(made);
        await using recommender = await recommenderOf(model);
        const { votes } = model.neighbors!;
        everyItem.forEach((id, item) => {
          const expected: { item: number; score: number }[] = [];
          for (let j = 0; j < ITEMS; j++)
            for (let e = votes.offsets[j]!; e < votes.offsets[j + 1]!; e++)
              if (votes.indices[e] === item && votes.values![e]! > 0)
                expected.push({ item: j, score: votes.values![e]! });
          expected.sort((a, b) => b.score - a.score || a.item - b.item);
          const got = recommender.similarItems(id, { k, by: 'together' });
          expect(got.map(({ id: other, score }) => [other, score])).toEqual(
            expected.slice(0, k).map((one) => [everyItem[one.item], one.score]),
          );
        });
      }),
      { numRuns: 30 },
    );
  });

  it('needs a neighbour term', async () => {
    await using recommender = await recommenderOf(randomModel());
    expect(() => recommender.similarItems('i0', { by: 'together' })).toThrow(
      expect.objectContaining({ code: 'no-neighbors', message: expect.stringContaining('--neighbors') }),
    );
    expect(recommender.similarItems('i0', { by: 'embeddings' })).toEqual(recommender.similarItems('i0'));
  });
});
