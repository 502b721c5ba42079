import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Csr, csrFromEntries, csrRow } from '../../src/array/csr.ts';
import { row } from '../../src/array/matrix.ts';
import { randomStream, shuffle } from '../../src/array/random.ts';
import { IdMap } from '../../src/data/id-map.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { evaluateSync } from '../../src/evaluation/evaluator.ts';
import { embeddingRanker } from '../../src/evaluation/rankers.ts';
import { createModel, type Model, trainedItems } from '../../src/model/model.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { buildNeighbors } from '../../src/neighbors/build-neighbors.ts';
import { NeighborTerm } from '../../src/neighbors/neighbors.ts';
import { modelRanker } from '../../src/recommender/model-ranker.ts';
import { openRankingEngine } from '../../src/recommender/ranking-engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { scoreOf } from '../../src/recommender/vectors.ts';
import { parseTrainConfig, type TrainConfigInput } from '../../src/training/config.ts';
import type { TrainEvent } from '../../src/training/events.ts';
import { mergeInteractions } from '../../src/training/merge.ts';
import { NeighborTrials } from '../../src/training/neighbor-trials.ts';
import { trainedModel } from '../../src/training/trained-model.ts';
import type { TrainingData } from '../../src/training/training.ts';
import { runTraining } from '../../src/training/training-run.ts';
import { withoutUser } from '../../src/training/update/forget-user.ts';
import { updateModel } from '../../src/training/update/update-model.ts';
import { rejectionOf } from '../support/error-of.ts';
import { expectSameModel } from '../support/same-model.ts';

const folder = await mkdtemp(join(tmpdir(), 'taurec-neighbors-'));
afterAll(() => rm(folder, { recursive: true }));

const metric = 'ndcg@5';
const config = {
  engine: 'wasm',
  threads: 1,
  loss: { name: 'bsl', tau: 0.2 },
  learningRate: 0.02,
  dimension: 6,
  epochs: 4,
  batch: { rows: 30, negatives: 20 },
  validation: { metric, every: 2 },
} satisfies TrainConfigInput;

/** Series of three items: a person who has one of a series mostly has the others, which few dimensions cannot learn. */
function series(seed: number, users = 150, items = 90): TrainingData & { train: Csr; valid: Csr } {
  const random = randomStream(seed, 'series');
  const pairs = new Map<number, [number, number]>();
  for (let u = 0; u < users; u++) {
    for (let s = 0; s < 6; s++) {
      const first = 3 * random.integer(items / 3);
      for (let i = first; i < first + 3; i++) if (random.real() < 0.9) pairs.set(u * items + i, [u, i]);
    }
  }
  const all = shuffle([...pairs.values()] as never, random) as unknown as [number, number][];
  const held = Math.floor(all.length / 4);
  const csr = (part: [number, number][]) =>
    csrFromEntries(users, items, part.map(([u]) => u), part.map(([, i]) => i)); // biome-ignore format: one call
  return { train: csr(all.slice(held)), valid: csr(all.slice(0, held)) };
}

async function run(
  data: TrainingData,
  given: TrainConfigInput = {},
  options: { folder?: string; resume?: boolean; stopAfter?: number } = {},
) {
  const events: TrainEvent[] = [];
  const result = await runTraining(data, parseTrainConfig({ ...config, ...given }), {
    onEvent: (event) => void events.push(event),
    aborted: () => events.filter(({ type }) => type === 'checkpoint').length >= (options.stopAfter ?? Infinity),
    checkpointDirectory: options.folder,
    resume: options.resume,
  });
  return { ...result, events };
}

const data = series(1);
const dataset = syntheticDataset({ users: 80, items: 50, interactions: 1500, validRatio: 0.1, seed: 3 });

describe('the choice after training', () => {
  it.each<[string, TrainConfigInput]>([
    ['cosine', {}],
    ['inner products', { loss: 'bce' }],
    ['a graph backbone', { backbone: 'lightgcn' }],
    ['a prior chosen with it', { popularityPrior: 'auto' }],
    ['a refit', { refit: true }],
    [
      'patience before the last epoch',
      { epochs: 12, learningRate: 0.1, validation: { metric, every: 1, patience: 2 } },
    ],
  ])('its metric is that of a full ranking with the term, and above that without: %s', async (_, given) => {
    const result = await run(data, given);
    const { settings, valid } = result.neighborChoice!;
    expect(settings).toBeDefined();
    expect(valid!.with[metric]).toBeGreaterThan(valid!.without[metric]!);
    expect(result.valid).toEqual(valid!.with);
    // the same again from the parts, with the embeddings of a run that stops at the chosen epoch
    const chosen = given.refit ? await run(data, { ...given, refit: false }) : result;
    const model = trainedModel({ ...dataset, ...data, users: ids(150), items: ids(90) } as never, chosen);
    const engine = await openRankingEngine(model, { engine: 'wasm', threads: 1 });
    const term = new NeighborTerm(buildNeighbors(data.train, settings!, 1));
    const ranker = embeddingRanker(engine, chosen.itemBias, { term, liked: data.train });
    const measured = evaluateSync(ranker, { train: data.train, test: data.valid, protocol: 'clean', ks: [5] });
    expect(measured.metrics[metric]).toBeCloseTo(valid!.with[metric]!, 6);
    await engine.close();
    const trained = given.refit ? mergeInteractions(data.train, data.valid) : data.train;
    expect(result.neighbors).toEqual(buildNeighbors(trained, settings!, 1));
  });

  it('off: the embeddings are the same, and there is no term', async () => {
    const off = await run(data, { neighbors: 'off' });
    expectSameModel(off, await run(data));
    expect(off).not.toHaveProperty('neighbors');
    expect(off).not.toHaveProperty('neighborChoice');
    expect(off.events.some(({ type }) => type === 'neighbors')).toBe(false);
  });

  it('a number fixes K alone', async () => {
    const { neighbors, neighborChoice } = await run(data, { neighbors: 7 });
    expect(neighbors!.size).toBe(7);
    expect(new Set(neighborChoice!.trials.map(({ size }) => size))).toEqual(new Set([7]));
    expect(new Set(neighborChoice!.trials.map(({ kind }) => kind))).toEqual(new Set(['ridge', 'cosine']));
    for (const neighbors of [0, 201, 2.5, 'on'])
      expect(() => parseTrainConfig({ neighbors } as never)).toThrow(
        /neighbors: got .*'auto', 'off' or a whole number/,
      );
  });

  it('without a validation part the settings are fixed', async () => {
    const { neighbors, neighborChoice } = await run({ train: data.train }, { neighbors: 30 });
    expect(neighborChoice).toMatchObject({ trials: [], settings: { kind: 'ridge', size: 30 } });
    expect(neighborChoice!.valid).toBeUndefined();
    expect(neighbors!.beta).toBeGreaterThan(0);
  });

  it('the same bytes for any number of threads, and after a stop', async () => {
    const one = await run(data, { threads: 1 });
    const two = await run(data, { threads: 2 });
    expect(two.neighbors).toEqual(one.neighbors);
    for (const refit of [false, true]) {
      const at = join(folder, `stopped-${refit}`);
      const given = { refit, checkpointEvery: 1 };
      const straight = await run(data, given);
      expect((await rejectionOf(run(data, given, { folder: at, stopAfter: 2 }))).code).toBe('aborted');
      const resumed = await run(data, given, { folder: at, resume: true });
      expectSameModel(resumed, straight);
      expect(resumed.neighbors).toEqual(straight.neighbors);
      // a run that was over
      const again = await run(data, given, { folder: at, resume: true });
      expect(again.neighbors).toEqual(straight.neighbors);
      expect(again.valid).toEqual(straight.valid);
    }
  });

  it('no term on data whose users are shuffled, for three seeds', async () => {
    for (const seed of [1, 2, 3]) {
      const { train, valid } = series(seed);
      const items = [...train.indices, ...valid.indices];
      const users = [train, valid].flatMap((m) =>
        Array.from({ length: m.rows }, (_, u) => [...csrRow(m, u)].map(() => u)).flat(),
      );
      shuffle(users, randomStream(seed, 'shuffled'));
      const part = (from: number, to: number) => csrFromEntries(150, 90, users.slice(from, to), items.slice(from, to));
      const at = train.indices.length;
      const { neighborChoice } = await run({ train: part(0, at), valid: part(at, items.length) }, { seed });
      expect(neighborChoice!.settings).toBeUndefined();
      expect(neighborChoice!.valid!.with).toEqual(neighborChoice!.valid!.without);
    }
  });

  it('aim discovery: the lists become no more popular than allowed', async () => {
    const { neighborChoice } = await run(data, { aim: 'discovery' });
    const { with: chosen, without } = neighborChoice!.valid!;
    expect(chosen['popularity@5']).toBeLessThanOrEqual(1.05 * without['popularity@5']!);
  });
});

const ids = (count: number) => IdMap.fromIds(Array.from({ length: count }, (_, i) => `${i}`));

describe('trial lists', () => {
  it('are the full rankings with the term, for weights of both signs', async () => {
    const result = await run(data, { neighbors: 'off' });
    const model = trainedModel({ ...dataset, ...data, users: ids(150), items: ids(90) } as never, result);
    const engine = await openRankingEngine(model, { engine: 'wasm', threads: 1 });
    const itemBias = Float32Array.from({ length: 90 }, (_, i) => (i % 7) / 50);
    const trials = new NeighborTrials(engine, 'cosine', data.train, 20, itemBias);
    for (const ridge of [undefined, 0.5]) {
      const kind = ridge === undefined ? 'cosine' : 'ridge';
      const { votes } = buildNeighbors(
        data.train,
        { kind, size: 20, exponent: 0.5, shrink: 0, beta: 1, ...(ridge && { ridge }) },
        1,
      );
      if (ridge) expect(votes.values!.some((value) => value < 0)).toBe(true);
      const rankerOf = trials.rankers(votes);
      for (const beta of [0.1, 3]) {
        const options = { train: data.train, test: data.valid, protocol: 'clean', ks: [20], blockSize: 64 } as const;
        const term = new NeighborTerm({ votes, beta });
        const full = evaluateSync(embeddingRanker(engine, itemBias, { term, liked: data.train }), options);
        const quick = evaluateSync(rankerOf(beta), options);
        for (const [name, value] of Object.entries(full.metrics)) expect(quick.metrics[name]).toBeCloseTo(value, 5);
      }
    }
    await engine.close();
  });
});

describe('a model with a term', () => {
  const made = run(data).then((result) =>
    trainedModel({ ...dataset, ...data, users: ids(150), items: ids(90) } as never, result),
  );

  /** The score of every item by the definition, in double precision apart from the parts that a model keeps. */
  const scoresOf = (model: Model, embedding: Float32Array, liked: Int32Array, strength = 1) => {
    const term = new NeighborTerm(model.neighbors!);
    return Array.from({ length: model.items.rows }, (_, i) =>
      Math.fround(
        Math.fround(scoreOf(model.config.score, embedding, row(model.items, i)) + (model.itemBias?.[i] ?? 0)) +
          term.of({ liked, strength }, i),
      ),
    );
  };

  it('ranks by the summed scores: lists, allow-lists, dials, new people', async () => {
    const model = await made;
    const engine = await openRankingEngine(model, { engine: 'reference' });
    const recommender = Recommender.fromModel(model, engine);
    for (const u of [0, 3, 77]) {
      const liked = csrRow(trainedItems(model), u);
      const scores = scoresOf(model, row(model.users, u), liked);
      const seen = new Set(csrRow(model.seen, u));
      const expected = scores
        .map((score, i) => ({ score, i }))
        .filter(({ i }) => !seen.has(i))
        .sort((a, b) => b.score - a.score || a.i - b.i);
      const list = recommender.recommend(model.userIds.idOf(u), { k: 20 });
      expect(list.map(({ id }) => id)).toEqual(expected.slice(0, 20).map(({ i }) => model.itemIds.idOf(i)));
      list.forEach(({ score }, at) => {
        expect(score).toBeCloseTo(expected[at]!.score, 5);
      });
      const few = expected.filter(({ i }) => i % 7 === 0);
      const allow = few.map(({ i }) => model.itemIds.idOf(i));
      const allowed = recommender.recommend(model.userIds.idOf(u), { k: 5, allow });
      expect(allowed.map(({ id }) => id)).toEqual(allow.slice(0, 5));
      const some = expected.slice(0, 3).map(({ i }) => model.itemIds.idOf(i));
      expect(recommender.score(model.userIds.idOf(u), some)).toEqual(
        expected.slice(0, 3).map(({ score }) => expect.closeTo(score, 5)),
      );
      // a new person who gives the same items has the same term, weaker
      const items = [...liked].map((i) => model.itemIds.idOf(i));
      const embedding = recommender.foldIn(items);
      const folded = scoresOf(model, embedding, liked, liked.length / (liked.length + 200));
      const best = recommender.recommendFor(items, { k: 1 })[0]!;
      const top = folded
        .map((score, i) => ({ score, i }))
        .filter(({ i }) => !liked.includes(i))
        .sort((a, b) => b.score - a.score || a.i - b.i)[0]!;
      expect(best).toMatchObject({ id: model.itemIds.idOf(top.i), score: expect.closeTo(top.score, 5) });
    }
    await recommender.close();
  });

  it('β = 0 changes nothing, and an item without a shared user keeps its score', async () => {
    const model = await made;
    const { neighbors: _, popularity: _p, ...plain } = model;
    const none = createModel({ ...plain, neighbors: { ...model.neighbors!, beta: 0 } });
    const engines = await Promise.all(
      [plain, none, model].map((of) => openRankingEngine(of as Model, { engine: 'wasm', threads: 1 })),
    );
    const [without, zero, all] = [createModel(plain), none, model].map((of, at) =>
      Recommender.fromModel(of, engines[at]!),
    );
    const shared = new NeighborTerm(model.neighbors!);
    for (const u of [0, 9, 149]) {
      const user = model.userIds.idOf(u);
      expect(zero!.recommend(user, { k: 90 })).toEqual(without!.recommend(user, { k: 90 }));
      const touched = new Set(shared.rows([{ liked: csrRow(trainedItems(model), u) }]).indices);
      const others = Array.from({ length: 90 }, (_, i) => i)
        .filter((i) => !touched.has(i))
        .map((i) => model.itemIds.idOf(i));
      expect(all!.score(user, others)).toEqual(without!.score(user, others));
    }
    for (const engine of engines) await engine.close();
  });

  it('is kept by its folder, as version 2; one without stays version 1', async () => {
    const model = await made;
    const at = join(folder, 'model');
    await saveModel(at, model);
    const opened = await openModel(at);
    expect(opened.neighbors).toEqual(model.neighbors);
    expect(JSON.parse(await readFile(join(at, 'config.json'), 'utf8'))).toMatchObject({
      version: 2,
      neighbors: { kind: model.neighbors!.kind, size: model.neighbors!.size, beta: model.neighbors!.beta },
      chosen: { by: metric, withoutNeighbors: expect.any(Number) },
      files: { 'neighbors.safetensors': {} },
    });
    const { neighbors: _, ...plain } = model;
    await saveModel(at, plain);
    expect(JSON.parse(await readFile(join(at, 'config.json'), 'utf8'))).toMatchObject({ version: 1 });
    expect((await openModel(at)).neighbors).toBeUndefined();
    await expect(readFile(join(at, 'neighbors.safetensors'))).rejects.toThrow(/ENOENT/);
  });

  it.each<[string, (of: NonNullable<Model['neighbors']>) => object, RegExp]>([
    [
      'weights that are not finite',
      ({ votes }) => ({ votes: { ...votes, values: votes.values!.map(() => NaN) } }),
      /entry 0: NaN/,
    ],
    [
      'an item beyond the last',
      ({ votes }) => ({ votes: { ...votes, indices: votes.indices.map(() => 90) } }),
      /entry 0 is 90/,
    ],
    ['an infinite β', () => ({ beta: Infinity }), /beta: Infinity/],
    ['another size', ({ votes }) => ({ votes: { ...votes, rows: 3 } }), /3 × 90/],
  ])('refuses %s', async (_, change, message) => {
    const model = await made;
    const { popularity: _p, ...parts } = model;
    expect(() =>
      createModel({ ...parts, neighbors: { ...model.neighbors!, ...change(model.neighbors!) } as never }),
    ).toThrow(message);
  });

  it('an update and a removal bring S up to date', async () => {
    const model = trainedModel(dataset, await run(dataset));
    const neighbors = buildNeighbors(
      trainedItems(model),
      { kind: 'ridge', size: 10, exponent: 0.25, shrink: 0, ridge: 5, beta: 0.5 },
      1,
    );
    const { popularity: _, ...parts } = model;
    const withTerm = createModel({ ...parts, neighbors });
    const log = {
      ...syntheticDataset({ users: 30, items: 55, interactions: 300, seed: 8 }),
    };
    const interactions = {
      users: Uint32Array.from(log.train.indices, (_, e) => rowOf(log.train, e)),
      items: Uint32Array.from(log.train.indices),
      userIds: log.users,
      itemIds: log.items,
      source: 'new',
      sha256: '00',
    };
    const { model: updated } = await updateModel(withTerm, interactions as never, { epochs: 1, threads: 1 });
    expect(updated.neighbors).toEqual(buildNeighbors(trainedItems(updated), neighbors, updated.config.seed));
    expect(updated.neighbors!.votes.rows).toBe(updated.items.rows);
    const smaller = withoutUser(updated, 2);
    expect(smaller.neighbors).toEqual(buildNeighbors(trainedItems(smaller), neighbors, updated.config.seed));
  });

  it('modelRanker evaluates what the lists are', async () => {
    const model = await made;
    const engine = await openRankingEngine(model, { engine: 'wasm', threads: 1 });
    const recommender = Recommender.fromModel(model, engine);
    const trained = trainedItems(model);
    const { items } = modelRanker(model, engine).rankUsers(Int32Array.of(4), 10, {
      ...trained,
      rows: 1,
      offsets: trained.offsets.subarray(4, 6).map((o) => o - trained.offsets[4]!),
      indices: csrRow(trained, 4),
    });
    const list = recommender
      .recommend(model.userIds.idOf(4), { k: 90, includeSeen: true })
      .map(({ id }) => model.itemIds.indexOf(id));
    const own = new Set(csrRow(trained, 4));
    expect([...items]).toEqual(list.filter((i) => !own.has(i)).slice(0, 10));
    await recommender.close();
  });
});

const rowOf = (m: Csr, entry: number) => m.offsets.findIndex((offset) => offset > entry) - 1;
