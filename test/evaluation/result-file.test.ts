import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { popularRanker } from '../../src/evaluation/baselines.ts';
import { evaluateSync } from '../../src/evaluation/evaluator.ts';
import { type ResultFile, readResult, resultOf, writeResult } from '../../src/evaluation/result-file.ts';
import { csrOf } from '../support/evaluation-case.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'taurec-result-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const train = csrOf(4, [[0, 1], [0], [2]]);
const test = csrOf(4, [[2], [], [1, 3]]);
const evaluation = evaluateSync(popularRanker(train), {
  train,
  test,
  protocol: 'clean',
  auc: true,
  groups: true,
  perUser: true,
});
const data = { sha256: '0f'.repeat(32), source: 'a, "b" ü' };
const result = resultOf(evaluation, { data, users: { idOf: (index) => `user ${index} é` }, run: { seed: 1 } });

describe('result file', () => {
  it('write → read gives the evaluation back, users by id, and leaves nothing else in the folder', () => {
    const path = join(folder, 'result.json');
    writeResult(path, result);
    const read = readResult(path);
    expect(read).toEqual(result);
    expect(read.metrics).toEqual(evaluation.metrics);
    expect(read.groups).toEqual(evaluation.groups);
    expect(read.perUser!.users).toEqual(['user 0 é', 'user 2 é']);
    expect(read.perUser!.columns['recall@20']).toEqual([...evaluation.perUser!.columns['recall@20']!]);
    expect(readdirSync(folder)).toEqual(['result.json']);
  });

  it('a result without groups and users', () => {
    const { groups: _groups, perUser: _perUser, ...plain } = evaluation;
    const small = resultOf(plain, { data: { sha256: data.sha256 }, users: { idOf: String } });
    const path = join(folder, 'small.json');
    writeResult(path, small);
    expect(readResult(path)).toEqual(small);
    expect(small).not.toHaveProperty('perUser');
  });

  it('an invalid result is refused before anything is written; the old file stays', () => {
    const path = join(folder, 'kept.json');
    writeResult(path, result);
    const before = readFileSync(path, 'utf8');
    expect(() => writeResult(path, { ...result, metrics: { 'ndcg@20': Number.NaN } })).toThrow(/field metrics.ndcg@20/);
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('a folder in the way leaves no temporary file behind', () => {
    const inner = mkdtempSync(join(folder, 'inner-'));
    expect(() => writeResult(join(inner), result)).toThrow();
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  const changed = (change: Partial<Record<keyof ResultFile, unknown>>) => JSON.stringify({ ...result, ...change });
  it.each([
    ['truncated', JSON.stringify(result).slice(0, -20), /not JSON/],
    ['empty', '', /not JSON/],
    ['null', 'null', /field format: got undefined, expected "taurec-result"/],
    ['foreign', '{"format":"other"}', /field format: got "other"/],
    ['newer', changed({ version: 2 }), /newer taurec: got version 2, expected at most 1/],
    ['another protocol', changed({ protocol: 'mine' }), /field protocol/],
    ['not a hash', changed({ data: { sha256: 'abc' } }), /field data.sha256: expected 64 hexadecimal digits/],
    ['a null metric', changed({ metrics: { 'ndcg@20': null } }), /field metrics.ndcg@20/],
    [
      'a short column',
      changed({ perUser: { users: ['a', 'b'], columns: { auc: [1] } } }),
      /perUser.columns.auc: has 1 values, expected 2/,
    ],
    [
      'a user twice',
      changed({ perUser: { users: ['a', 'a'], columns: {} } }),
      /field perUser.users: 1 ids occur twice/,
    ],
  ])('%s: names the file and the problem', (name, text, problem) => {
    const path = join(folder, `${name}.bad`);
    writeFileSync(path, text);
    expect(() => readResult(path)).toThrow(
      expect.objectContaining({ code: 'bad-result', message: expect.stringMatching(problem) }),
    );
    expect(() => readResult(path)).toThrow(path);
  });

  it('a missing file', () => {
    expect(() => readResult(join(folder, 'none.json'))).toThrow(expect.objectContaining({ code: 'file-not-found' }));
  });
});
