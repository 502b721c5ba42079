import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { trainWinner } from '../../src/tuning/train-winner.ts';
import { type TuneOptions, tune } from '../../src/tuning/tune.ts';

vi.setConfig({ testTimeout: 120_000 });

const parent = mkdtempSync(join(tmpdir(), 'taurec-tune-'));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const { train, test: valid } = syntheticDataset({ users: 60, items: 50, interactions: 900, testRatio: 0.2 });
const data = { train, valid: valid! };
const options = (folder: string, config: TuneOptions['config']): TuneOptions => ({
  config: { loss: 'sl', epochs: 10, dimension: 8, validation: { every: 5 }, ...config },
  folder: join(parent, folder),
  search: 'grid',
  halving: { rungs: [1], factor: 2 },
  threads: 1,
});

test('options that training refuses together are a failed trial, with the reason', async () => {
  const space = { 'batch.kind': { choice: ['pair', 'user'] } };
  const { trials, winner } = await tune(data, space, options('refused', { batch: { negatives: 'all' } }));
  const { state, failed } = trials[0]!.runs[0]!;
  expect({ state, code: failed?.code }).toEqual({ state: 'failed', code: 'bad-option' });
  expect(failed!.message).toContain('negatives');
  expect(trials[1]!.runs[0]!.state).toBe('done');
  expect(winner.trial).toBe(1);
});

test('a study is continued with other threads and for a model of another type, which change no result', async () => {
  const space = { learningRate: { choice: [0.01, 0.02] } };
  const begun = await tune(data, space, options('continued', {}));
  const wide = await trainWinner(data, begun, { threads: 1 });
  const study = await tune(data, space, { ...options('continued', { precision: 'f16', threads: 2 }), threads: 2 });
  expect(study.config).toEqual({ ...begun.config, precision: 'f16', threads: 2 });
  expect(study.trials).toEqual(begun.trials);
  expect(study.winner).toEqual(begun.winner);
  const half = await trainWinner(data, study, { threads: 1 });
  expect(half.config.precision).toBe('f16');
  expect(half.valid).toEqual(wide.valid);
  await expect(tune(data, space, options('continued', { dimension: 4 }))).rejects.toMatchObject({
    code: 'study-mismatch',
  });
});

test('the winner is trained again when its checkpoint cannot be used', async () => {
  const study = await tune(data, { learningRate: { choice: [0.01, 0.02] } }, options('damaged', {}));
  expect(study.winner.checkpoint).toBeDefined();
  const whole = await trainWinner(data, study, { threads: 1 });
  writeFileSync(join(study.folder, study.winner.checkpoint!), 'no checkpoint at all');
  const notices: string[] = [];
  const again = await trainWinner(data, study, {
    threads: 1,
    onProgress: (event) => event.type === 'notice' && notices.push(event.message),
  });
  expect(again.valid).toEqual(whole.valid);
  expect(notices).toEqual([expect.stringContaining('The winner is trained again.')]);
});
