import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Csr, csrFromEntries } from '../../src/array/csr.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { evaluateSync } from '../../src/evaluation/evaluator.ts';
import { embeddingRanker } from '../../src/evaluation/rankers.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { popularityBias } from '../../src/recommender/popularity-prior.ts';
import { loadEmbeddings, openRankingEngine } from '../../src/recommender/ranking-engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { parseTrainConfig, type TrainConfigInput } from '../../src/training/config.ts';
import type { TrainEvent } from '../../src/training/events.ts';
import { mergeInteractions } from '../../src/training/merge.ts';
import { trainedModel } from '../../src/training/trained-model.ts';
import type { TrainingData } from '../../src/training/training.ts';
import { runTraining } from '../../src/training/training-run.ts';
import { searchPrior } from '../../src/training/validation.ts';
import { rejectionOf } from '../support/error-of.ts';
import { expectSameModel } from '../support/same-model.ts';

/** With popular and rare items, as the generator makes them. */
const dataset = syntheticDataset({
  users: 150,
  items: 60,
  interactions: 2000,
  validRatio: 0.2,
  testRatio: 0.1,
  seed: 4,
});
const { train, valid } = dataset as { train: Csr; valid: Csr };
const metric = 'ndcg@5';
const small = {
  engine: 'reference',
  loss: { name: 'sl', tau: 0.25 },
  learningRate: 0.02,
  dimension: 6,
  epochs: 6,
  batch: { rows: 30, negatives: 20, pool: 'popularity', alpha: 0.7 },
  validation: { metric, every: 2 },
  popularityPrior: 'auto',
  neighbors: 'off',
} satisfies TrainConfigInput;

async function run(
  config: TrainConfigInput,
  options: { folder?: string; stopAfter?: number; resume?: boolean } = {},
  data: TrainingData = dataset,
) {
  const events: TrainEvent[] = [];
  const result = await runTraining(data, parseTrainConfig(config), {
    onEvent: (event) => void events.push(event),
    aborted: () => events.filter((event) => event.type === 'checkpoint').length >= (options.stopAfter ?? Infinity),
    checkpointDirectory: options.folder,
    resume: options.resume,
  });
  return { ...result, events };
}

/** What the chosen embeddings are worth on validation with another prior. */
async function valueAt(result: Awaited<ReturnType<typeof run>>, c: number): Promise<number> {
  const model = trainedModel(dataset, result);
  const engine = await openRankingEngine(model, { engine: 'reference' });
  const ranker = embeddingRanker(engine, popularityBias(train, c));
  return evaluateSync(ranker, { train, test: valid, protocol: 'clean', ks: [5] }).metrics[metric]!;
}

describe('popularityBias', () => {
  it('is c · log(1 + number of users who have the item)', () => {
    const bias = popularityBias(csrFromEntries(3, 3, [0, 1, 2, 0], [0, 0, 0, 2], [5, 5, 5, 5]), -2);
    expect([...bias]).toEqual([Math.fround(-2 * Math.log(4)), -0, Math.fround(-2 * Math.log(2))]);
  });
});

describe('searchPrior', () => {
  const about = (summit: number, c: number) => ({ c, value: -Math.abs(c - summit) });

  it('finds the summit to half a step, in the units of the scores, from any beginning', () => {
    const numbers = fc.double({ min: -1, max: 1, noNaN: true });
    fc.assert(
      fc.property(
        numbers,
        fc.option(numbers, { nil: undefined }),
        fc.constantFrom(1, 0.01, 30),
        (summit, last, scale) => {
          const looked: number[] = [];
          const found = searchPrior(
            (c) => {
              looked.push(c);
              return about(summit * scale, c);
            },
            scale,
            last === undefined ? undefined : last * scale,
          );
          expect(Math.abs(found.c / scale - summit)).toBeLessThanOrEqual(0.01 + 1e-9);
          expect(new Set(looked).size).toBe(looked.length);
        },
      ),
    );
  });

  it('stays where nothing is better, and within a unit', () => {
    expect(searchPrior((c) => ({ c, value: 0 }), 1)).toEqual({ c: 0, value: 0 });
    expect(searchPrior((c) => ({ c, value: 0 }), 1, 0.14).c).toBe(0.14);
    expect(searchPrior((c) => ({ c, value: c }), 1).c).toBe(1);
    expect(searchPrior((c) => ({ c, value: -c }), 1, -7).c).toBe(-1);
  });
});

describe('training with a popularity prior', () => {
  it('a number: validation and the result have it, the embeddings are those without', async () => {
    const plain = await run({ ...small, epochs: 2, popularityPrior: 0 });
    expect(plain.itemBias).toBeUndefined();
    const biased = await run({ ...small, epochs: 2, popularityPrior: -0.3 });
    expectSameModel(biased, plain);
    expect(biased.itemBias).toEqual(popularityBias(train, -0.3));
    expect(biased.valid![metric]).toBe(await valueAt(biased, -0.3));
    expect(plain.valid![metric]).toBe(await valueAt(biased, 0));
    expect(biased.valid).not.toEqual(plain.valid);
  });

  it.each<[string, TrainConfigInput]>([
    ['cosine', {}],
    ['inner products', { loss: 'bce', batch: { ...small.batch, pool: 'uniform' } }],
    ['a graph backbone', { backbone: 'lightgcn' }],
    ['pairs', { batch: { ...small.batch, kind: 'pair', rows: 100, negatives: 5 } }],
  ])('auto chooses what a fine grid does: %s', async (_, part) => {
    const result = await run({ ...small, ...part });
    const c = result.config.popularityPrior as number;
    const own = result.valid![metric]!;
    expect(own).toBe(await valueAt(result, c));
    expect(result.itemBias).toEqual(popularityBias(train, c));
    const lengths = (m: typeof result.users) =>
      Array.from({ length: m.rows }, (_, r) => Math.hypot(...m.data.subarray(r * m.stride, r * m.stride + m.columns)));
    const mean = (x: number[]) => x.reduce((a, b) => a + b) / x.length;
    const scale = result.config.score === 'cosine' ? 1 : mean(lengths(result.users)) * mean(lengths(result.items));
    const values: number[] = [];
    for (let step = -50; step <= 50; step += 2) values.push(await valueAt(result, (step / 50) * scale));
    // The value of so few users is rough: a summit within 3% counts.
    expect(own).toBeGreaterThanOrEqual(0.97 * Math.max(...values));
    const validations = result.events.filter((event) => event.type === 'validation');
    expect(validations.map((event) => event.popularityPrior)).toEqual(
      result.history.filter((record) => record.valid).map((record) => record.popularityPrior),
    );
    expect(result.history[result.epoch - 1]!.popularityPrior).toBe(c);
  });

  it('auto searches at every second validation, and keeps its number in between', async () => {
    const { history } = await run({ ...small, epochs: 9, validation: { metric, every: 1, patience: 9 } });
    const priors = history.map((record) => record.popularityPrior!);
    const searched = priors.filter((_, at) => at % 2 === 0);
    expect(priors).toEqual(searched.flatMap((c) => [c, c]).slice(0, 9));
    expect(new Set(searched).size).toBeGreaterThan(1);
  });

  it('is the same run again, and from the number that it chose', async () => {
    const result = await run(small);
    const again = await run(small);
    expectSameModel(again, result);
    expect(again.itemBias).toEqual(result.itemBias);
    const fixed = await run({ ...small, popularityPrior: result.config.popularityPrior });
    expect(fixed.config).toEqual(result.config);
    expect(fixed.history[result.epoch - 1]!.valid).toEqual(result.valid);
  });

  it.each([false, true])('resumes bit for bit, refit %s', async (refit) => {
    const folder = await mkdtemp(join(tmpdir(), 'taurec-prior-'));
    try {
      const config = { ...small, checkpointEvery: 1, refit };
      const straight = await run(config, { folder });
      await rm(join(folder, 'checkpoint.safetensors'));
      expect((await rejectionOf(run(config, { folder, stopAfter: 3 }))).code).toBe('aborted');
      const resumed = await run(config, { folder, resume: true });
      expectSameModel(resumed, straight);
      const priors = ({ history }: typeof straight) => history.map((record) => record.popularityPrior);
      expect(priors(resumed)).toEqual(priors(straight));
      expect(resumed.itemBias).toEqual(straight.itemBias);
      const trainedOn = refit ? mergeInteractions(train, valid) : train;
      expect(straight.itemBias).toEqual(popularityBias(trainedOn, straight.config.popularityPrior as number));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('auto without validation data is an error that says what to do', async () => {
    for (const data of [{ train }, { train, valid: csrFromEntries(150, 60, [], []) }]) {
      const error = await rejectionOf(run(small, {}, data));
      expect(error.message).toMatch(/popularityPrior.*"auto".*a number.*--valid-ratio/s);
    }
    expect(() => parseTrainConfig({ popularityPrior: 'much' })).toThrow(/popularityPrior.*a finite number, or 'auto'/);
    expect(() => parseTrainConfig({ popularityPrior: Infinity })).toThrow(/popularityPrior/);
  });

  it('a saved model ranks as the result does', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'taurec-prior-'));
    try {
      const result = await run({ ...small, epochs: 2, popularityPrior: 0.2 });
      const model = trainedModel(dataset, result);
      await saveModel(join(folder, 'model'), model);
      const opened = await openModel(join(folder, 'model'));
      expect(opened.itemBias).toEqual(result.itemBias);
      expect(opened.config.training.popularityPrior).toBe(0.2);
      const engine = await openRankingEngine(model, { engine: 'reference' });
      const lists = (m: typeof model) => Recommender.fromModel(m, engine).recommend([...m.userIds], { k: 60 });
      const before = lists(model);
      loadEmbeddings(opened, engine);
      expect(lists(opened)).toEqual(before);
      expect(lists({ ...opened, itemBias: undefined })).not.toEqual(before);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
