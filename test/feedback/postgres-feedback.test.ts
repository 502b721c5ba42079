import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { allOf, feedbackContract } from '../contracts/feedback-contract.ts';
import { itemEditsContract } from '../contracts/item-edits-contract.ts';
import { rejectionOf } from '../support/error-of.ts';
import { type PostgresServer, postgresMissing, startPostgres, withReason } from '../support/servers.ts';

let server: PostgresServer;
beforeAll(async () => {
  if (postgresMissing) return;
  server = await startPostgres({ fsync: true });
  await server.sql("CREATE TABLE films (id text, title text); CREATE ROLE guest LOGIN PASSWORD 'g'");
}, 60_000);
afterAll(() => server?.stop());

let tables = 0;
const place = () => `${server.url()}?table=t${++tables}`;
const one = (item: string) => [{ user: 'a', item, time: 1 }];

itemEditsContract(withReason('PostgreSQL', postgresMissing), postgresMissing, { place });

feedbackContract(withReason('the log in PostgreSQL', postgresMissing), postgresMissing, {
  place,
  foreignTable: async () => `${server.url()}?table=films`,
});

describe.skipIf(postgresMissing)(withReason('PostgreSQL as it is', postgresMissing), () => {
  test('its place is without the password, and its table has the documented columns', async () => {
    const log = await openFeedback(server.url());
    expect(log.place).toBe(`postgres://postgres@127.0.0.1:${server.port}/postgres`);
    await log.append([{ user: 'a', item: 'x', time: 1.5, id: 'e' }]);
    await log.close();
    const { rows } = await server.sql('SELECT * FROM feedback');
    expect(rows).toEqual([
      {
        sequence: '1',
        user_id: 'a',
        item_id: 'x',
        time: 1.5,
        kind: 'interaction',
        weight: 1,
        id: 'e',
        list_id: null,
        position: null,
      },
    ]);
  });

  test('several that start at once make one table', async () => {
    const where = place();
    const logs = await Promise.all([1, 2, 3, 4].map(() => openFeedback(where)));
    await Promise.all(logs.map((log, n) => log.append(one(`${n}`))));
    expect(await allOf(logs[0]!)).toHaveLength(4);
    await Promise.all(logs.map((log) => log.close()));
  });

  test('rights that are missing are named; none is needed beyond INSERT and SELECT where the table is there', async () => {
    await (await openFeedback(`${server.url()}?table=guarded`)).close();
    const guest = `${server.url('postgres', 'guest', 'g')}?table=`;
    expect((await rejectionOf(openFeedback(`${guest}guarded`))).message).toMatch(/permission denied.*GRANT/);
    expect((await rejectionOf(openFeedback(`${guest}unmade`))).message).toMatch(
      /permission denied.*CREATE on the schema/,
    );
    await server.sql('GRANT SELECT, INSERT ON guarded TO guest');
    const log = await openFeedback(`${guest}guarded`);
    expect(await log.append(one('x'))).toBe(1);
    await log.close();
  });

  test('a table of an older version gets the columns of lists, from its owner', async () => {
    await server.sql('CREATE TABLE older AS SELECT * FROM guarded LIMIT 0');
    await server.sql('ALTER TABLE older DROP COLUMN list_id, DROP COLUMN position, ADD UNIQUE (id)');
    await server.sql('ALTER TABLE older ALTER sequence SET NOT NULL, ALTER sequence ADD GENERATED ALWAYS AS IDENTITY');
    await server.sql("INSERT INTO older (user_id, item_id, time, kind, weight) VALUES ('a', 'x', 1, 'view', 1)");
    await server.sql('GRANT SELECT, INSERT ON older TO guest');
    const guest = `${server.url('postgres', 'guest', 'g')}?table=older`;
    expect((await rejectionOf(openFeedback(guest))).message).toMatch(/its owner must run: ALTER TABLE "older" ADD/);
    const log = await openFeedback(`${server.url()}?table=older`);
    await log.append([{ user: 'b', item: 'y', time: 2, list: 'l', position: 3 }]);
    expect(await allOf(log)).toMatchObject([{ user: 'a' }, { user: 'b', list: 'l', position: 3 }]);
    await log.close();
    await (await openFeedback(guest)).close();
  });

  test('a table whose ids are not unique', async () => {
    await server.sql('CREATE TABLE twice AS TABLE guarded');
    const error = await rejectionOf(openFeedback(`${server.url()}?table=twice`));
    expect(error).toMatchObject({ code: 'feedback-table', message: expect.stringContaining('id is not unique') });
  });

  test('a commit waits for the disk even where the server’s default is not to', async () => {
    await server.sql(
      'ALTER ROLE guest SET synchronous_commit = off; CREATE TABLE witness (setting text); GRANT INSERT ON witness TO guest',
    );
    await server.sql(`CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO witness VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
      CREATE TRIGGER noting BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION note()`);
    const log = await openFeedback(`${server.url('postgres', 'guest', 'g')}?table=guarded`);
    await log.append(one('y'));
    await log.close();
    expect((await server.sql('SELECT DISTINCT setting FROM witness')).rows).toEqual([{ setting: 'on' }]);
  });

  test('comes back by itself after the server was away', async () => {
    const log = await openFeedback(place());
    await log.append(one('before'));
    await server.kill();
    // A connection answers for a moment longer than its server, until it notices.
    await expect.poll(() => log.check().catch(({ code }) => code)).toBe('database-unreachable');
    const away = await rejectionOf(log.append(one('away')));
    expect(away.code).toBe('database-unreachable');
    expect(away.message).not.toContain(server.password);
    await server.start();
    await log.check();
    expect(await log.append(one('after'))).toBe(1);
    // Connections that went while nobody used them.
    await server.sql(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = $$client backend$$',
    );
    expect(await log.append(one('later'))).toBe(1);
    expect((await allOf(log)).map(({ item }) => item)).toEqual(['before', 'after', 'later']);
    await log.close();
  });
});
