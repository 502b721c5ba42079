import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from 'vitest';
import { type EmbeddingFormat, embeddingFormats, exportEmbeddings } from '../../src/exchange/export-embeddings.ts';
import type { Model } from '../../src/model/model.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { folder, json } from '../cli/taurec.ts';
import { noVectorSocket, openVectorDatabase } from '../support/pgvector.ts';
import { pythonWith } from '../support/python.ts';
import { randomModel } from '../support/random-model.ts';

const document = readFileSync(resolve(import.meta.dirname, '../../docs/export.md'), 'utf8');
/** The document's Python, by the name in the comment of its first line. */
const snippets = new Map(
  [...document.matchAll(/^```python\n# ([\w-]+)\n([\s\S]*?)^```$/gm)].map(([, name, code]) => [name!, code!]),
);
/** The document's commands: format and place. */
const commands = [...document.matchAll(/^ {4}taurec export model --format (\S+) --out (\S+)$/gm)].map(
  ([, format, out]) => ({ format: format as EmbeddingFormat, out: out! }),
);

/** A program of the document and its lines: ids and scores. */
async function run(python: string, code: string, env: Record<string, string> = {}) {
  const { stdout } = await promisify(execFile)(python, ['-c', code], { cwd: folder, env: { ...process.env, ...env } });
  const rows = stdout.trim().split('\n');
  return rows.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]);
}

/** The list of a model, saved as `name`, as ids and scores. */
async function listOf(name: string, model: Model): Promise<[string, number][]> {
  await saveModel(join(folder, name), model);
  const { items } = await json('recommend', name, '--user', '42', '-k', '20');
  return items.map(({ id, score }: { id: string; score: number }) => [id, score]);
}

/** Reads safetensors as the format's page describes it, for machines without its package. */
const ownReader = `
import sys, types
def load_file(path):
    data = open(path, "rb").read()
    start = 8 + int.from_bytes(data[:8], "little")
    types_of = {"F32": "<f4", "I32": "<i4"}
    return {
        name: np.frombuffer(data[start:][slice(*t["data_offsets"])], types_of[t["dtype"]]).reshape(t["shape"])
        for name, t in json.loads(data[8:start]).items() if name != "__metadata__"
    }
`;

describe.each([
  ['cosine', true, true],
  ['cosine', false, false],
  ['dot', true, true],
] as const)(
  'snippets of docs/export.md give the list of taurec recommend: %s, biases %s, neighbours %s',
  (score, biased, neighbors) => {
    let model: Model;
    let expected: [string, number][];

    beforeAll(async () => {
      const userIds = Array.from({ length: 60 }, (_, u) => `${u}`);
      const itemIds = Array.from({ length: 150 }, (_, i) => (i % 3 ? `${i}` : `it's "${i}" ünï\t\\ ☃`));
      // The term counts the liked items alone: those that were held out are seen, and not among them.
      const options = { neighbors, validation: neighbors, dimension: 12, seed: 5 };
      model = randomModel({ ...options, userIds, itemIds, score, biased });
      expected = await listOf('model', model);
      for (const { format, out } of commands) await exportEmbeddings(model, join(folder, out), { format });
    }, 60_000);

    const check = (got: (string | number)[][], list = expected) => {
      expect(got.map(([id]) => id)).toEqual(list.map(([id]) => id));
      got.forEach(([, value], at) => {
        expect(value).toBeCloseTo(list[at]![1], 4);
      });
    };

    test.for<[string, string[]]>([
      ['npy', ['numpy']],
      ['safetensors', ['numpy', 'safetensors.numpy']],
      ['parquet', ['numpy', 'pyarrow']],
      ['json', []],
    ])('%s', async ([name, modules], { skip }) => {
      const python = pythonWith(...modules);
      if (!python) return skip(`no python3 with ${modules.join(' and ')}`);
      check(await run(python, snippets.get(name)!));
    });

    test('safetensors, by a reader of its own', async ({ skip }) => {
      const python = pythonWith('numpy');
      if (!python) return skip('no python3 with numpy');
      check(await run(python, snippets.get('safetensors')!.replace(/^from safetensors.*$/m, ownReader)));
    });

    test('pgvector', async ({ skip }) => {
      const python = pythonWith('psycopg2');
      if (!python || noVectorSocket) return skip(noVectorSocket ?? 'no python3 with psycopg2');
      const database = await openVectorDatabase();
      try {
        await database.exec(readFileSync(join(folder, 'model.sql'), 'utf8'));
        const env = { PGHOST: '127.0.0.1', PGPORT: await database.listen(), PGSSLMODE: 'disable' };
        const { neighbors: _, ...vectorsAlone } = model;
        const got = await run(python, snippets.get('pgvector')!, {
          ...env,
          PGUSER: 'postgres',
          PGDATABASE: 'postgres',
        });
        check(got, await listOf('vectors-alone', vectorsAlone));
      } finally {
        await database.close();
      }
    }, 240_000);
  },
);

test('the SQL of docs/export.md is the query at the end of a file, with the names for its numbers', async () => {
  const [, query] = /^```sql\n([\s\S]*?)^```$/m.exec(document)!;
  const model = randomModel({ neighbors: true });
  await exportEmbeddings(model, join(folder, 'end.sql'), { format: 'pgvector-sql' });
  const [, comments] = /^-- (WITH liked[\s\S]*)$/m.exec(readFileSync(join(folder, 'end.sql'), 'utf8'))!;
  expect(query).toBe(comments!.replaceAll('\n-- ', '\n').replace(`${model.neighbors!.beta} * sum`, ':beta * sum'));
});

test('there is a snippet for each format', () => {
  expect([...snippets.keys()].sort()).toEqual(['json', 'npy', 'parquet', 'pgvector', 'safetensors']);
  expect(commands.map(({ format }) => format).sort()).toEqual([...embeddingFormats].sort());
});
