import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runKey } from '../../src/experiment/execute-run.ts';
import type { RunRecord, RunSpec } from '../../src/experiment/run.ts';
import { parseTrainConfig } from '../../src/training/config.ts';

const spec = { data: { name: 'a', files: { train: 'a' } }, choice: {}, seed: 1 } as unknown as RunSpec;

test.each(['pool', 'sampler'])('the key of a run follows the text of a custom %s', (kind) => {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-run-key-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const module = join(folder, 'custom.mjs');
  const key = () => runKey(spec, parseTrainConfig({ batch: { [kind]: { module } } }), 'x');
  writeFileSync(module, '1');
  const first = key();
  writeFileSync(module, '2');
  expect(key()).not.toBe(first);
});

test('the runs recorded in examples/papers keep their keys, whatever options have come since', () => {
  const text = readFileSync(join(import.meta.dirname, '../../examples/papers/runs.jsonl'), 'utf8');
  const records = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as RunRecord);
  for (const { key, data, choice, noise, seed, config } of records) {
    // A plan has the options that the experiment gives; a loss adds those at their defaults to its record.
    const { name, options } = config.loss as { name: string; options: Record<string, unknown> };
    const { form: _form, k: _k, ...planned } = options;
    if (name === 'slatk') delete planned.negativeWeight;
    const whole = parseTrainConfig({ ...config, loss: { name, options: planned } });
    expect(runKey({ ...spec, choice, noise, seed }, whole, data.sha256)).toBe(key);
  }
});

test('the key of a run follows what changes its result, and nothing else', () => {
  const key = (options: object) => runKey(spec, parseTrainConfig(options), 'x');
  for (const same of [{ threads: 2 }, { precision: 'f16' }, { rankingScore: 'cosine' }])
    expect(key(same)).toBe(key({}));
  for (const other of [{ rankingScore: 'dot' }, { coldItems: 'off' }, { epochs: 7 }])
    expect(key(other)).not.toBe(key({}));
});
