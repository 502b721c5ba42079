import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { strFromU8, unzipSync } from 'fflate';
import { afterAll, describe, expect, it } from 'vitest';
import { csrRow, csrTranspose } from '../../src/array/csr.ts';
import { type EmbeddingFormat, exportEmbeddings } from '../../src/exchange/export-embeddings.ts';
import { importEmbeddings } from '../../src/exchange/import-embeddings.ts';
import { parseNpyHead } from '../../src/exchange/npy-format.ts';
import { trainedItems } from '../../src/model/model.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { openSafetensors } from '../../src/model/safetensors.ts';
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

  it('a later export without one leaves no file of it, and one without seen items no list of them', async () => {
    const at = join(folder, 'npy');
    const { neighbors: _, ...plain } = model;
    const lists = ['liked-items.npy', 'liked-offsets.npy'];
    await exportEmbeddings(model, at, { format: 'npy' });
    expect(readdirSync(at)).toEqual(expect.arrayContaining([...lists, 'neighbors.npz']));
    await exportEmbeddings(model, at, { format: 'npy', seen: false });
    expect(readdirSync(at).filter((name) => /liked|seen/.test(name))).toEqual([]);
    expect(readdirSync(at)).toContain('neighbors.npz');
    await exportEmbeddings(plain, at, { format: 'npy' });
    expect(readdirSync(at).filter((name) => /liked|neighbors/.test(name))).toEqual([]);
  });
});

/** What an export says of the term. */
interface Term {
  /** The liked items of each user, by user id. */
  readonly liked: ReadonlyMap<string, readonly string[]>;
  readonly entries: readonly (readonly [item: string, neighbor: string, weight: number])[];
}

/** The term from three arrays of S by item, and two of the liked items. */
function termOf(
  arrays: Record<'offsets' | 'items' | 'values' | 'likedOffsets' | 'likedItems', ArrayLike<number>>,
): Term {
  const { offsets, items, values, likedOffsets, likedItems } = arrays;
  const entries: [string, string, number][] = [];
  for (let i = 0; i < offsets.length - 1; i++)
    for (let e = offsets[i]!; e < offsets[i + 1]!; e++) entries.push([`i${i}`, `i${items[e]}`, values[e]!]);
  const liked = new Map<string, string[]>();
  for (let u = 0; u < likedOffsets.length - 1; u++)
    liked.set(
      `u${u}`,
      Array.from(likedItems)
        .slice(likedOffsets[u], likedOffsets[u + 1])
        .map((i) => `i${i}`),
    );
  return { liked, entries };
}

const npy = (bytes: Uint8Array) => {
  const head = parseNpyHead(bytes) as Exclude<ReturnType<typeof parseNpyHead>, string>;
  const data = Uint8Array.from(bytes.subarray(head.dataStart)).buffer;
  return head.descr === '<f4' ? new Float32Array(data) : new Int32Array(data);
};

/** Reads the term from the files of an export. */
const readers: Partial<Record<EmbeddingFormat, (at: string) => Term | Promise<Term>>> = {
  npy(at) {
    const s = unzipSync(readFileSync(join(at, 'neighbors.npz')));
    const [offsets, items, values] = ['indptr.npy', 'indices.npy', 'data.npy'].map((name) => npy(s[name]!));
    const [likedOffsets, likedItems] = ['offsets', 'items'].map((n) => npy(readFileSync(join(at, `liked-${n}.npy`))));
    return termOf({
      ...{ offsets: offsets!, items: items!, values: values! },
      ...{ likedOffsets: likedOffsets!, likedItems: likedItems! },
    });
  },
  async safetensors(at) {
    const { tensors, metadata } = await openSafetensors(join(at, 'embeddings.safetensors'));
    expect(metadata.score).toMatch(/beta.*S_ij/);
    const data = (name: string) => tensors.get(name)!.data as Int32Array | Float32Array;
    return termOf({
      ...{ offsets: data('neighbors.offsets'), items: data('neighbors.items'), values: data('neighbors.values') },
      ...{ likedOffsets: data('liked.offsets'), likedItems: data('liked.items') },
    });
  },
  async parquet(at) {
    const connection = await (await DuckDBInstance.create()).connect();
    const rows = async (query: string) => (await connection.runAndReadAll(query)).getRows();
    const entries = await rows(`SELECT item, neighbor, weight FROM '${join(at, 'neighbors.parquet')}'`);
    const pairs = await rows(`SELECT "user", item FROM '${join(at, 'seen.parquet')}' WHERE liked`);
    connection.closeSync();
    const liked = new Map<string, string[]>();
    for (const [user, item] of pairs as [string, string][]) liked.set(user, [...(liked.get(user) ?? []), item]);
    return { liked, entries: entries as [string, string, number][] };
  },
  json(at) {
    const { users, items } = JSON.parse(readFileSync(at, 'utf8'));
    return {
      liked: new Map(users.map((user: { id: string; liked: string[] }) => [user.id, user.liked])),
      entries: items.flatMap((item: { id: string; neighbors: Record<string, number> }) =>
        Object.entries(item.neighbors).map(([id, weight]) => [item.id, id, weight]),
      ),
    };
  },
};

const sourcesIn: Partial<Record<EmbeddingFormat, (at: string) => Record<string, string>>> = {
  npy: (at) => ({
    ...{ users: `${at}/users.npy`, items: `${at}/items.npy`, itemBias: `${at}/itemBias.npy` },
    ...{ userIds: `${at}/user-ids.jsonl`, itemIds: `${at}/item-ids.jsonl` },
  }),
  safetensors: (at) => ({
    ...{ users: `${at}/embeddings.safetensors`, items: `${at}/embeddings.safetensors` },
    ...{ userIds: `${at}/user-ids.jsonl`, itemIds: `${at}/item-ids.jsonl` },
  }),
  parquet: (at) => ({ users: `${at}/users.parquet`, items: `${at}/items.parquet` }),
  json: (at) => ({ users: at, items: at }),
};

describe.each(Object.keys(readers) as EmbeddingFormat[])('%s', (format) => {
  it.each([true, false])('the files give the scores of the model; a validation part: %s', async (validation) => {
    const exported = randomModel({ users: 12, items: 30, neighbors: true, biased: true, validation, dimension: 5 });
    const at = join(folder, `scores-${format}-${validation}${format === 'json' ? '.json' : ''}`);
    await exportEmbeddings(exported, at, { format });
    const { liked, entries } = await readers[format]!(at);
    const trained = trainedItems(exported);
    for (let u = 0; u < 12; u++)
      expect(liked.get(`u${u}`) ?? []).toEqual(Array.from(csrRow(trained, u), (i) => `i${i}`));
    const { model: read } = await importEmbeddings({ users: '', items: '', ...sourcesIn[format]!(at), score: 'dot' });
    await using embeddings = Recommender.fromModel(read, await openRankingEngine(read, { engine: 'reference' }));
    await using expected = Recommender.fromModel(exported, await openRankingEngine(exported, { engine: 'reference' }));
    const items = [...exported.itemIds];
    for (const user of exported.userIds) {
      const term = new Map<string, number>();
      for (const [item, neighbor, weight] of entries)
        if (liked.get(user)?.includes(neighbor)) term.set(item, (term.get(item) ?? 0) + weight);
      const scale = exported.neighbors!.beta / Math.sqrt(liked.get(user)?.length || 1);
      const scores = embeddings.score(user, items).map((score, i) => score + scale * (term.get(items[i]!) ?? 0));
      expected.score(user, items).forEach((score, i) => {
        expect(Math.abs(scores[i]! - score)).toBeLessThan(1e-6);
      });
    }
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
