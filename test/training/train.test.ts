import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  modelRanker,
  openModel,
  Recommender,
  syntheticDataset,
  type TrainEvent,
  type TrainOptions,
  train,
} from 'taurec';
import { csrFromEntries, row } from 'taurec/extend';
import { trainEmbeddings } from 'taurec/lab';
import { afterAll, describe, expect, test } from 'vitest';
import { evaluate } from '../../src/evaluation/evaluator.ts';
import { BilateralSoftmaxLoss } from '../../src/loss/bsl.ts';
import { errorOf } from '../support/error-of.ts';

const data = syntheticDataset({ users: 60, items: 40, interactions: 900, validRatio: 0.1, seed: 2 });
const config = { dimension: 8, epochs: 4, batch: { rows: 16, negatives: 20 }, seed: 3, threads: 1 } as const;
const folder = mkdtempSync(join(tmpdir(), 'taurec-train-'));
afterAll(() => rmSync(folder, { recursive: true }));

const refused = async (options: object) => {
  const error = await train(data, options as TrainOptions).catch((thrown: unknown) => thrown);
  return error as Error & { code: string; facts: Record<string, unknown> };
};

describe('train', () => {
  test('trains what trainEmbeddings does, and recommends like the saved model', async () => {
    const model = await train(data, config);
    const { users, items } = await trainEmbeddings(data, config);
    expect(model.result.users).toEqual(users);
    expect(model.result.items).toEqual(items);
    expect(model).toBeInstanceOf(Recommender);
    await model.save(join(folder, 'model'));
    const opened = await Recommender.open(join(folder, 'model'), { threads: 1 });
    for (const user of ['0', '7', '59']) expect(model.recommend(user)).toEqual(opened.recommend(user));
    expect(model.recommendFor(['3', '11'])).toEqual(opened.recommendFor(['3', '11']));
    expect(model.similarItems('3')).toEqual(opened.similarItems('3'));
    await opened.close();
    await model.close();
    // the ranking engine is gone, what was trained is not
    await model.save(join(folder, 'again'));
    expect((await openModel(join(folder, 'again'))).items).toEqual((await openModel(join(folder, 'model'))).items);
  });

  test('may rank by another score than it trains on: the embeddings are the same, the lists those of that score', async () => {
    const alone = { ...config, loss: 'bsl', neighbors: 'off' } as const;
    const [plain, other] = [await train(data, alone), await train(data, { ...alone, rankingScore: 'dot' })];
    expect(other.result.users).toEqual(plain.result.users);
    expect(other.result.items).toEqual(plain.result.items);
    expect([plain.model.config.score, other.model.config.score]).toEqual(['cosine', 'dot']);
    const { users, items } = other.result;
    const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, c) => sum + value * y[c]!, 0);
    for (const { id, score } of other.recommend('7', { k: 5 })) {
      const item = row(items, other.itemIds.indexOf(id));
      expect(score).toBeCloseTo(dot(row(users, other.userIds.indexOf('7')), item), 5);
    }
    // A new person's embedding is fitted by cosines, so both have one direction; its length is that of a user.
    const [fitted, known] = [other.foldIn(['3', '11']), plain.foldIn(['3', '11'])];
    const lengths = Array.from({ length: users.rows }, (_, u) => Math.hypot(...row(users, u)));
    expect(Math.hypot(...fitted)).toBeCloseTo(lengths.reduce((a, b) => a + b) / lengths.length, 4);
    expect(dot(fitted, known) / Math.hypot(...fitted)).toBeGreaterThan(0.999);
    await Promise.all([plain.close(), other.close()]);
  });

  test('evaluates the dataset’s own test part, or another', async () => {
    const model = await train(data, config);
    const expected = await evaluate(modelRanker(model.model, model.engine), { ...data, protocol: 'clean' });
    expect(await model.evaluate()).toEqual(expected);
    expect(await model.evaluate(data.test)).toEqual(expected);
    const irbench = await evaluate(modelRanker(model.model, model.engine), { ...data, protocol: 'irbench', ks: [5] });
    expect(await model.evaluate(data.test, { protocol: 'irbench', ks: [5] })).toEqual(irbench);
    const { metrics } = await model.evaluate(data.test, { diversity: true });
    expect(metrics).toHaveProperty(['diversity@20']);
    const other = csrFromEntries(
      data.train.rows,
      data.train.columns,
      [0],
      [model.itemIds.indexOf(model.recommend('0', { k: 1 })[0]!.id)],
    );
    expect((await model.evaluate(other)).users).toBe(1);
    await model.close();
    const withoutTest = await train({ ...data, test: undefined }, config);
    await expect(withoutTest.evaluate()).rejects.toMatchObject({ code: 'bad-option' });
    await withoutTest[Symbol.asyncDispose]();
  });

  test('takes the controls of a run among its options', async () => {
    const events: TrainEvent[] = [];
    const controls = { onProgress: (event: TrainEvent) => events.push(event), checkpointDirectory: folder };
    const whole = await train(data, { ...config, checkpointEvery: 1, keepState: true, ...controls });
    expect(events.map(({ type }) => type)).toContain('checkpoint');
    expect(whole.model.trainingState).toBeDefined();
    const resumed = await train(data, { ...config, checkpointEvery: 1, checkpointDirectory: folder, resume: true });
    expect(resumed.result.users).toEqual(whole.result.users);
    expect(await refused({ ...config, signal: AbortSignal.abort() })).toMatchObject({ code: 'aborted' });
    await Promise.all([whole.close(), resumed.close()]);
  });

  test('an option that is not known names the nearest, of training or of the run', async () => {
    expect((await refused({ epoch: 3 })).message).toMatch(
      /epoch: got 3, expected no such option. Did you mean epochs\?/,
    );
    expect((await refused({ onProgres() {} })).message).toMatch(/Did you mean onProgress\?/);
    expect((await refused({ signl: 1 })).message).toMatch(/Did you mean signal\?/);
    for (const nothing of [undefined, null, 'ratings.csv']) {
      const error = await train(nothing as never, config).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'bad-option', facts: { option: 'data', got: nothing } });
      expect((error as Error).message).toMatch(/loadDataset/);
    }
    expect(await refused(null as never)).toMatchObject({ code: 'bad-option', facts: { option: 'options' } });
    expect((await refused({ elephant: 1 })).message).toMatch(/Known: loss, /);
    expect((await refused({ batch: { row: 1 } })).message).toMatch(/batch\.row: .*Did you mean rows\?/);
  });

  test('a loss given as an object folds users in', async () => {
    const options = { tau: 0.2, tau1: 0.3, negativeWeight: 1 };
    const named = await train(data, { ...config, loss: { name: 'bsl', ...options } });
    const object = await train(data, { ...config, loss: new BilateralSoftmaxLoss(options) });
    expect(object.recommendFor(['3'])).toEqual(named.recommendFor(['3']));
    await Promise.all([named.close(), object.close()]);
  });
});

test('a closed model answers no request, and says so', async () => {
  const model = await train(data, config);
  await model.close();
  for (const request of [
    () => model.recommend('7'),
    () => model.recommendFor(['3']),
    () => model.similarItems('3'),
    () => model.similarItems('3', { by: 'together' }),
    () => model.explain('7', '3'),
    () => model.foldIn(['3']),
    () => model.similarUsers('7'),
    () => model.score('7', ['3']),
  ])
    expect(errorOf(request)).toMatchObject({ code: 'recommender-closed' });
  await expect(model.evaluate(data.test)).rejects.toMatchObject({ code: 'recommender-closed' });
  await model.close();
});

test('a misspelled control is corrected to the control, not to a training option that is further off', async () => {
  await expect(train(data, { ...config, checkpointdirectory: 'x' } as never)).rejects.toMatchObject({
    facts: { remedy: 'Did you mean checkpointDirectory?' },
  });
});
