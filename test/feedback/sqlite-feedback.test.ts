import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { afterAll, describe, expect, test } from 'vitest';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { allOf, feedbackContract } from '../contracts/feedback-contract.ts';
import { itemEditsContract } from '../contracts/item-edits-contract.ts';
import { rejectionOf } from '../support/error-of.ts';

const folder = mkdtempSync(join(tmpdir(), 'taurec-feedback-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let tables = 0;
const file = join(folder, 'log of 100% #1?.db');

itemEditsContract('SQLite', undefined, { place: () => `sqlite:${file}?table=t${++tables}` });

feedbackContract('the log in SQLite', undefined, {
  place: () => `sqlite:${file}?table=t${++tables}`,
  async foreignTable() {
    const database = new Database(file);
    database.exec('CREATE TABLE IF NOT EXISTS films (id, title)');
    database.close();
    return `sqlite:${file}?table=films`;
  },
});

test('a table of an older version gets the columns of lists', async () => {
  const path = join(folder, 'older.db');
  const database = new Database(path);
  database.exec(
    'CREATE TABLE feedback (sequence INTEGER PRIMARY KEY AUTOINCREMENT, user_id TEXT NOT NULL, item_id TEXT NOT NULL, time REAL NOT NULL, kind TEXT NOT NULL, weight REAL NOT NULL, id TEXT UNIQUE) STRICT',
  );
  database.exec("INSERT INTO feedback VALUES (1, 'a', 'x', 1, 'view', 1, NULL)");
  database.close();
  const logs = await Promise.all([openFeedback(path), openFeedback(path)]);
  await logs[0]!.append([{ user: 'b', item: 'y', time: 2, list: 'l', position: 3 }]);
  expect(await allOf(logs[1]!)).toMatchObject([
    { user: 'a', item: 'x' },
    { user: 'b', item: 'y', list: 'l', position: 3 },
  ]);
  await Promise.all(logs.map((log) => log.close()));
});

test.skipIf(process.platform === 'win32')(
  'a new file is readable by its user alone; an existing one keeps its permissions',
  async () => {
    const before = process.umask(0o022);
    try {
      const path = join(folder, 'private.db');
      const log = await openFeedback(path);
      await log.append([{ user: 'u', item: 'i', time: 1 }]);
      for (const name of ['private.db', 'private.db-wal', 'private.db-shm']) {
        expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600);
      }
      await log.close();
      chmodSync(path, 0o640);
      await (await openFeedback(path)).close();
      expect(statSync(path).mode & 0o777).toBe(0o640);
    } finally {
      process.umask(before);
    }
  },
);

describe('places', () => {
  test('a path that ends in .db or .sqlite is one', async () => {
    for (const path of [
      join(folder, 'plain.db'),
      join(folder, 'plain.sqlite'),
      `${join(folder, 'plain.sqlite3')}?table=own`,
    ]) {
      const log = await openFeedback(path);
      expect(log.place).toBe(`sqlite:${path}`);
      await log.close();
    }
  });

  test('what is none says what was expected', async () => {
    for (const place of [
      'feedback.txt',
      'mysql://h/d.db',
      'sqlite:',
      'sqlite::memory:',
      'sqlite:x.db?query=SELECT 1',
      '',
    ]) {
      expect((await rejectionOf(openFeedback(place))).code, place).toBe('bad-database-place');
    }
    const folderIsMissing = await rejectionOf(openFeedback(join(folder, 'nowhere', 'x.db')));
    expect(folderIsMissing.message).toMatch(/Check that the folder exists/);
    const text = join(folder, 'text.db');
    writeFileSync(text, 'x'.repeat(4096));
    expect((await rejectionOf(openFeedback(text))).message).toMatch(/not a database/);
  });
});

test('an append that waits for the lock of another does not hold up this thread', async () => {
  const path = join(folder, 'locked.db');
  const log = await openFeedback(path);
  const other = new Database(path);
  other.exec('BEGIN IMMEDIATE');
  const append = log.append([{ user: 'a', item: 'x', time: 1 }]);
  // This thread goes on: were it held up by the append, it could never let go of the lock.
  await new Promise((done) => setTimeout(done, 20));
  other.exec('COMMIT');
  other.close();
  expect(await append).toBe(1);
  await log.close();
});

test('a log that is left open does not keep a process alive', async () => {
  const { killed } = await new Promise<{ killed: boolean }>((done) => {
    import('node:child_process').then(({ execFile }) => {
      const code = `const { openFeedback } = await import(process.argv[1]); const log = await openFeedback(process.argv[2]); await log.append([{ user: 'a', item: 'b', time: 1 }]);`;
      const module = new URL('../../dist/feedback/open-feedback.js', import.meta.url).href;
      const args = ['--input-type=module', '-e', code, module, join(folder, 'left.db')];
      execFile(process.execPath, args, { timeout: 50_000 }, (error) => done({ killed: error !== null }));
    });
  });
  expect(killed).toBe(false);
  const log = await openFeedback(join(folder, 'left.db'));
  expect(await allOf(log)).toHaveLength(1);
  await log.close();
});
