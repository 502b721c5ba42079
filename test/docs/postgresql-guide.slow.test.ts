import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { openModel } from '../../src/model/model-directory.ts';
import { folder, taurec as runCommand } from '../cli/taurec.ts';
import { type PostgresServer, postgresMissing, startPostgres, withReason } from '../support/servers.ts';

const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/postgresql.md'), 'utf8');
/** The arguments of a line as a shell reads them: quotes alone are used. */
const words = (line: string) =>
  [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) => single ?? double ?? bare!);
const commands = guide
  .split('\n')
  .filter((line) => line.startsWith('    taurec '))
  .map((line) => line.trim());
const commandOf = (start: string) => commands.find((line) => line.startsWith(`taurec ${start}`))!;
const model = () => join(folder, 'model');
const config = () => readFileSync(join(model(), 'config.json'), 'utf8');
const taurec = async (...args: string[]) => {
  const { code, stdout, stderr } = await runCommand(...args);
  expect(code, stderr).toBe(0);
  return stdout + stderr;
};

describe.skipIf(postgresMissing)(withReason('the guide of PostgreSQL', postgresMissing), () => {
  let server: PostgresServer;
  const before = { PGPASSWORD: process.env.PGPASSWORD, PGPORT: process.env.PGPORT };
  beforeAll(async () => {
    server = await startPostgres();
    await server.sql("CREATE ROLE shop LOGIN PASSWORD 'change-me'");
    await server.sql('CREATE DATABASE shop OWNER shop');
    await server.sql(guide.match(/^CREATE TABLE ratings.*$/m)![0], 'shop');
    await server.sql('ALTER TABLE ratings OWNER TO shop', 'shop');
    const [, , program] = words(guide.match(/^ {4}node -e ("[^"]+")/m)![0]);
    const rows = execFileSync(process.execPath, ['-e', program!], { encoding: 'utf8' }).trim().split('\n').slice(1);
    const values = rows.map((row) => `('${row.split(',').join("','")}')`);
    await server.sql(`INSERT INTO ratings VALUES ${values.join(',')}`, 'shop');
    // The guide names neither: a server of one's own listens on the usual port.
    Object.assign(process.env, { PGPASSWORD: 'change-me', PGPORT: `${server.port}` });
  }, 60_000);
  afterAll(async () => {
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await server?.stop();
  });

  test('its commands run as they stand', async () => {
    expect(await taurec(...words(commandOf('info')).slice(1))).toContain('2,400');
    const trainings = commands.filter((line) => /^taurec train .*--out model$/.test(line));
    expect(trainings.length).toBeGreaterThanOrEqual(3);
    for (const line of trainings)
      await taurec(...words(line).slice(1), '--epochs', '2', '--neighbors', 'off', '--quiet');
    expect((await openModel(model())).users.rows).toBe(200);
  });

  test('a night without feedback is nothing new; a night with some updates the model; forget removes a person', async () => {
    const update = words(commandOf('update')).slice(1);
    const [, nightly] = guide.match(/^ {4}[\d*].* (taurec update .*)$/m)!;
    expect(words(nightly!).slice(1)).toEqual([...update, '--quiet']);
    // As the service opens it: the first start makes the table.
    const place = words(commandOf('serve')).at(-1)!;
    const log = await openFeedback(place);
    const untouched = config();
    expect(await taurec(...update)).toMatch(/Nothing is new/);
    expect(config()).toBe(untouched);
    const events = ['newcomer', '3'].map((user) => ({ user, item: '50', time: 1, kind: 'like' }));
    await log.append([...events, { user: 'newcomer', item: '51', time: 2, kind: 'view' }]);
    expect(await taurec(...update)).toContain('201 users');
    const updated = config();
    expect(await taurec(...update)).toMatch(/Nothing is new/);
    expect(config()).toBe(updated);

    const answer = JSON.parse(await taurec('forget', 'model', '--user', 'newcomer', '--feedback', place, '--json'));
    expect(answer).toMatchObject({ user: 'newcomer', known: true, feedback: 2 });
    const left = [];
    for await (const page of log.read()) left.push(...page.map(({ user }) => user));
    await log.close();
    expect(left).toEqual(['3']);
    expect((await openModel(model())).userIds.indexOf('newcomer')).toBe(-1);
    expect(await taurec(...update)).toMatch(/Nothing is new/);
    const { rows } = await server.sql("SELECT count(*) FROM feedback WHERE user_id = 'newcomer'", 'shop');
    expect(rows).toEqual([{ count: '0' }]);
  });
});
