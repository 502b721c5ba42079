import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runKey } from '../../src/experiment/execute-run.ts';
import type { RunSpec } from '../../src/experiment/run.ts';
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
