import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { exportRecommendations } from '../../src/lists/export-recommendations.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { type RandomModelOptions, randomModel } from '../support/random-model.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-export-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function recommenderOf(options: RandomModelOptions) {
  const model = randomModel(options);
  const { users, items, config } = model;
  const plan = { users: users.rows, items: items.rows, dimension: items.columns, score: config.score };
  return Recommender.fromModel(model, await openReferenceEngine(plan));
}

/** What a file holds, read by DuckDB. */
async function readBack(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  instance.closeSync();
  return rows;
}

const awkward = ['a,b', 'say "hi"', "o'clock", 'line\nbreak', 'ünï', '日本', ' space ', '5', 'x;y', '\ttab'];

describe.each([true, false])('exportRecommendations, titles %s', (titles) => {
  async function expectedRows(recommender: Recommender) {
    return [...recommender.userIds].flatMap((user) =>
      recommender
        .recommend(user, { k: 3 })
        .map((item, i) => [user, i + 1, item.id, item.score, ...(titles ? [item.title ?? null] : [])]),
    );
  }

  it.each([
    [
      'csv',
      (file: string) =>
        `SELECT * FROM read_csv('${file}', all_varchar = true, header = true, delim = ',', quote = '"', escape = '"', parallel = false)`,
    ],
    ['parquet', (file: string) => `SELECT * FROM '${file}'`],
  ])('%s holds a row for each recommendation', async (format, sql) => {
    const recommender = await recommenderOf({ userIds: awkward, itemIds: awkward, titles });
    const file = join(folder, `lists-${titles}.${format}`);
    expect(await exportRecommendations(recommender, file, { k: 3 })).toBe(awkward.length);
    const rows = (await readBack(sql(file))).map(([user, rank, item, score, ...rest]) => [
      user,
      Number(rank),
      item,
      Number(score),
      ...rest,
    ]);
    expect(rows).toEqual(await expectedRows(recommender));
  });

  it('JSON lines hold a line for each user', async () => {
    const recommender = await recommenderOf({ userIds: awkward, itemIds: awkward, titles });
    const file = join(folder, `lists-${titles}.jsonl`);
    await exportRecommendations(recommender, file, { k: 3, users: ['ünï', '5'] });
    const lines = (await readFile(file, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual(['ünï', '5'].map((user) => ({ user, items: recommender.recommend(user, { k: 3 }) })));
  });
});

describe('exportRecommendations', () => {
  it('streams many blocks in order and tells its progress', async () => {
    const recommender = await recommenderOf({ users: 2500, items: 12 });
    for (const format of ['csv', 'parquet'] as const) {
      const file = join(folder, `many.${format}`);
      const seen: number[] = [];
      await exportRecommendations(recommender, file, { k: 4, onProgress: (users) => seen.push(users) });
      expect(seen.at(-1)).toBe(2500);
      expect(seen.length).toBeGreaterThan(1);
      const users = await readBack(`SELECT "user" FROM '${file}' WHERE "rank" = 1`);
      expect(users.flat()).toEqual([...recommender.userIds]);
    }
  });

  it('leaves the old file and nothing else when it fails', async () => {
    const recommender = await recommenderOf({});
    const own = await mkdtemp(join(folder, 'fail-'));
    for (const name of ['a.csv', 'a.parquet', 'a.jsonl']) {
      const file = join(own, name);
      await writeFile(file, 'old');
      const onProgress = () => {
        throw new Error('stop');
      };
      await expect(exportRecommendations(recommender, file, { onProgress })).rejects.toThrow('stop');
      await expect(exportRecommendations(recommender, file, { users: ['u0', 'nobody'] })).rejects.toThrow(
        /Unknown user "nobody"/,
      );
      expect(await readFile(file, 'utf8')).toBe('old');
    }
    expect((await readdir(own)).sort()).toEqual(['a.csv', 'a.jsonl', 'a.parquet']);
  });

  it('refuses a format it does not know', async () => {
    const recommender = await recommenderOf({});
    await expect(exportRecommendations(recommender, join(folder, 'x.xlsx'))).rejects.toThrow(
      /Option file: got ".*x.xlsx", expected a name that ends in/,
    );
    await expect(exportRecommendations(recommender, join(folder, 'x.csv'), { format: 'xml' as 'csv' })).rejects.toThrow(
      /Option format: got "xml"/,
    );
  });
});
