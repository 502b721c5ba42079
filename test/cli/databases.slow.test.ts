import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type PostgresServer, postgresMissing, startPostgres, withReason } from '../support/servers.ts';
import { folder, json, start, taurec } from './taurec.ts';

const rows = Array.from({ length: 40 }, (_, user) => [0, 2, 4, 6, 8].map((step) => [user, (user + step) % 20]))
  .flat()
  .map(([user, item]) => `(${user}, ${item}, ${1 + ((user! + item!) % 5)})`);
const table = `CREATE TABLE ratings (user_id INTEGER, item_id INTEGER, rating INTEGER); INSERT INTO ratings VALUES ${rows.join(', ')};`;
const brief = ['--epochs', '2', '--dimension', '8', '--quiet'];

/** Every file below a folder. */
function filesBelow(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).flatMap((entry) => filesBelow(join(path, entry)));
}

describe.skipIf(postgresMissing)(withReason('from PostgreSQL', postgresMissing), () => {
  let server: PostgresServer;
  let source: string;
  beforeAll(async () => {
    server = await startPostgres();
    const url = await server.createDatabase('shop');
    await server.sql(table, 'shop');
    source = `${url}?table=ratings`;
  }, 60_000);
  afterAll(() => server?.stop());

  test('train, evaluate, info, a result file and a log: nowhere is the password', async () => {
    const shown = `postgres://postgres@127.0.0.1:${server.port}/shop?table=ratings`;
    const options = ['--split', 'random', '--min-rating', '2', '--log', 'events.jsonl', ...brief];
    const trained = await json('train', source, ...options);
    expect(trained).toMatchObject({ model: join('models', 'ratings'), data: { source: shown, users: 40, items: 20 } });
    expect(await json('info', 'models/ratings')).toMatchObject({ data: { source: shown } });
    expect(await json('info', source)).toMatchObject({ source: shown, interactions: 200, rows: 200 });
    const evaluated = await json('evaluate', 'models/ratings', '--test', source, '--per-user', 'per-user.json');
    expect(evaluated.data.source).toBe(shown);
    const said = await taurec('train', source, '--epochs', '1', '--out', 'said');
    const failed = await taurec('train', source, '--train', source);
    expect(failed.stderr).toContain('Training data given twice');
    const nowhere = await taurec('train', source.replace('shop', 'nowhere'), '--debug');
    expect(nowhere.code).toBe(1);
    const texts = filesBelow(folder).map((path) => readFileSync(path, 'latin1'));
    texts.push(...[said, failed, nowhere].flatMap(({ stdout, stderr }) => [stdout, stderr]));
    texts.push(JSON.stringify([trained, evaluated]));
    expect(texts.length).toBeGreaterThan(10);
    for (const secret of [server.password, encodeURIComponent(server.password)]) {
      for (const text of texts) expect(text).not.toContain(secret);
    }
  });
});

test.skipIf(postgresMissing)('Ctrl-C while a database is read leaves no copy behind', async () => {
  const server = await startPostgres();
  mkdirSync(join(folder, 'temporary'));
  const query =
    'SELECT g AS user, 1 AS item FROM generate_series(1, 100000) g UNION ALL SELECT 1, 2 FROM pg_sleep(600)';
  const source = `${server.url()}?query=${encodeURIComponent(query)}`;
  const left = () => readdirSync(join(folder, 'temporary'));
  const { child, done } = start(['train', source, '--out', 'never'], { TMPDIR: join(folder, 'temporary') });
  while (left().length === 0 && child.exitCode === null) await new Promise((wake) => setTimeout(wake, 5));
  expect(left()).not.toEqual([]);
  child.kill('SIGINT');
  expect((await done).code).toBe(130);
  expect(left()).toEqual([]);
  await server.stop();
});

test('from SQLite, a query too long for a file’s name', async () => {
  const database = new Database(join(folder, 'shop.db'));
  database.exec(table);
  database.close();
  const query = `SELECT user_id, item_id FROM ratings WHERE rating > 1 ${' '.repeat(300)}`;
  const source = `sqlite:shop.db?query=${encodeURIComponent(query)}`;
  const trained = await json('train', source, '--out', 'from-sqlite', ...brief);
  expect(trained.data).toMatchObject({ users: 40, items: 20, source: `sqlite:shop.db?query=${query.trim()}` });
  expect(await json('info', source)).toMatchObject({ users: 40 });
});

test('a study of a table is named after the table, as a model is', async () => {
  const database = new Database(join(folder, 'study.db'));
  database.exec(table);
  database.close();
  const options = ['--valid-ratio', '0.2', '--trials', '1', '--rungs', '1', '--epochs', '2', '--dimension', '8'];
  const { folder: study, winner } = await json('tune', 'sqlite:study.db?table=ratings', ...options, '--quiet');
  expect(study).toBe(join('tuning', 'ratings'));
  expect(winner.command).toMatch(/--out models\/ratings$/);
});
