import { describe, expect, it, vi } from 'vitest';
import { csrFromEntries } from '../../src/array/csr.ts';
import { configToJson, parseTrainConfig, type TrainConfigInput } from '../../src/training/config.ts';
import type { TrainEvent } from '../../src/training/events.ts';
import { mergeInteractions } from '../../src/training/merge.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import type { TrainingData } from '../../src/training/training.ts';
import { runTraining } from '../../src/training/training-run.ts';
import { rejectionOf } from '../support/error-of.ts';
import { differs, expectSameModel } from '../support/same-model.ts';
import { checkerboard, smallConfig } from '../support/training-case.ts';
import { MarginLoss } from './modules/margin-loss.mjs';

const board = checkerboard(24, 20);
const trainOnly = { train: board.train };
const modulePath = `${import.meta.dirname}/modules/margin-loss.mjs`;

/** A run in this thread, and its events. */
async function here(data: TrainingData, config: TrainConfigInput) {
  const events: TrainEvent[] = [];
  const options = { onEvent: (event: TrainEvent) => void events.push(event), aborted: () => false };
  return { ...(await runTraining(data, parseTrainConfig(config), options)), events };
}

describe('the coordinator', () => {
  it.each(['reference', 'wasm'] as const)('gives what a run in this thread gives, bit for bit (%s)', async (engine) => {
    const config = { ...smallConfig, engine, threads: 2 };
    const there = await trainEmbeddings(board, config);
    const inThread = await here(board, config);
    expectSameModel(there, inThread);
    expect(there.valid).toEqual(inThread.valid);
    expect(there.engine).toEqual(inThread.engine);
    expect(there.config).toEqual(inThread.config);
  });

  it('hands errors over with code, facts and message', async () => {
    const error = await rejectionOf(trainEmbeddings(board, { ...smallConfig, loss: 'sll' }));
    expect(error.code).toBe('unknown-name');
    expect(error.facts).toMatchObject({ kind: 'loss', got: 'sll' });
    expect(error.message).toContain('"sll"');
  });

  it('rejects when its thread ends unexpectedly', async () => {
    const loss = { module: modulePath, export: 'FatalLoss' };
    const error = await rejectionOf(trainEmbeddings(board, { ...smallConfig, loss }));
    expect(error.code).toBe('coordinator-died');
    expect(error.message).toContain('exit code 3');
  });

  it('stops and rejects with what the listener throws', async () => {
    const mine = new Error('mine');
    const onProgress = () => {
      throw mine;
    };
    await expect(trainEmbeddings(board, { ...smallConfig, epochs: 1e6 }, { onProgress })).rejects.toBe(mine);
  });

  it('stops on a signal, also one given before the start', async () => {
    const controller = new AbortController();
    const onProgress = (event: TrainEvent) => event.type === 'epoch' && controller.abort();
    const running = trainEmbeddings(board, { ...smallConfig, epochs: 1e6 }, { signal: controller.signal, onProgress });
    const error = await rejectionOf(running);
    expect(error.code).toBe('aborted');
    expect(error.facts.epoch).toBeGreaterThanOrEqual(1);
    expect((await rejectionOf(trainEmbeddings(board, smallConfig, { signal: AbortSignal.abort() }))).code).toBe(
      'aborted',
    );
  });
});

describe('a run', () => {
  it('tells its story in one stream of JSON-able events', async () => {
    const { events, epochs, epoch, steps } = await here(board, smallConfig);
    expect(JSON.parse(JSON.stringify(events))).toEqual(events);
    expect(events.map((e) => e.type).filter((type) => type !== 'progress')).toEqual([
      'start',
      ...Array(epochs).fill(['epoch', 'validation']).flat(),
      'neighbors',
      'end',
    ]);
    expect(events[0]).toMatchObject({
      users: 24,
      items: 20,
      interactions: board.train.indices.length,
      stepsPerEpoch: 3,
    });
    expect(events.at(-1)).toMatchObject({ reason: 'epochs', epochs, epoch, steps });
  });

  it('keeps the best epoch and stops when patience is at its end', async () => {
    const config = { ...smallConfig, schedule: 'constant', epochs: 60, learningRate: 0.05 } as const;
    const patience = 3;
    const result = await here(board, { ...config, validation: { metric: 'ndcg@3', every: 1, patience } });
    const values = result.history.map((record) => record.valid!['ndcg@3']!);
    const best = values.indexOf(Math.max(...values)) + 1;
    expect(result).toMatchObject({ reason: 'patience', epoch: best, epochs: best + patience, steps: best * 3 });
    // Under a constant learning rate the best epoch's embeddings are those of a run that ends there.
    expectSameModel(result, await here(trainOnly, { ...config, epochs: best }));
  });

  it('validates every so many epochs and at the last', async () => {
    const { history } = await here(board, { ...smallConfig, epochs: 5, validation: { metric: 'ndcg@3', every: 2 } });
    expect(history.filter((record) => record.valid).map((record) => record.epoch)).toEqual([2, 4, 5]);
  });

  it.each([
    ['a set that was given', undefined, /was given/],
    ['one drawn at random', 'random', /method random/],
    ['one drawn for it', 'debiased', undefined],
  ] as const)('aim discovery and %s', async (_, method, said) => {
    const data = { ...board, splits: method && { valid: { method, ratio: 0.1, seed: 1 } } };
    const { events } = await here(data, { ...smallConfig, epochs: 1, aim: 'discovery' });
    const notices = events.filter((event) => event.type === 'notice').map(({ message }) => message);
    expect(notices).toEqual(said ? [expect.stringMatching(said)] : []);
  });

  it('keeps the last epoch where nothing validates it, and says so', async () => {
    const result = await here(trainOnly, smallConfig);
    expect(result).toMatchObject({ epoch: 6, epochs: 6, reason: 'epochs', valid: undefined });
    expect(result.events).toContainEqual(expect.objectContaining({ type: 'notice' }));
    const empty = { ...board, valid: csrFromEntries(24, 20, [], []) };
    expectSameModel(await here(empty, smallConfig), result);
  });

  it('does not go on when validation has used up the time budget', async () => {
    let clock = 0;
    let validating = false;
    const now = vi.spyOn(performance, 'now').mockImplementation(() => clock);
    try {
      const { history, reason } = await runTraining(board, parseTrainConfig({ ...smallConfig, timeBudget: 60 }), {
        onEvent: ({ type }) => {
          validating = type === 'epoch' || (validating && type !== 'validation');
        },
        // asked after each step and during validation, which takes all the time here
        aborted: () => {
          if (validating) clock += 61_000;
          return false;
        },
      });
      expect(reason).toBe('time-budget');
      expect(history.length).toBe(1);
    } finally {
      now.mockRestore();
    }
  });

  it('ends with its time budget, the schedule at its end', async () => {
    const result = await here(trainOnly, { ...smallConfig, epochs: 1e6, timeBudget: 0.1 });
    expect(result.reason).toBe('time-budget');
    expect(result.history.at(-1)!.progress).toBe(1);
  });

  it.each<[TrainConfigInput['loss'], object]>([
    ['bsl', { name: 'bsl', options: { tau: 0.2, tau1: 4, negativeWeight: 1, form: 'paper' } }],
    [
      { name: 'bsl', tau1: Infinity, tau: 0.3 },
      { name: 'bsl', options: { tau: 0.3, tau1: 'inf', negativeWeight: 1, form: 'paper' } },
    ],
    [
      { name: 'sl', negativeWeight: 1.1 },
      { name: 'sl', options: { tau: 0.2, negativeWeight: 1.1 } },
    ],
    [
      { module: modulePath, export: 'MarginLoss' },
      { module: modulePath, export: 'MarginLoss', options: {} },
    ],
  ])(
    'records every option that a built-in loss ran with, and runs the same again from it: %o',
    async (loss, recorded) => {
      const first = await here(board, { ...smallConfig, loss });
      expect(first.config).toEqual({ ...parseTrainConfig({ ...smallConfig, loss }), loss: recorded });
      const again = await here(board, configToJson(first.config));
      expectSameModel(again, first);
      expect(again.config).toEqual(first.config);
    },
  );

  it('depends on the seed alone', async () => {
    const first = await here(board, { ...smallConfig, seed: 5 });
    expectSameModel(await here(board, { ...smallConfig, seed: 5 }), first);
    expect(differs((await here(board, { ...smallConfig, seed: 6 })).users, first.users)).toBe(true);
  });
});

describe('weights of negatives', () => {
  const negativeWeights = csrFromEntries(24, 20, [0, 0, 5], [1, 2, 1], [3, 1, 0.5]);

  it('reach the coordinator', async () => {
    const data = { ...board, negativeWeights };
    const there = await trainEmbeddings(data, smallConfig);
    expectSameModel(there, await here(data, smallConfig));
    expect(differs(there.users, (await here(board, smallConfig)).users)).toBe(true);
  });

  it.each([
    ['0 masks them, as is the default', 0, true],
    ['1 lets them in', 1, false],
  ])("on a user's own positives: %s", async (_, weight, maskPositives) => {
    const values = new Float32Array(board.train.indices.length).fill(weight);
    const weighted = await here({ ...board, negativeWeights: { ...board.train, values } }, smallConfig);
    const batch = { ...smallConfig.batch, maskPositives };
    expectSameModel(weighted, await here(board, { ...smallConfig, batch }));
  });

  it('are kept by the refit', async () => {
    const config = { ...smallConfig, refit: true };
    const refitted = await here({ ...board, negativeWeights }, config);
    const merged = { train: mergeInteractions(board.train, board.valid), negativeWeights };
    expectSameModel(refitted, await here(merged, { ...smallConfig, epochs: refitted.epoch }));
  });

  it('are checked', async () => {
    const error = await rejectionOf(
      trainEmbeddings({ ...board, negativeWeights: csrFromEntries(24, 21, [], []) }, smallConfig),
    );
    expect(error.code).toBe('bad-option');
    expect(error.facts).toMatchObject({ option: 'negativeWeights', got: '24 × 21' });
  });
});

describe('refit', () => {
  it('is the chosen number of epochs on train plus validation', async () => {
    const config = { ...smallConfig, schedule: 'constant', epochs: 8 } as const;
    const searched = await here(board, config);
    const refitted = await here(board, { ...config, refit: true });
    expect(refitted).toMatchObject({ refitted: true, epoch: searched.epoch, steps: searched.steps });
    expect(refitted.valid).toEqual(searched.valid);
    const merged = { train: mergeInteractions(board.train, board.valid) };
    expectSameModel(refitted, await here(merged, { ...config, epochs: searched.epoch }));
    expect(differs(refitted.users, searched.users)).toBe(true);
  });

  it('repeats the learning rates of the search, step by step', async () => {
    const { events, history, epoch } = await here(board, { ...smallConfig, schedule: 'cosine', refit: true });
    const again = events.filter((event) => event.type === 'epoch' && event.phase === 'refit');
    const rates = again.map((event) => (event as { learningRate: number }).learningRate);
    expect(rates).toHaveLength(epoch);
    for (const [at, rate] of rates.entries()) expect(rate).toBeCloseTo(history[at]!.learningRate, 12);
  });
});

describe('a custom loss', () => {
  it.each(['reference', 'wasm'] as const)('trains as an object and by module path alike (%s)', async (engine) => {
    const events: TrainEvent[] = [];
    const onProgress = (event: TrainEvent) => void events.push(event);
    const options = { margin: 0.7 };
    const config = { ...smallConfig, engine, threads: 2 };
    const asObject = await trainEmbeddings(board, { ...config, loss: new MarginLoss(options) }, { onProgress });
    const byModule = await trainEmbeddings(board, {
      ...config,
      loss: { module: modulePath, export: 'MarginLoss', options },
    });
    expectSameModel(asObject, byModule);
    expect(events[0]).toMatchObject({ type: 'notice', message: expect.stringContaining('one thread') });
    expect(asObject.engine.threads).toBe(1);
  });

  it('lets the thread live while it trains as an object', async () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 1);
    const validation = { metric: 'ndcg@3', patience: 1e6 };
    const config = { ...smallConfig, epochs: 1e6, validation, loss: new MarginLoss() };
    expect((await rejectionOf(trainEmbeddings(board, config, { signal: controller.signal }))).code).toBe('aborted');
  });
});

describe('divergence', () => {
  it('of the loss names step, epoch, loss, learning rate and temperatures', async () => {
    class BreakingLoss extends MarginLoss {
      override name = 'breaking';
      override parameters = { margin: 0.5, tau: 0.25 };
      calls = 0;
      override evaluate(...row: Parameters<MarginLoss['evaluate']>): number {
        // 24 users in steps of 8: the 30th row stands in step 4, the first of epoch 2.
        return ++this.calls < 30 ? super.evaluate(...row) : Number.NaN;
      }
    }
    const error = await rejectionOf(
      here(trainOnly, { ...smallConfig, schedule: 'constant', loss: new BreakingLoss() }),
    );
    expect(error.code).toBe('diverged');
    expect(error.facts).toMatchObject({
      epoch: 2,
      step: 4,
      loss: 'breaking',
      learningRate: 0.01,
      temperatures: { tau: 0.25 },
    });
    expect(error.message).toMatch(/epoch 2, step 4: the loss is NaN.*loss breaking, learning rate 0.01, tau 0.25/);
  });

  it.each(['reference', 'wasm'] as const)('under an absurd learning rate is an error (%s)', async (engine) => {
    const config = { ...smallConfig, engine, loss: 'mse', optimizer: 'sgd', learningRate: 1e4, epochs: 50 } as const;
    expect((await rejectionOf(trainEmbeddings(board, config))).code).toBe('diverged');
  });
});
