import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { csrHas, csrRow } from '../../src/array/csr.ts';
import type { Dataset } from '../../src/data/build-dataset.ts';
import { IdMap } from '../../src/data/id-map.ts';
import { type Model, trainedItems } from '../../src/model/model.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { popularityBias } from '../../src/recommender/popularity-prior.ts';
import { openRankingEngine } from '../../src/recommender/ranking-engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import type { TrainConfigInput } from '../../src/training/config.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { trainedModel } from '../../src/training/trained-model.ts';
import { newInteractions } from '../../src/training/update/new-rows.ts';
import { updateModel } from '../../src/training/update/update-model.ts';
import { rejectionOf } from '../support/error-of.ts';
import { newLog } from '../support/new-log.ts';
import { randomModel } from '../support/random-model.ts';
import { expectSameModel } from '../support/same-model.ts';
import { checkerboard, smallConfig } from '../support/training-case.ts';

const users = 24;
const items = 20;
const board = checkerboard(users, items);
const ids = (letter: string, size: number) => IdMap.fromIds(Array.from({ length: size }, (_, i) => `${letter}${i}`));
const dataset: Dataset = {
  train: board.train,
  valid: board.valid,
  users: ids('u', users),
  items: ids('i', items),
  sha256: '00',
  source: 'board',
  titles: Array.from({ length: items }, (_, i) => `Title ${i}`),
};
const ownBackbone = {
  module: fileURLToPath(new URL('modules/own-backbone.mjs', import.meta.url)),
  export: 'OwnBackbone',
};
const config = { ...smallConfig, threads: 1, epochs: 30, validation: { metric: 'ndcg@3', every: 30 } } as const;

async function trained(part: TrainConfigInput = {}, data: Dataset = dataset): Promise<Model> {
  const result = await trainEmbeddings(data, { ...config, ...part }, { keepState: true });
  return trainedModel(data, result);
}

/** A new even user with all even items but the withheld one, and a new item that some even users like. */
const withheld = 6;
const even = Array.from({ length: items / 2 }, (_, i) => 2 * i);
const fresh = newLog([
  ...even.filter((i) => i !== withheld).map((i) => ['new-user', `i${i}`] as const),
  ...[0, 2, 4, 6].map((u) => [`u${u}`, 'new-item'] as const),
]);
const options = { threads: 1, engine: 'reference', epochs: 8 } as const;

let model: Model;
beforeAll(async () => {
  model = await trained();
});

async function lists(of: Model, user: string, k = 3): Promise<string[]> {
  const recommender = Recommender.fromModel(of, await openRankingEngine(of, { threads: 1 }));
  const found = recommender.recommend(user, { k }).map(({ id }) => id);
  await recommender.close();
  return found;
}

describe('updateModel', () => {
  it('gives the model back where nothing is new, however often it comes', async () => {
    const known = newLog([
      ['u0', 'i2'],
      ['u0', 'i2'],
      ['u1', `i${board.withheld[1]}`],
    ]);
    const { model: same, added, steps } = await updateModel(model, known, options);
    expect(same).toBe(model);
    expect([added, steps]).toEqual([{ users: 0, items: 0, interactions: 0 }, 0]);
  });

  it.each<[string, TrainConfigInput]>([
    ['mf', {}],
    ['mf of inner products, without validation', { score: 'dot', loss: { name: 'bce' }, learningRate: 0.05 }],
    ['lightgcn', { backbone: { name: 'lightgcn', layers: 1 } }],
    ['ngcf', { backbone: { name: 'ngcf', layers: 1 } }],
  ])('ranks for a new user and a new item: %s', async (_, part) => {
    const old = await trained(part);
    const { model: updated, added } = await updateModel(old, fresh, options);
    expect(added).toEqual({ users: 1, items: 1, interactions: even.length - 1 + 4 });
    expect(updated.userIds.indexOf('new-user')).toBe(users);
    expect(updated.itemIds.indexOf('new-item')).toBe(items);
    // All that the new user has not seen of the even items: the withheld one, and the new one.
    expect((await lists(updated, 'new-user', 2)).sort()).toEqual([`i${withheld}`, 'new-item']);
    // An even user, who is not one of those that have it, has seen all other even items; an odd one likes any odd item better.
    const recommender = Recommender.fromModel(updated, await openRankingEngine(updated, { threads: 1 }));
    expect(recommender.recommend('u8', { k: 1 })[0]!.id).toBe('new-item');
    const [own, strange] = recommender.score('u9', [`i${board.withheld[9]}`, 'new-item']);
    expect(strange).toBeLessThan(own!);
    expect(strange).toBeLessThan(recommender.score('u8', ['new-item'])[0]!);
    await recommender.close();
  });

  it('continues ids, seen items, validation, popularity, titles and the account of how it came about', async () => {
    const titles = new Map([
      ['new-item', 'New'],
      ['i3', 'Renamed'],
    ]);
    const {
      model: updated,
      epochs,
      steps,
      learningRate,
      seconds,
    } = await updateModel(model, fresh, { ...options, titles });
    expect([...updated.userIds]).toEqual([...model.userIds, 'new-user']);
    expect([...updated.itemIds]).toEqual([...model.itemIds, 'new-item']);
    expect(updated.popularity[items]).toBe(4);
    expect(updated.popularity[withheld]).toBe(model.popularity[withheld]);
    for (let u = 0; u < users; u++) {
      const more = [0, 2, 4, 6].includes(u) ? [items] : [];
      expect([...csrRow(updated.seen, u)]).toEqual([...csrRow(model.seen, u), ...more]);
      expect(csrRow(updated.validation!, u)).toEqual(csrRow(model.validation!, u));
    }
    expect([updated.titles!.at(0), updated.titles!.at(3), updated.titles!.at(items)]).toEqual([
      'Title 0',
      'Renamed',
      'New',
    ]);
    const { config: facts } = updated;
    expect(facts.training).toEqual(model.config.training);
    expect(facts.loss).toEqual(model.config.loss);
    expect([facts.epochs, facts.steps]).toEqual([model.config.epochs + epochs, model.config.steps + steps]);
    expect(facts.updates).toEqual([
      {
        data: { source: 'made up', sha256: 'abc' },
        ...{ users: 1, items: 1, interactions: fresh.users.length },
        ...{ epochs, steps, learningRate, seconds },
      },
    ]);
    expect(updated.trainingState!.steps).toBe(model.trainingState!.steps + steps);
    expect(updated.trainingState!.arrays['optimizer.usersM']!.shape).toEqual([users + 1, 8]);

    const again = await updateModel(updated, newLog([['another', 'i1']]), options);
    expect(again.model.userIds.indexOf('another')).toBe(users + 1);
    expect(again.model.config.updates).toHaveLength(2);
    expect(again.learningRate).toBe(learningRate);
  });

  it('is the same for any number of threads, from memory and from a folder, and leaves its input as it was', async () => {
    const before = structuredClone({ users: model.users, items: model.items, state: model.trainingState });
    const wasm = { ...options, engine: 'wasm' } as const;
    const one = await updateModel(model, fresh, { ...wasm, threads: 1 });
    const folder = await mkdtemp(join(tmpdir(), 'taurec-update-'));
    await saveModel(folder, model);
    const opened = await openModel(folder, { trainingState: true });
    const three = await updateModel(opened, fresh, { ...wasm, threads: 3 });
    await rm(folder, { recursive: true });
    expectSameModel(three.model, one.model);
    expect(three.model.trainingState).toEqual(one.model.trainingState);
    expect({ users: model.users, items: model.items, state: model.trainingState }).toEqual(before);
  });

  it('says how well the held-out part is found, before and after', async () => {
    const { forgetting } = await updateModel(model, fresh, options);
    expect(forgetting).toMatchObject({ metric: 'ndcg@3', users });
    expect(forgetting!.before).toBeGreaterThan(0.5);
    expect(forgetting!.after).toBeGreaterThan(0.5);
    const whole = await trained({}, { ...dataset, valid: undefined });
    expect((await updateModel(whole, fresh, options)).forgetting).toBeUndefined();
  });

  it('moves the popularity prior with the counts', async () => {
    const biased = await trained({ popularityPrior: 0.2 });
    const { model: updated } = await updateModel(biased, fresh, options);
    expect(updated.itemBias).toEqual(popularityBias(trainedItems(updated), 0.2));
  });

  it('keeps the weights of interactions, and takes those of new ones', async () => {
    const values = Float32Array.from(board.train.indices, (_, e) => 1 + (e % 2));
    const weighted = await trained({}, { ...dataset, train: { ...board.train, values } });
    const { model: updated } = await updateModel(weighted, newLog([['new-user', 'i0', 5]]), options);
    const weights = updated.trainingState!.interactionWeights!;
    expect(weights.slice(0, -1)).toEqual(values);
    expect(weights.at(-1)).toBe(5);
  });

  it('goes on without a training state, with a notice; a backbone cannot', async () => {
    const { trainingState: _state, ...older } = model;
    const notices: string[] = [];
    const onProgress = (event: { type: string; message?: string }) => {
      if (event.type === 'notice') notices.push(event.message!);
    };
    const { model: updated } = await updateModel(older, fresh, { ...options, onProgress });
    expect(notices).toEqual([expect.stringContaining('start at zero')]);
    expect(await lists(updated, 'u8', 2)).toContain('new-item');
    const { trainingState: _none, ...graph } = await trained({ backbone: 'lightgcn' });
    expect((await rejectionOf(updateModel(graph, fresh, options))).code).toBe('no-training-state');
  });

  it('loads no code by itself: a backbone or loss of one’s own is given', async () => {
    const own = await trained({ backbone: ownBackbone });
    expect((await rejectionOf(updateModel(own, fresh, options))).code).toBe('update-source');
    const { model: updated } = await updateModel(own, fresh, { ...options, backbone: ownBackbone });
    expect(updated.users.rows).toBe(users + 1);
    const optioned = await trained({ backbone: { ...ownBackbone, options: { share: 0.2 } } });
    const { model: alone } = await updateModel(optioned, fresh, {
      ...options,
      backbone: { module: ownBackbone.module },
    });
    const backbone = { ...ownBackbone, options: { share: 0.2 } };
    expectSameModel(alone, (await updateModel(optioned, fresh, { ...options, backbone })).model);
    const needless = rejectionOf(updateModel(model, fresh, { ...options, loss: { name: 'sl' } }));
    expect((await needless).code).toBe('bad-option');
  });

  it('loads no code by itself: a custom pool or sampler is given too', async () => {
    const pool = {
      module: fileURLToPath(new URL('../sampler/modules/samplers.mjs', import.meta.url)),
      export: 'FirstItems',
    };
    const own = await trained({ batch: { pool, negatives: 5 } });
    expect((await rejectionOf(updateModel(own, fresh, options))).code).toBe('update-source');
    const { model: updated } = await updateModel(own, fresh, { ...options, pool });
    expect(updated.users.rows).toBe(users + 1);
    expect((await rejectionOf(updateModel(model, fresh, { ...options, pool }))).code).toBe('bad-option');
  });

  it('refuses imported embeddings', async () => {
    const imported = { ...model, config: { ...model.config, imported: { users: 'a.npy', items: 'b.npy' } } };
    expect((await rejectionOf(updateModel(imported, fresh, options))).code).toBe('update-imported');
  });

  it('stops on request', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    const stopped = updateModel(model, fresh, { ...options, epochs: 5000, signal: controller.signal, onProgress });
    expect((await rejectionOf(stopped)).code).toBe('aborted');
  });

  it('refuses a training state that does not fit the model', async () => {
    const { 'optimizer.usersM': m, ...rest } = model.trainingState!.arrays;
    const short = { shape: [m!.shape[0]! - 1, 8], data: m!.data.subarray(8) };
    const wrong = {
      ...model,
      trainingState: { ...model.trainingState!, arrays: { ...rest, 'optimizer.usersM': short } },
    };
    expect((await rejectionOf(updateModel(wrong, fresh, options))).code).toBe('bad-model');
  });
});

describe('newInteractions', () => {
  const pair = fc.tuple(fc.nat(9), fc.nat(9));
  it('holds exactly the pairs of the log that the model has not seen, by id', () => {
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 40 }), fc.integer(), (pairs, seed) => {
        const known = randomModel({ users: 5, items: 6, seed });
        const log = newLog(pairs.map(([u, i]) => [`u${u}`, `i${i}`]));
        const { users, items, pairs: found } = newInteractions(known, log);
        const isSeen = (u: number, i: number) => u < 5 && i < 6 && csrHas(known.seen, u, i);
        const expected = new Set(pairs.filter(([u, i]) => !isSeen(u, i)).map(([u, i]) => `u${u} i${i}`));
        const got: string[] = [];
        for (let u = 0; u < found.rows; u++)
          for (const i of csrRow(found, u)) got.push(`${users.ids.idOf(u)} ${items.ids.idOf(i)}`);
        expect(got.sort()).toEqual([...expected].sort());
        expect(users.added).toBe(new Set(pairs.flatMap(([u]) => (u >= 5 ? [u] : []))).size);
        expect(items.added).toBe(new Set(pairs.flatMap(([, i]) => (i >= 6 ? [i] : []))).size);
      }),
    );
  });
});
