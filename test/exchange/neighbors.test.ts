import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { csrTranspose } from '../../src/array/csr.ts';
import { exportEmbeddings } from '../../src/exchange/export-embeddings.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { openRankingEngine } from '../../src/recommender/ranking-engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { pythonWith } from '../support/python.ts';
import { randomModel } from '../support/random-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'taurec-neighbors-'));
afterAll(() => rmSync(folder, { recursive: true }));
const model = randomModel({ users: 12, items: 30, neighbors: true, biased: true, validation: true, dimension: 5 });
const s = csrTranspose(model.neighbors!.votes);

describe('an export of a model with a neighbour term', () => {
  it('npy: S as a SciPy matrix', async () => {
    const at = join(folder, 'npy');
    await exportEmbeddings(model, at, { format: 'npy' });
    const files = unzipSync(readFileSync(join(at, 'neighbors.npz')));
    expect(Object.keys(files).sort()).toEqual(['data.npy', 'format.npy', 'indices.npy', 'indptr.npy', 'shape.npy']);
    expect(strFromU8(files['format.npy']!).endsWith('csr')).toBe(true);
    expect(JSON.parse(readFileSync(join(at, 'export.json'), 'utf8'))).toMatchObject({
      neighbors: { kind: 'ridge', size: 6, beta: 0.75 },
      score: expect.stringContaining('S_ij'),
    });
    const python = pythonWith('numpy', 'scipy.sparse');
    if (!python) return;
    const code = `
import json, scipy.sparse
m = scipy.sparse.load_npz("neighbors.npz")
print(json.dumps([m.shape, m.indptr.tolist(), m.indices.tolist(), m.data.tolist()]))`;
    const read = JSON.parse(execFileSync(python, ['-c', code], { cwd: at, encoding: 'utf8' }));
    expect(read).toEqual([[30, 30], [...s.offsets], [...s.indices], [...s.values!]]);
  });

  it('JSON: the neighbours of each item with their weights', async () => {
    const at = join(folder, 'model.json');
    await exportEmbeddings(model, at, { format: 'json' });
    const { items } = JSON.parse(readFileSync(at, 'utf8'));
    for (let i = 0; i < 30; i++) {
      const expected: Record<string, number> = {};
      for (let e = s.offsets[i]!; e < s.offsets[i + 1]!; e++) expected[`i${s.indices[e]}`] = s.values![e]!;
      expect(Object.keys(items[i].neighbors)).toEqual(Object.keys(expected));
      for (const [id, weight] of Object.entries(expected)) expect(Math.fround(items[i].neighbors[id])).toBe(weight);
    }
  });

  it('Parquet: a table of items, neighbours and weights', async () => {
    const at = join(folder, 'parquet');
    await exportEmbeddings(model, at, { format: 'parquet' });
    const connection = await (await DuckDBInstance.create()).connect();
    const query = `SELECT item, neighbor, weight FROM '${join(at, 'neighbors.parquet')}'`;
    const rows = (await connection.runAndReadAll(query)).getRows();
    connection.closeSync();
    const expected: unknown[] = [];
    for (let i = 0; i < 30; i++)
      for (let e = s.offsets[i]!; e < s.offsets[i + 1]!; e++)
        expected.push([`i${i}`, `i${s.indices[e]}`, s.values![e]]);
    expect(rows).toEqual(expected);
  });

  it('a later export without one leaves no file of it', async () => {
    const at = join(folder, 'npy');
    const { neighbors: _, ...plain } = model;
    await exportEmbeddings(plain, at, { format: 'npy' });
    expect(() => readFileSync(join(at, 'neighbors.npz'))).toThrow(/ENOENT/);
  });
});

it('the Python of docs/model-format.md gives the list of the model', async ({ skip }) => {
  const python = pythonWith('numpy');
  if (!python) return skip('no python3 with numpy');
  const text = readFileSync(join(import.meta.dirname, '../../docs/model-format.md'), 'utf8');
  const [, code] = /```python\n([\s\S]*?)```/.exec(text)!;
  const reader = `
import json, sys, types
import numpy as np
def load_file(path):
    data = open(path, "rb").read()
    start = 8 + int.from_bytes(data[:8], "little")
    types_of = {"F32": "<f4", "I32": "<i4", "U32": "<u4", "U8": "u1"}
    return {name: np.frombuffer(data[start:][slice(*t["data_offsets"])], types_of[t["dtype"]]).reshape(t["shape"])
        for name, t in json.loads(data[8:start]).items() if name != "__metadata__"}
`;
  await saveModel(join(folder, 'model'), model);
  const program = reader + code!.replace('from safetensors.numpy import load_file\n', '').replace('"1"', '"u4"');
  const lines = execFileSync(python, ['-c', program], { cwd: folder, encoding: 'utf8' }).trim().split('\n');
  const recommender = Recommender.fromModel(model, await openRankingEngine(model, { engine: 'reference' }));
  const expected = recommender.recommend('u4', { k: 3 });
  expect(lines.map((line) => line.split(' ')[0])).toEqual(expected.map(({ id }) => id));
  lines.forEach((line, at) => {
    expect(Number(line.split(' ')[1])).toBeCloseTo(expected[at]!.score, 5);
  });
  await recommender.close();
});
