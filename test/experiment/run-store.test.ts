import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RunStore } from '../../src/experiment/lab.ts';
import type { RunRecord } from '../../src/experiment/run.ts';
import { folder } from '../data/temporary.ts';
import { errorOf } from '../support/error-of.ts';

const record = (key: string) => ({ key, evaluations: {}, config: { loss: { tau: Infinity } } }) as unknown as RunRecord;

test('what was added is there when the file is opened again', () => {
  const path = join(folder, 'added', 'deep', 'runs.jsonl');
  const store = new RunStore(path);
  expect(store.get('a')).toBeUndefined();
  store.add(record('a'));
  store.add(record('b'));
  const again = new RunStore(path);
  expect(again.get('a')).toEqual({ key: 'a', evaluations: {}, config: { loss: { tau: 'inf' } } });
  expect(again.get('b')?.key).toBe('b');
});

test('a last line that is not whole is cut off, and the next record stands on a line of its own', () => {
  const path = join(folder, 'torn', 'runs.jsonl');
  new RunStore(path).add(record('a'));
  appendFileSync(path, '{"key":"half, λ');
  new RunStore(path).add(record('b'));
  expect(
    readFileSync(path, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).key),
  ).toEqual(['a', 'b']);
});

test('another line that is not a record is an error that names it', () => {
  const path = join(folder, 'wrong', 'runs.jsonl');
  new RunStore(path).add(record('a'));
  appendFileSync(path, 'nonsense\n');
  const error = errorOf(() => new RunStore(path));
  expect(error.code).toBe('bad-runs');
  expect(error.message).toContain('runs.jsonl, line 2: got "nonsense"');
});

test('an infinite temperature comes back as it was', () => {
  const path = join(folder, 'infinite', 'runs.jsonl');
  const analysis = { tau: Infinity, predictedTau: Infinity, radius: 0, weightQuantiles: [{ quantile: 1, weight: 1 }] };
  const analysed = { ...record('a'), analysis } as unknown as RunRecord;
  new RunStore(path).add(analysed);
  expect((new RunStore(path).get('a') as RunRecord).analysis).toEqual(analysis);
});
