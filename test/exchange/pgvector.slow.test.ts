import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { csrEntryRows } from '../../src/array/csr.ts';
import { row } from '../../src/array/matrix.ts';
import { exportEmbeddings } from '../../src/exchange/export-embeddings.ts';
import type { Model } from '../../src/model/model.ts';
import { openRankingEngine } from '../../src/recommender/ranking-engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { rejectionOf } from '../support/error-of.ts';
import { noVectorDatabase, openVectorDatabase, type VectorDatabase } from '../support/pgvector.ts';
import { randomModel } from '../support/random-model.ts';

const ids = [
  "o'clock",
  'a\\b',
  '\\N',
  '\\.',
  'tab\there',
  'line\nend',
  'cr\r',
  'say "hi"',
  '日本☃',
  ' ',
  '\u2028',
  '$1',
  '--x',
];

async function textOf(model: Model, format: 'pgvector-sql' | 'pgvector-copy'): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'taurec-pgvector-'));
  try {
    await exportEmbeddings(model, join(folder, 'x.sql'), { format });
    return await readFile(join(folder, 'x.sql'), 'utf8');
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What psql does with a file: statements go to the server, and the lines after COPY … FROM stdin as their data. */
async function load(database: VectorDatabase, text: string): Promise<void> {
  const parts = text.replace(/^\\set .*\n/, '').split(/^(COPY .*) FROM stdin;\n([\s\S]*?)^\\\.\n/m);
  for (let at = 0; at < parts.length; at += 3) {
    await database.exec(parts[at]!);
    if (at + 1 === parts.length) break;
    const blob = new Blob([parts[at + 2]!]);
    await database.query(`${parts[at + 1]} FROM '/dev/blob'`, [], { blob });
  }
}

/** One for the file: a start takes seconds. Each test leaves it empty. */
let database: VectorDatabase | undefined;
afterAll(() => database?.close());

test.for(['pgvector-sql', 'pgvector-copy'] as const)(
  '%s: ids, titles and seen pairs as they are; <#> is minus the score',
  { timeout: 240_000 },
  async (format, { skip }) => {
    if (noVectorDatabase) return skip(noVectorDatabase);
    const model = randomModel({ userIds: ids, itemIds: ids, titles: true, biased: true, score: 'dot' });
    database ??= await openVectorDatabase();
    await load(database, await textOf(model, format));
    const titles = await database.query<{ id: string; title: string | null }>('SELECT id, title FROM taurec_items');
    expect(new Map(titles.rows.map(({ id, title }) => [id, title]))).toEqual(
      new Map(ids.map((id, i) => [id, model.titles!.at(i) ?? null])),
    );
    const seen = await database.query<{ user_id: string; item_id: string }>('SELECT * FROM taurec_seen');
    const users = csrEntryRows(model.seen);
    expect(seen.rows.map((pair) => JSON.stringify([pair.user_id, pair.item_id])).sort()).toEqual(
      Array.from(model.seen.indices, (item, e) => JSON.stringify([ids[users[e]!], ids[item]])).sort(),
    );
    const scores = await database.query<{ u: string; i: string; score: number }>(
      'SELECT u.id AS u, i.id AS i, -(u.embedding <#> i.embedding) AS score FROM taurec_users u, taurec_items i',
    );
    expect(scores.rows).toHaveLength(ids.length ** 2);
    for (const { u, i, score } of scores.rows) {
      const [user, item] = [row(model.users, ids.indexOf(u)), row(model.items, ids.indexOf(i))];
      const product = user.reduce((sum, x, c) => sum + x * item[c]!, 0);
      expect(score).toBeCloseTo(product + model.itemBias![ids.indexOf(i)]!, 4);
    }
    for (const [, statement] of (await textOf(model, format)).matchAll(/^-- (CREATE INDEX .*)$/gm))
      await database.exec(statement!);
    await database.exec('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  },
);

test.for(['pgvector-sql', 'pgvector-copy'] as const)(
  '%s: the query with the neighbour term gives the list of the model',
  { timeout: 240_000 },
  async (format, { skip }) => {
    if (noVectorDatabase) return skip(noVectorDatabase);
    const validation = true;
    const model = randomModel({ users: 8, items: 40, score: 'dot', biased: true, neighbors: true, validation });
    database ??= await openVectorDatabase();
    const text = await textOf(model, format);
    await load(database, text);
    const [, comments] = /\n-- WITH liked([\s\S]*)$/.exec(text)!;
    const query = `WITH liked${comments}`.replaceAll('\n-- ', '\n').replaceAll(':user', "'u3'");
    const found = await database.query<{ id: string; score: number }>(query);
    const recommender = Recommender.fromModel(model, await openRankingEngine(model, { engine: 'reference' }));
    const expected = recommender.recommend('u3', { k: 20 });
    expect(found.rows.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
    found.rows.forEach(({ score }, at) => {
      expect(score).toBeCloseTo(expected[at]!.score, 4);
    });
    await recommender.close();
    await database.exec('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  },
);

test.each(['pgvector-sql', 'pgvector-copy'] as const)(
  '%s refuses NUL, which PostgreSQL cannot hold',
  async (format) => {
    const error = await rejectionOf(textOf(randomModel({ itemIds: ['a\0b'] }), format));
    expect([error.code, error.message]).toEqual([
      'cannot-export',
      expect.stringContaining('"a\\u0000b" contains the character NUL'),
    ]);
  },
);

test.each(['pgvector-sql', 'pgvector-copy'] as const)('%s refuses vectors longer than pgvector has', async (format) => {
  const error = await rejectionOf(textOf(randomModel({ dimension: 16_001, users: 1, items: 1 }), format));
  expect(error.message).toContain('16001 columns, pgvector supports 16000');
});
