import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { createModel } from '../../src/model/model.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { parseTrainConfig, type TrainConfigInput } from '../../src/training/config.ts';
import type { TrainEvent } from '../../src/training/events.ts';
import { shortConfig } from '../../src/training/short-training.ts';
import { trainedModel } from '../../src/training/trained-model.ts';
import type { TrainingData } from '../../src/training/training.ts';
import { runTraining } from '../../src/training/training-run.ts';
import { rejectionOf } from '../support/error-of.ts';
import { expectSameModel } from '../support/same-model.ts';
import { checkerboard, smallConfig } from '../support/training-case.ts';

const board = checkerboard(24, 20);
const automatic = { ...smallConfig, loss: { name: 'sl', tau: 'auto', negativeWeight: 'auto' } };

/** A run in this thread, and its events; stopped when `stop` says so. */
async function run(
  data: TrainingData,
  config: TrainConfigInput,
  rest: { checkpointDirectory?: string; resume?: boolean } = {},
  stop: (event: TrainEvent) => boolean = () => false,
) {
  const events: TrainEvent[] = [];
  const options = {
    onEvent: (event: TrainEvent) => void events.push(event),
    aborted: () => events.some(stop),
    ...rest,
  };
  return { ...(await runTraining(data, parseTrainConfig(config), options)), events };
}

describe("'auto'", () => {
  it('is chosen by short trainings, once for a seed; the result names the numbers and the trials', async () => {
    const result = await run(board, automatic);
    const { trials, chosen, metric } = result.tuning!;
    expect(metric).toBe('ndcg@3');
    expect(trials.length).toBeGreaterThanOrEqual(4);
    expect(result.config.loss).toEqual({ name: 'sl', options: chosen });
    const again = await run(board, automatic);
    expect(again.tuning!.chosen).toEqual(chosen);
    expectSameModel(again, result);
    expectSameModel(await run(board, { ...smallConfig, loss: { name: 'sl', ...chosen } }), result);
  });

  it('of one option leaves the others as they are given', async () => {
    const { config, tuning } = await run(board, { ...smallConfig, loss: { name: 'bsl', tau: 'auto', tau1: 2 } });
    expect(Object.keys(tuning!.chosen)).toEqual(['tau']);
    expect(config.loss).toEqual({
      name: 'bsl',
      options: { tau: tuning!.chosen.tau, tau1: 2, negativeWeight: 1, form: 'paper' },
    });
  });

  it('shows in events of its own: each trial as it trains, what it gave, then the choice, then the run', async () => {
    const { events, tuning } = await run(board, automatic);
    const trials = events.filter((event) => event.type === 'trial');
    expect(trials.map(({ options, value }) => ({ options, value }))).toEqual(
      tuning!.trials.map(({ options, value }) => ({ options, value })),
    );
    expect(trials.map(({ number }) => number)).toEqual(trials.map((_, i) => i + 1));
    const starts = events.filter((event) => event.type === 'start');
    expect(starts.map(({ phase }) => phase)).toEqual([...trials.map(() => 'tune'), 'search']);
    expect(starts[1]!.trial).toEqual({ number: 2, options: trials[1]!.options });
    const order = [...new Set(events.map((event) => event.type))];
    expect(order.indexOf('tuned')).toBeGreaterThan(order.indexOf('trial'));
    expect(order.indexOf('validation')).toBeGreaterThan(order.indexOf('tuned'));
    expect(events.filter((event) => event.type === 'end')).toHaveLength(1);
  });

  it('begins where the aim says', async () => {
    const first = async (aim: 'accuracy' | 'discovery') =>
      (await run(board, { ...automatic, aim })).tuning!.trials[0]!.options.negativeWeight!;
    expect(await first('accuracy')).toBeGreaterThan(1);
    expect(await first('discovery')).toBeLessThan(1);
  });

  it('stops on request within a trial', async () => {
    const error = await rejectionOf(run(board, automatic, {}, (event) => event.type === 'trial'));
    expect(error.code).toBe('aborted');
    expect(error.facts.epoch).toBeUndefined();
  });

  it.each([
    ['without validation', { train: board.train }, { name: 'sl', tau: 'auto' }, /sl\.tau.*validRatio/],
    ['a loss without the option', board, { name: 'bpr', tau: 'auto' }, /bpr\.tau.*sl, bsl/],
    ['a weight that no search fits', board, { name: 'bce', negativeWeight: 'auto' }, /bce\.negativeWeight.*sl, bsl/],
    ['an option that is not searched', board, { name: 'bsl', tau1: 'auto' }, /bsl\.tau1/],
    ['a loss of one’s own', board, { module: './mine.mjs', tau: 'auto' }, /mine\.mjs\.tau/],
  ])('is refused: %s', async (_, data, loss, message) => {
    const error = await rejectionOf(run(data, { ...smallConfig, loss }));
    expect(error.code).toBe('bad-option');
    expect(error.message).toMatch(message);
  });
});

describe('on synthetic data', () => {
  const data = syntheticDataset({ users: 400, items: 200, interactions: 12_000, validRatio: 0.15, seed: 3 });
  const config = { threads: 1, dimension: 16, epochs: 40, validation: { every: 40, metric: 'ndcg@20' }, seed: 1 };

  it('is kept with the model', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'taurec-tuning-'));
    afterAll(() => rm(folder, { recursive: true }));
    const result = await run(data, { ...config, epochs: 2, loss: { name: 'sl', tau: 'auto' } });
    const model = trainedModel(data, result);
    expect(createModel(model).config.tuning).toEqual(result.tuning);
    await saveModel(folder, model);
    expect((await openModel(folder)).config.tuning).toEqual(result.tuning);
  });
});

describe('a resumed run', () => {
  it('does not choose again, and continues bit for bit', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'taurec-tuning-'));
    afterAll(() => rm(folder, { recursive: true }));
    const config = { ...automatic, checkpointEvery: 1 };
    const straight = await run(board, config);
    const stopped = await rejectionOf(
      run(board, config, { checkpointDirectory: folder }, (event) => event.type === 'checkpoint'),
    );
    expect(stopped.facts.checkpoint).toBeDefined();
    const resumed = await run(board, config, { checkpointDirectory: folder, resume: true });
    expectSameModel(resumed, straight);
    expect(resumed.events.some((event) => event.type === 'trial')).toBe(false);
    expect(resumed.tuning!.chosen).toEqual(straight.tuning!.chosen);
    expect(resumed.config).toEqual(straight.config);
  });
});

describe('a trial', () => {
  it('is a fifth as long and a quarter as wide, but not too small', () => {
    const short = shortConfig(parseTrainConfig({ timeBudget: 50, refit: true }), 100_000, true);
    expect(short).toMatchObject({ epochs: 20, batch: { negatives: 512, rows: 64 }, timeBudget: 10, refit: false });
    expect(short.validation.every).toBe(20);
    const tiny = shortConfig(parseTrainConfig({ epochs: 5, batch: { negatives: 100, rows: 7 } }), 100, true);
    expect(tiny).toMatchObject({ epochs: 5, batch: { negatives: 100, rows: 7 } });
    expect(shortConfig(parseTrainConfig({ batch: { negatives: 'all' } }), 100, true).batch.negatives).toBe('all');
    expect(shortConfig(parseTrainConfig({}), 100_000, false).batch.rows).toBe('auto');
  });
});
