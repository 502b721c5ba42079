import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { csrRow } from '../../src/array/csr.ts';
import { loadDataset } from '../../src/data/dataset.ts';
import { createModel, trainedItems } from '../../src/model/model.ts';
import { openModel } from '../../src/model/model-directory.ts';
import { popularityBias } from '../../src/recommender/popularity-prior.ts';
import { openRankingEngine } from '../../src/recommender/ranking-engine.ts';
import type { RecommendedItem } from '../../src/recommender/recommendation.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { nodeHost } from '../../src/studio/node/node-host.ts';
import type { Judgement, SessionEvent } from '../../src/studio/session.ts';
import { Workbench } from '../../src/studio/workbench/workbench.ts';
import { train } from '../../src/training/train.ts';
import { folder, json } from '../cli/taurec.ts';
import { stateOf } from './session-contract.ts';

/** 60 people and 45 items: enough for lists of 20. */
const rows = Array.from({ length: 60 }, (_, u) =>
  Array.from({ length: 14 }, (_, n) => `u${u},i${(u * 11 + n * 7 + ((u * n) % 5)) % 45}`),
).flat();
const text = `user,item\n${rows.join('\n')}\n`;
const split = { split: 'random', validRatio: 0.15, seed: 3 } as const;
const config = {
  loss: 'sl',
  dimension: 8,
  epochs: 8,
  validation: { every: 2 },
  popularityPrior: 0.05,
} as const;
const log = join(folder, 'log.csv');

let workbench: Workbench;
let run: string;
const events: SessionEvent[] = [];

beforeAll(async () => {
  writeFileSync(log, text);
  workbench = new Workbench(nodeHost());
  const source = await workbench.add(new File([text], 'log.csv'));
  await workbench.load({ train: source.id, ...split });
  workbench.watch((event) => events.push(event));
  await workbench.follow('u1');
  ({ id: run } = await workbench.start(config));
  await stateOf(workbench, run, 'done');
  const files = unzipSync(new Uint8Array(await (await workbench.archive(run)).arrayBuffer()));
  mkdirSync(join(folder, 'model'));
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, 'model', name), bytes);
  const { test, users, items } = await loadDataset({ train: log, ...split });
  const held = Array.from({ length: test!.rows }, (_, u) =>
    Array.from(csrRow(test!, u), (item) => `${users.idOf(u)},${items.idOf(item)}`),
  ).flat();
  writeFileSync(join(folder, 'test.csv'), `user,item\n${held.join('\n')}\n`);
});
afterAll(() => workbench.close());

test('a training that is watched gives the embeddings of one that nobody watches', async () => {
  expect(events.some(({ type }) => type === 'map') && events.some(({ type }) => type === 'list')).toBe(true);
  const alone = await train(await loadDataset({ train: log, ...split }), config);
  const watched = await openModel(join(folder, 'model'));
  expect(watched.users.data).toEqual(alone.model.users.data);
  expect(watched.items.data).toEqual(alone.model.items.data);
  expect(watched.itemBias).toEqual(alone.model.itemBias);
  await alone.close();
});

test('a prior by validation is among what was chosen, as the model has it', async () => {
  const { id } = await workbench.start({ ...config, popularityPrior: 'auto' });
  const { chosen } = await stateOf(workbench, id, 'done');
  const { config: stored } = await workbench.open(await workbench.archive(id), 'again');
  expect(chosen).toEqual({ popularityPrior: stored.popularityPrior });
  expect(chosen!.popularityPrior).not.toBe(0);
  const fixed = (await workbench.runs()).find((one) => one.id === run)!;
  expect(fixed.chosen).toBeUndefined();
});

test('judges as taurec evaluate does the exported model, to the last digit', async () => {
  const judgement: Judgement = await workbench.judge(run, 'test');
  expect(judgement.k).toBe(20);
  const said = await json(
    'evaluate',
    'model',
    '--test',
    'test.csv',
    '-k',
    String(judgement.k),
    '--groups',
    '--baselines',
    'random,popular,item-knn',
  );
  expect(judgement.model.metrics).toEqual(said.metrics);
  const { users, ranked, metrics, groups } = judgement.model;
  expect({ users, ranked, metrics, groups }).toEqual(said.evaluations.clean);
  for (const name of ['random', 'popular', 'item-knn'] as const)
    expect(judgement.baselines[name].metrics).toEqual(said.baselines[name]);
  for (const { against, metric, ratio, low, high } of judgement.gains) {
    expect(ratio).toBeCloseTo(said.metrics[metric] / said.baselines[against][metric] - 1, 12);
    expect(low).toBeLessThanOrEqual(ratio);
    expect(high).toBeGreaterThanOrEqual(ratio);
  }
  const worst = judgement.worst.map(({ ndcg }) => ndcg);
  expect(worst).toEqual(worst.toSorted((a, b) => a - b));
  // Blocks of users and single users are scored by different kernels, whose last digits differ.
  const rounded = (list: readonly RecommendedItem[]) => list.map(({ id, score }) => [id, score.toFixed(5)]);
  for (const { user, list } of judgement.worst)
    expect(rounded(list)).toEqual(rounded(await workbench.recommend(run, { user }, { k: judgement.k })));
});

test('explains as taurec explain does, and lists as the library does at every prior', async () => {
  const item = (await workbench.recommend(run, { user: 'u1' }, { k: 1 }))[0]!.id;
  expect({ user: 'u1', ...(await workbench.explain(run, { user: 'u1' }, item)) }).toEqual(
    await json('explain', 'model', '--user', 'u1', '--item', item),
  );
  const model = await openModel(join(folder, 'model'));
  const engine = await openRankingEngine(model, { threads: 1 });
  const own = Recommender.fromModel(model, engine);
  const liked = own.popular({ k: 2 }).map(({ id }) => id);
  const list = { k: 10 } as const;
  expect(await workbench.recommend(run, { user: 'u2' }, list)).toEqual(own.recommend('u2', list));
  expect(await workbench.recommend(run, { user: 'u2' }, { ...list, prior: 0.05 })).toEqual(own.recommend('u2', list));
  for (const prior of [0, -0.3]) {
    const itemBias = prior === 0 ? undefined : popularityBias(trainedItems(model), prior);
    const other = Recommender.fromModel(createModel({ ...model, itemBias }), engine);
    expect(await workbench.recommend(run, { user: 'u2' }, { ...list, prior })).toEqual(other.recommend('u2', list));
    expect(await workbench.recommend(run, { items: liked }, { ...list, prior })).toEqual(
      other.recommendFor(liked, list),
    );
  }
  await engine.close();
});
