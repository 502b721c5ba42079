import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { row } from '../../src/array/matrix.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { createModel, type Model } from '../../src/model/model.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import {
  ApproximateIndex,
  IndexVectors,
  indexDimensions,
  type VectorIndex,
} from '../../src/recommender/approximate-index.ts';
import { buildIndex, indexRecall, loadUsearch, openIndex } from '../../src/recommender/index-file.ts';
import { ItemRanker } from '../../src/recommender/item-ranker.ts';
import { loadEmbeddings } from '../../src/recommender/ranking-engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { biasedScore, scoreOf } from '../../src/recommender/vectors.ts';
import { draws } from '../support/property-seed.ts';
import { randomModel } from '../support/random-model.ts';

const indexedOf = ({ config, itemBias }: Model) => ({ score: config.score, itemBias });

/** Inner products of a query with every vector, all of them looked at; counts the searches. */
function bruteForceIndex(model: Model, most = Infinity) {
  const vectors = new IndexVectors(model.items, indexedOf(model));
  const all = vectors.of(0, model.items.rows);
  const searches: { count: number }[] = [];
  const index: VectorIndex = {
    search(query, count) {
      searches.push({ count });
      const products = Array.from({ length: model.items.rows }, (_, i) =>
        query.reduce((sum, x, c) => sum + x * all[i * vectors.dimensions + c]!, 0),
      );
      const order = [...products.keys()].sort((a, b) => products[b]! - products[a]!);
      return { keys: BigUint64Array.from(order.slice(0, Math.min(count, most)), BigInt) };
    },
  };
  return { index: new ApproximateIndex(index, indexedOf(model)), searches };
}

async function engineOf(model: Model) {
  const { users, items, config } = model;
  const engine = await openReferenceEngine({
    users: users.rows,
    items: items.rows,
    dimension: items.columns,
    score: config.score,
  });
  loadEmbeddings(model, engine);
  return engine;
}

const rankersOf = async (model: Model, most?: number) => {
  const engine = await engineOf(model);
  const facts = { ...indexedOf(model), popularity: model.popularity };
  const { index, searches } = bruteForceIndex(model, most);
  return { exact: new ItemRanker(engine, facts), indexed: new ItemRanker(engine, facts, index), searches, engine };
};

const kinds = fc.record({
  score: fc.constantFrom('cosine' as const, 'dot' as const),
  biased: fc.boolean(),
  seed: fc.integer(),
});
const none = new Int32Array(0);
const plain = { k: 5, filter: { excluded: none }, diversity: 0, discover: 0 };
const queryOf = (model: Model, user: number, seen: Int32Array = none) => ({ embedding: row(model.users, user), seen });

describe('indexed vectors', () => {
  it('have inner products in the order of the scores', () => {
    fc.assert(
      fc.property(kinds, (shape) => {
        const model = randomModel({ items: 20, dimension: 5, ...shape });
        const vectors = new IndexVectors(model.items, indexedOf(model));
        expect(vectors.dimensions).toBe(indexDimensions(indexedOf(model), 5));
        const all = vectors.of(0, 20);
        expect(vectors.of(7, 9)).toEqual(all.slice(7 * vectors.dimensions, 9 * vectors.dimensions));
        const scores = Array.from({ length: 20 }, (_, i) => {
          const score = scoreOf(shape.score, row(model.users, 0), row(model.items, i));
          return biasedScore(score, model.itemBias?.[i]);
        });
        let query: Float32Array | undefined;
        const spy: VectorIndex = {
          search(vector) {
            query = vector;
            return { keys: new BigUint64Array(0) };
          },
        };
        new ApproximateIndex(spy, indexedOf(model)).best({ items: model.items } as never, queryOf(model, 0), 1, {
          excluded: none,
        });
        const products = scores.map((_, i) =>
          query!.reduce((sum, x, c) => sum + x * all[i * vectors.dimensions + c]!, 0),
        );
        // proportional to the scores, whatever the lengths
        const top = scores.indexOf(Math.max(...scores.map(Math.abs)));
        const at = top >= 0 ? top : scores.indexOf(-Math.max(...scores.map(Math.abs)));
        const factor = products[at]! / scores[at]!;
        expect(factor).toBeGreaterThan(0);
        scores.forEach((score, i) => {
          expect(products[i]).toBeCloseTo(score * factor, 4);
        });
      }),
    );
  });
});

describe('an index that misses nothing', () => {
  it('gives the exact lists, seen and excluded items left out', async () => {
    await fc.assert(
      fc.asyncProperty(kinds, fc.integer({ min: 1, max: 40 }), fc.boolean(), async (shape, k, diverse) => {
        const model = randomModel({ items: 40, users: 3, ...shape });
        const { exact, indexed, searches } = await rankersOf(model);
        const queries = [queryOf(model, 0, Int32Array.of(1, 2, 8, 30)), queryOf(model, 2)];
        const request = { ...plain, k, filter: { excluded: Int32Array.of(0, 2, 9) }, diversity: diverse ? 0.4 : 0 };
        const [expected, got] = [exact.rank(queries, request), indexed.rank(queries, request)];
        expect(got.map((list) => list.map(({ item }) => item))).toEqual(
          expected.map((list) => list.map(({ item }) => item)),
        );
        got.flat().forEach(({ score }, i) => {
          expect(score).toBeCloseTo(expected.flat()[i]!.score, 5);
        });
        expect(searches).toHaveLength(2);
      }),
      draws(60),
    );
  });
});

describe('ranks exactly, without a look at the index,', () => {
  const model = randomModel({ items: 1500, users: 2, dimension: 4 });
  const cases: [
    string,
    Partial<typeof plain & { filter: { excluded: Int32Array; allowed?: Int32Array } }>,
    Int32Array,
  ][] = [
    ['with an allow-list', { filter: { excluded: none, allowed: Int32Array.of(3, 5, 900) } }, none],
    ['with discover', { discover: 0.3 }, none],
    ['beyond 1000 with k', { k: 1001 }, none],
    ['beyond 1000 with what was seen', {}, Int32Array.from({ length: 996 }, (_, i) => i)],
    [
      'beyond 1000 with what is excluded',
      { filter: { excluded: Int32Array.from({ length: 996 }, (_, i) => i) } },
      none,
    ],
    ['beyond 1000 with the candidates of diversity', { k: 199, diversity: 0.2 }, Int32Array.of(1, 2, 3, 4, 5, 6)],
  ];
  it.each(cases)('%s', async (_, request, seen) => {
    const { exact, indexed, searches } = await rankersOf(model);
    const queries = [queryOf(model, 1, seen)];
    expect(indexed.rank(queries, { ...plain, ...request })).toEqual(exact.rank(queries, { ...plain, ...request }));
    expect(searches).toHaveLength(0);
  });

  it('and up to 1000 by the index', async () => {
    const { indexed, searches } = await rankersOf(model);
    indexed.rank([queryOf(model, 1)], { ...plain, k: 1000 });
    indexed.rank(
      [
        queryOf(
          model,
          1,
          Int32Array.from({ length: 995 }, (_, i) => i),
        ),
      ],
      plain,
    );
    expect(searches).toEqual([{ count: 1000 }, { count: 1000 }]);
  });

  it('or after it, where it found too few', async () => {
    const { exact, indexed, searches } = await rankersOf(model, 6);
    const queries = [
      queryOf(model, 0),
      queryOf(
        model,
        1,
        Int32Array.from({ length: 500 }, (_, i) => i),
      ),
    ];
    const got = indexed.rank(queries, plain);
    expect(searches).toHaveLength(2);
    expect(got[1]).toEqual(exact.rank(queries, plain)[1]);
    expect(got[0]).toHaveLength(5);
  });
});

describe('kept beside the model', () => {
  let folder: string;
  let model: Model;
  const at = () => join(folder, 'model');
  const indexes = async () => (await readdir(at())).filter((name) => name.endsWith('.usearch'));
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'taurec-index-'));
    model = randomModel({ items: 3000, users: 60, dimension: 8, density: 0.01 });
    await saveModel(at(), model);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('opening asks for it, and says how to build it', async () => {
    await expect(Recommender.open(at(), { index: 'approximate' })).rejects.toThrow(
      /model: it has no approximate index\. Build it: taurec index .*model/,
    );
    await expect(Recommender.open(at(), { index: 'near' as never })).rejects.toThrow(
      /Unknown index "near"; known: exact, approximate/,
    );
  });

  it('is built once, with progress, and opened by content', async () => {
    const seen: [number, number][] = [];
    const first = await buildIndex(at(), { threads: 1, onProgress: (...progress) => seen.push(progress) });
    expect(first).toMatchObject({ items: 3000, built: true });
    expect(seen).toEqual([
      [2000, 3000],
      [3000, 3000],
    ]);
    expect(await buildIndex(at())).toEqual({ ...first, built: false });
    const recommender = await Recommender.open(at(), { index: 'approximate', threads: 1 });
    const exact = await Recommender.open(at(), { threads: 1 });
    const ids = [...model.userIds];
    const [got, expected] = [recommender.recommend(ids), exact.recommend(ids)];
    const same = got.map((list, u) => list.filter(({ id }) => expected[u]!.some((item) => item.id === id)).length);
    expect(same.reduce((a, b) => a + b)).toBeGreaterThan(0.98 * 10 * ids.length);
    got.flat().forEach(({ id, score }, i) => {
      expect(score).toBeCloseTo(recommender.score(ids[Math.floor(i / 10)]!, [id])[0]!, 5);
    });
    const liked = got[0]!.slice(0, 3).map(({ id }) => id);
    expect(recommender.recommendFor(liked)).toHaveLength(10);
    await Promise.all([recommender.close(), exact.close()]);
  });

  it('one thread builds the same file again', async () => {
    const { file } = await buildIndex(at(), { threads: 1 });
    const before = await readFile(file);
    await rm(file);
    await buildIndex(at(), { threads: 1 });
    expect((await readFile(file)).equals(before)).toBe(true);
  });

  it('a stopped build leaves nothing', async () => {
    const [name] = await indexes();
    await rm(join(at(), name!));
    const controller = new AbortController();
    const stopped = buildIndex(at(), { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(stopped).rejects.toThrow(/Stopped on request/);
    expect((await readdir(at())).filter((entry) => entry.includes('usearch'))).toEqual([]);
    await buildIndex(at());
  });

  it('goes when the model is replaced; one of other embeddings is not taken', async () => {
    const [name] = await indexes();
    await writeFile(join(at(), 'mine.txt'), 'stays');
    const other = createModel({ ...model, itemBias: new Float32Array(3000).fill(0.1) });
    await saveModel(at(), other);
    expect(await indexes()).toEqual([]);
    await access(join(at(), 'mine.txt'));
    await writeFile(join(at(), name!), 'an index that somebody copied here');
    await expect(Recommender.open(at(), { index: 'approximate' })).rejects.toThrow(
      /index was built from other embeddings/,
    );
    const { file } = await buildIndex(at());
    expect(await indexes()).toEqual([file.slice(at().length + 1)]);
    expect(file).not.toContain(name!);
  });

  it('a damaged one is named', async () => {
    // With one thread an index is the same each time it is built; one that is there may be of several.
    for (const name of await indexes()) await rm(join(at(), name));
    const { file, bytes } = await buildIndex(at(), { threads: 1 });
    const whole = await readFile(file);
    expect(bytes).toBe(whole.length);
    const damaged = [Buffer.alloc(0), Buffer.from('not an index'), whole.subarray(0, -1), whole.subarray(0, 5000)];
    for (const content of [...damaged, Buffer.concat([whole, Buffer.alloc(8)])]) {
      await rm(file);
      await writeFile(file, content);
      await expect(Recommender.open(at(), { index: 'approximate' })).rejects.toThrow(
        /index index-[0-9a-f]{16}\.usearch is damaged\. Build it: taurec index/,
      );
    }
    expect(await buildIndex(at(), { threads: 1 })).toEqual({ file, bytes, items: 3000, built: true });
    await (await Recommender.open(at(), { index: 'approximate' })).close();
  });

  describe.runIf(process.platform === 'linux')('that another installation built', () => {
    const before = process.env.XDG_CONFIG_HOME;
    const installed = (name: string) => {
      process.env.XDG_CONFIG_HOME = join(folder, name);
    };
    afterEach(() => {
      if (before === undefined) delete process.env.XDG_CONFIG_HOME;
      else process.env.XDG_CONFIG_HOME = before;
    });
    const noticed = async (trustIndex?: boolean) => {
      const notices: string[] = [];
      const opened = await Recommender.open(at(), {
        index: 'approximate',
        threads: 1,
        trustIndex,
        onNotice: (notice) => notices.push(notice),
      });
      const list = opened.recommend('u1');
      await opened.close();
      return { notices, list };
    };

    it('is built again in memory, or opened as it is by trustIndex', async () => {
      for (const name of await indexes()) await rm(join(at(), name));
      installed('there');
      const { file } = await buildIndex(at(), { threads: 1 });
      const theirs = await readFile(file);
      expect((await noticed()).notices).toEqual([]);
      installed('here');
      const { notices, list } = await noticed();
      expect(notices.join()).toMatch(
        /another installation built this index.*Build it here: taurec index.*--trust-index/,
      );
      expect((await noticed(true)).notices).toEqual([]);
      expect((await noticed(true)).list).toEqual(list);
      expect((await readFile(file)).equals(theirs)).toBe(true);
      // Of another name, another content or another key, the mark does not hold.
      expect(await buildIndex(at(), { threads: 1 })).toMatchObject({ built: true });
      expect(await buildIndex(at(), { threads: 1 })).toMatchObject({ built: false });
      expect((await noticed()).notices).toEqual([]);
      installed('there');
      expect((await noticed()).notices).toHaveLength(1);
    });

    it('a flipped bit in it is an error, trusted or not', async () => {
      const { file } = await buildIndex(at(), { threads: 1 });
      const whole = await readFile(file);
      // Content, digest, mark, seal, text and size.
      for (const fromEnd of [1, 9, 20, 60, 100, 113, whole.length >> 1, whole.length]) {
        const flipped = Buffer.from(whole);
        flipped[whole.length - fromEnd]! ^= 16;
        await writeFile(file, flipped);
        for (const trust of [false, true]) await expect(noticed(trust)).rejects.toThrow(/usearch is damaged/);
      }
      await writeFile(file, whole);
    });

    it('of an earlier version, without a digest, is built again', async () => {
      const { file } = await buildIndex(at(), { threads: 1 });
      const content = (await readFile(file)).subarray(0, -112);
      const end = Buffer.alloc(16, 'taurec-i');
      end.writeBigUInt64LE(BigInt(content.length), 8);
      await writeFile(file, Buffer.concat([content, end]));
      expect((await noticed()).notices).toHaveLength(1);
      expect((await noticed(true)).notices).toHaveLength(0);
      await rm(file);
    });
  });

  it.each(['cosine', 'dot'] as const)('finds nearly all with biases: %s', async (score) => {
    const biased = randomModel({ items: 3000, users: 40, dimension: 8, density: 0.01, biased: true, score });
    await saveModel(at(), biased);
    await buildIndex(at(), { threads: 1 });
    const opened = await openModel(at());
    const engine = await engineOf(opened);
    const recall = indexRecall(opened, engine, await openIndex(at(), opened), { k: 20, users: 25 });
    expect(recall).toMatchObject({ k: 20, users: 25 });
    expect(recall.recall).toBeGreaterThan(0.97);
    expect(recall.recall).toBeLessThanOrEqual(1);
  });

  it('recall is counted, not supposed', async () => {
    const small = randomModel({ items: 60, users: 10, density: 0.1 });
    const empty: VectorIndex = {
      // the worst items first, all of them found
      search: (_, count) => ({ keys: BigUint64Array.from({ length: Math.min(count, 10) }, (_x, i) => BigInt(i)) }),
    };
    const engine = await engineOf(small);
    const { recall } = indexRecall(small, engine, new ApproximateIndex(empty, indexedOf(small)), { k: 3 });
    expect(recall).toBeLessThan(0.6);
    expect(indexRecall(small, engine, bruteForceIndex(small).index, { k: 3 }).recall).toBe(1);
  });
});

describe('without the package', () => {
  it('says how to install it', async () => {
    const absent = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    await expect(loadUsearch(() => Promise.reject(absent))).rejects.toThrow(
      /approximate index needs the package usearch, which is not installed\. npm install usearch/,
    );
    await expect(loadUsearch(() => Promise.reject(new Error('No native build was found')))).rejects.toThrow(
      /usearch, which cannot be loaded: No native build was found/,
    );
  });
});
