import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { csrDegree, csrHas } from '../../src/array/csr.ts';
import { loadDataset } from '../../src/data/dataset.ts';
import { evaluateSync } from '../../src/evaluation/evaluator.ts';
import { embeddingRanker } from '../../src/evaluation/rankers.ts';
import { loadRunData } from '../../src/experiment/execute-run.ts';
import { type LabEvent, LocalLab } from '../../src/experiment/lab.ts';
import { experimentSettings } from '../../src/experiment/read-settings.ts';
import { folderDataSet, type RunSpec } from '../../src/experiment/run.ts';
import { cutOffs } from '../../src/experiment/settings.ts';
import type { ScoreGradients, ScoreRow } from '../../src/loss/loss.ts';
import { openRankingEngine } from '../../src/recommender/ranking-engine.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { trainedModel } from '../../src/training/trained-model.ts';
import { folder } from '../data/temporary.ts';
import { rejectionOf } from '../support/error-of.ts';
import { tinyDataSet } from '../support/tiny-data-set.ts';

const data = folderDataSet(tinyDataSet(folder));
const config = { dimension: 8, epochs: 4, validation: { every: 2 }, loss: { name: 'bsl', tau: 0.2 } };
const spec = (over: Partial<RunSpec> = {}): RunSpec => ({ data, choice: 'validation', config, seed: 1, ...over });
let labs = 0;

function newLab(options: { jobs?: number; signal?: AbortSignal; at?: string } = {}) {
  const events: LabEvent[] = [];
  const at = options.at ?? join(folder, `lab-${labs++}`);
  return { at, events, lab: new LocalLab({ ...options, folder: at, onEvent: (event) => events.push(event) }) };
}

describe('a laboratory', () => {
  test('records what train and evaluate give', async () => {
    const [record] = await newLab().lab.runAll('', [spec()]);
    const dataset = await loadDataset({ ...data.files, validRatio: 0.1, validSplit: 'random', seed: 1 });
    const result = await trainEmbeddings(dataset, { ...config, seed: 1, threads: 1, neighbors: 'off' });
    const engine = await openRankingEngine(trainedModel(dataset, result), { threads: 1 });
    for (const protocol of ['clean', 'irbench'] as const) {
      const { train: seen, valid, test } = dataset;
      const { metrics } = evaluateSync(embeddingRanker(engine), { train: seen, valid, test, protocol });
      expect(record!.evaluations[protocol].metrics).toEqual(metrics);
    }
    await engine.close();
    expect(record!.chosen).toMatchObject({ epoch: result.epoch, metric: 'ndcg@20', value: result.valid!['ndcg@20'] });
    expect(record!.config).toMatchObject({ epochs: 4, seed: 1, batch: { negatives: 2048 } });
    expect(record!.data).toMatchObject({ name: 'tiny', sha256: dataset.sha256, users: 60, items: 50 });
  });

  test('gives records in the order of the specifications, the same for any number of jobs', async () => {
    const specs = [
      spec({ seed: 3 }),
      spec({ seed: 1 }),
      spec({ seed: 1, noise: { positive: 0.5 } }),
      spec({ seed: 2 }),
    ];
    const numbers = async (jobs: number) =>
      (await newLab({ jobs }).lab.runAll('', specs)).map(({ seed, noise, evaluations }) => [seed, noise, evaluations]);
    const one = await numbers(1);
    expect(one.map(([seed]) => seed)).toEqual([3, 1, 1, 2]);
    expect(await numbers(3)).toEqual(one);
  });

  test('does nothing twice: in one call, in the next, after a new start', async () => {
    const jobs = 2;
    const { lab, at, events } = newLab({ jobs });
    const [a, b] = await lab.runAll('first', [spec(), spec()]);
    expect(a).toBe(b);
    await lab.runAlone('second', [spec()]);
    const [again] = await newLab({ at }).lab.runAll('third', [spec()]);
    expect(again).toEqual(JSON.parse(JSON.stringify(a)));
    const stages = events.filter((event) => event.type === 'stage');
    expect(stages).toEqual([
      { type: 'stage', title: 'first', runs: 1, reused: 0, jobs },
      { type: 'stage', title: 'second', runs: 0, reused: 1, jobs: 1 },
    ]);
    expect(lab.used).toHaveLength(1);
  });

  const first = newLab();
  test.each([
    ['seed', { seed: 2 }],
    ['choice', { choice: 'last' }],
    ['noise', { noise: { negative: 2 } }],
    ['training option', { config: { ...config, learningRate: 0.01 } }],
    ['option of the loss', { config: { ...config, loss: { name: 'bsl', tau: 0.3 } } }],
    ['reading of the data', { data: { ...data, files: { ...data.files, kCore: 2 } } }],
    ['what is kept', { perUser: true }],
  ] satisfies [string, Partial<RunSpec>][])('another %s is another run', async (_, over) => {
    const runs = () => first.events.filter((event) => event.type === 'run').length;
    await first.lab.runAll('', [spec()]);
    const before = runs();
    await first.lab.runAll('', [spec(over)]);
    expect(runs()).toBe(before + 1);
  });

  test('what is said and what is left to its default are the same run', async () => {
    const { lab, events } = newLab();
    await lab.runAll('', [spec()]);
    const { metrics } = await experimentSettings({ data: [{ name: 'tiny', ...data.files }] }, { losses: ['sl'] });
    expect(metrics.length).toBeGreaterThan(2);
    await lab.runAll('', [spec({ ks: cutOffs(metrics), metrics: [], noise: {}, analyse: false })]);
    expect(events.filter((event) => event.type === 'run')).toHaveLength(1);
  });

  test('a module that was changed is another run', async () => {
    const path = join(folder, 'own-loss.mjs');
    const source = (weight: number) => `export default class {
      name = 'own'; parameters = {}; allowsDotScores = true;
      evaluate({ positives, negatives }, gradients) {
        gradients.positives.fill(-1 / positives.length); gradients.negatives.fill(${weight} / negatives.length);
        return 0;
      }
    }`;
    writeFileSync(path, source(1));
    const { lab, events } = newLab();
    const own = spec({ config: { ...config, loss: { module: path } } });
    await lab.runAll('', [own]);
    await lab.runAll('', [own]);
    writeFileSync(path, source(2));
    await lab.runAll('', [own]);
    expect(events.filter((event) => event.type === 'run')).toHaveLength(2);
  });

  test('objects of one name that do something else are other runs', async () => {
    const loss = (evaluate: (row: ScoreRow, gradients: ScoreGradients) => number) => ({
      ...{ name: 'sl', parameters: {}, allowsDotScores: true },
      evaluate,
    });
    const up = loss((_, gradients) => gradients.positives.fill(-1)[0]! * gradients.negatives.fill(0).length);
    const down = loss((_, gradients) => gradients.positives.fill(0)[0]! * gradients.negatives.fill(1).length);
    const { lab, events } = newLab();
    for (const one of [up, down, up, { name: 'sl', options: {} }]) {
      await lab.runAll('', [spec({ config: { ...config, loss: one } })]);
    }
    expect(events.filter((event) => event.type === 'run')).toHaveLength(3);
  });

  test('stopped in a run it keeps what was done, and goes on from the checkpoint to the same numbers', async () => {
    const long = spec({ config: { ...config, epochs: 60, checkpointEvery: 1 } });
    const [whole] = await newLab().lab.runAll('', [long]);
    const stop = new AbortController();
    const at = join(folder, 'stopped');
    const lab = new LocalLab({
      folder: at,
      jobs: 1,
      signal: stop.signal,
      onEvent(event) {
        if (event.type === 'train' && event.event.type === 'checkpoint' && event.event.epoch === 5) stop.abort();
      },
    });
    await lab.runAll('', [spec()]);
    const error = await rejectionOf(lab.runAll('', [long]));
    expect(error.code).toBe('aborted');
    expect(readFileSync(join(at, 'runs.jsonl'), 'utf8').trimEnd().split('\n')).toHaveLength(1);
    expect(existsSync(join(at, 'checkpoints'))).toBe(true);
    const { lab: next, events } = newLab({ at });
    const [resumed] = await next.runAll('', [long]);
    const start = events.find((event) => event.type === 'train' && event.event.type === 'start');
    expect(start).toMatchObject({ event: { resumed: expect.any(Number) } });
    expect(resumed!.evaluations).toEqual(whole!.evaluations);
    expect(resumed!.chosen).toEqual(whole!.chosen);
  });

  test('an error of one run ends the others and is what is told', async () => {
    const { lab } = newLab({ jobs: 2 });
    const wrong = spec({ config: { ...config, loss: { module: join(folder, 'nowhere.mjs') } } });
    const error = await rejectionOf(lab.runAll('', [wrong, spec({ config: { ...config, epochs: 100_000 } })]));
    expect(error.code).toBe('loss-module');
  });

  test('a run that diverges is remembered, does not end the others, and is not tried again', async () => {
    const path = join(folder, 'nan-loss.mjs');
    writeFileSync(
      path,
      `export default class { name = 'nan'; parameters = {}; allowsDotScores = true; evaluate() { return NaN; } }`,
    );
    const specs = [spec({ config: { ...config, loss: { module: path } } }), spec()];
    const { lab, at, events } = newLab({ jobs: 2 });
    const [failed, fine] = await lab.tryAll('', specs);
    expect(failed).toMatchObject({ seed: 1, data: { name: 'tiny' }, failed: { code: 'diverged' } });
    expect(fine!.config).toMatchObject({ epochs: 4 });
    expect(lab.used).toEqual([fine]);
    expect(readdirSync(join(at, 'checkpoints'))).toEqual([]);
    const next = newLab({ at });
    expect(await next.lab.tryAll('', specs)).toEqual(JSON.parse(JSON.stringify([failed, fine])));
    const error = await rejectionOf(next.lab.runAll('', specs));
    expect([error.code, error.message]).toEqual(['failed-run', expect.stringMatching(/Training diverged in epoch 1/)]);
    expect(events.filter((event) => event.type === 'run')).toHaveLength(2);
    expect(next.events.filter((event) => event.type === 'run')).toHaveLength(0);
  });

  test("keeps each user's numbers when asked", async () => {
    const { lab } = newLab();
    const [record] = await lab.runAll('', [spec({ perUser: true })]);
    const { users, columns } = lab.perUser(record!, 'clean');
    const mean = Array.from(columns['ndcg@20']!).reduce((sum, x) => sum + x, 0) / users.length;
    expect(mean).toBeCloseTo(record!.evaluations.clean.metrics['ndcg@20']!, 12);
  });
});

describe('the data of a run', () => {
  test('the test set as validation: nothing is held out, nothing of it is masked', async () => {
    const { dataset } = await loadRunData(spec({ choice: 'test' }));
    const plain = await loadDataset(data.files);
    expect(dataset.valid).toBe(dataset.test);
    expect(dataset.train.indices).toEqual(plain.train.indices);
    const [record] = await newLab().lab.runAll('', [spec({ choice: 'test' })]);
    expect(record!.chosen.value).toBe(record!.evaluations.clean.metrics['ndcg@20']);
  });

  test('false negatives: what was held back is neither trained on nor shown', async () => {
    const { dataset, negativeWeights, seen } = await loadRunData(spec({ noise: { falseNegative: 0.1 } }));
    const held = seen.indices.length - dataset.train.indices.length;
    expect(held).toBeGreaterThan(0.15 * seen.indices.length);
    let listed = 0;
    for (let u = 0; u < seen.rows; u++) {
      for (let i = 0; i < seen.columns; i++) {
        if (u >= negativeWeights!.rows || i >= negativeWeights!.columns || !csrHas(negativeWeights!, u, i)) continue;
        if (csrHas(dataset.train, u, i)) continue;
        expect(csrHas(seen, u, i)).toBe(true);
        listed++;
      }
    }
    expect(listed).toBe(held);
  });

  test('positive noise: more to train on, the same test', async () => {
    const { dataset } = await loadRunData(spec({ noise: { positive: 0.5 } }));
    const { dataset: clean } = await loadRunData(spec());
    const ratio = dataset.train.indices.length / clean.train.indices.length;
    expect(ratio).toBeCloseTo(1.5, 2);
    expect(dataset.test.indices).toEqual(clean.test.indices);
    for (let u = 0; u < clean.train.rows; u++)
      expect(csrDegree(dataset.train, u)).toBeGreaterThanOrEqual(csrDegree(clean.train, u));
  });
});
