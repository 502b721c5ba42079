import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zipModel } from '../../src/browser/zip-model.ts';
import { openModel } from '../../src/model/model-directory.ts';
import { publishModel } from '../../src/model/versions.ts';
import type { Explanation } from '../../src/recommender/explanation.ts';
import type { RunningServer, ServeOptions } from '../../src/server/serve.ts';
import { startServer } from '../../src/server/start-server.ts';
import { nodeHost } from '../../src/studio/node/node-host.ts';
import { ServedApi } from '../../src/studio/served-api.ts';
import { ServedOperations } from '../../src/studio/served-operations.ts';
import { ServedSession } from '../../src/studio/served-session.ts';
import { servedStudio } from '../../src/studio/server/served-studio.ts';
import type { Session, Who } from '../../src/studio/session.ts';
import { Workbench } from '../../src/studio/workbench/workbench.ts';
import { ask, expectProblem, folder, MemoryFeedback, model } from '../server/harness.ts';
import { rejectionOf } from '../support/error-of.ts';

const token = 'a-token-with-all-scopes';
const reader = 'a-token-for-readers-only';
const site = join(folder, 'site');
let directory: string;
let published: string;
let server: RunningServer;
let feedback: MemoryFeedback;
const running: RunningServer[] = [];
afterAll(() => Promise.all(running.map((one) => one.close())));

async function start(models: Parameters<typeof startServer>[0], options: ServeOptions = {}): Promise<RunningServer> {
  const quick: ServeOptions = { port: 0, threads: 1, logLevel: 'silent', reloadInterval: 0, shutdownTimeout: 1 };
  const started = await startServer(models, { ...quick, ...options }, await servedStudio(site));
  running.push(started);
  return started;
}

beforeAll(async () => {
  mkdirSync(join(site, 'assets'), { recursive: true });
  writeFileSync(join(site, 'index.html'), '<html><head></head></html>');
  writeFileSync(join(site, 'assets/app.js'), 'export {};');
  directory = await model('one');
  published = join(folder, 'published');
  await publishModel(directory, published);
  await publishModel(await model('two', { users: 20 }), published);
  feedback = new MemoryFeedback();
  server = await start(published, { token, tokens: [{ token: reader, scopes: ['read'] }], feedback });
});

const apiOf = ({ url }: RunningServer, key?: string) => new ServedApi(`${url}/`, key);

describe('the page of a server', () => {
  it('is open to all, isolated, and says what it is', async () => {
    const page = await ask(server, '/studio');
    expect(page.text).toContain('<meta name="taurec-session" content="serve">');
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const script = await ask(server, '/studio/assets/app.js');
    expect([script.status, script.headers.get('content-type')]).toEqual([200, 'text/javascript; charset=utf-8']);
    for (const { headers } of [page, script]) {
      expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
      expect(headers.get('content-security-policy')).toMatch(/^default-src 'self'; .*frame-ancestors 'none'$/);
    }
    for (const path of ['/studio/missing', '/studio/..%2fpackage.json', '/studio/assets/']) {
      expectProblem(
        await ask(server, path, undefined, { headers: { Authorization: `Bearer ${reader}` } }),
        404,
        'no-route',
      );
    }
  });

  it('is absent without the flag', async () => {
    const plain = await startServer(directory, { port: 0, threads: 1, logLevel: 'silent', reloadInterval: 0 });
    running.push(plain);
    expectProblem(await ask(plain, '/studio'), 404, 'no-route');
  });

  it('answers searches only to tokens that may read', async () => {
    const paths = ['/studio/api/find?what=item&text=a', '/studio/api/person?user=u1', '/studio/api/attributes'];
    for (const path of paths) {
      expectProblem(await ask(server, path), 401, 'no-token');
      expect((await ask(server, path, undefined, { headers: { Authorization: `Bearer ${reader}` } })).status).toBe(200);
    }
    const headers = { Authorization: `Bearer ${reader}` };
    for (const path of [
      'find?what=x&text=a',
      'find?what=user',
      'person',
      'attributes?x=1',
      'find?what=item&text=a&k=0',
    ])
      expectProblem(await ask(server, `/studio/api/${path}`, undefined, { headers }), 400, 'bad-request');
  });
});

describe('the session of a server', () => {
  it('explores the served model, with the lists of its interface', async () => {
    const session = new ServedSession(apiOf(server, reader));
    const [run, ...others] = await session.runs();
    expect(others).toEqual([]);
    expect(run).toMatchObject({ id: 'served', name: 'v2', state: 'done', users: 20 });
    const { userIds, itemIds, titles, seen } = await openModel(join(published, 'v2'));
    const user = userIds.idOf(3);
    expect((await session.find('served', 'user', user)).map(({ id }) => id)).toContain(user);
    const title = titles!.at(
      Array.from({ length: itemIds.size }, (_, item) => item).find((item) => titles!.at(item))!,
    )!;
    expect((await session.find('served', 'item', title.toUpperCase(), 100)).map((item) => item.title)).toContain(title);
    const { items } = await session.person('served', user);
    expect(items.map(({ id }) => itemIds.indexOf(id))).toEqual([
      ...seen.indices.subarray(seen.offsets[3]!, seen.offsets[4]!),
    ]);
    const list = await session.recommend('served', { user }, { k: 4, explain: 2 });
    const answer = await ask(server, `/v1/users/${user}/recommendations?k=4&explain=2`, undefined, {
      headers: { Authorization: `Bearer ${reader}` },
    });
    expect(list).toEqual(answer.json.items);
    expect(list).toHaveLength(4);
    const folded = await session.recommend('served', { items: [itemIds.idOf(0), itemIds.idOf(1)] }, { k: 3 });
    expect(folded).toHaveLength(3);
    const reasons = await session.explain('served', { user }, list[0]!.id);
    expect(reasons).toMatchObject({ user, item: list[0]!.id });
    expect(await session.similar('served', itemIds.idOf(0), { k: 2 })).toHaveLength(2);
    expect(await session.attributes('served')).toEqual([]);
    expect((await session.about()).kind).toBe('server');
  });

  it('answers what a session in the process answers, also for new people and under another prior', async () => {
    const served = new ServedSession(apiOf(server, reader));
    const session = new Workbench(nodeHost());
    const model = await openModel(join(published, 'v2'), { trainingState: true });
    const { id } = await session.open(await zipModel(model), 'v2');
    const { userIds, itemIds } = model;
    const people: Who[] = [{ user: userIds.idOf(1) }, { items: [itemIds.idOf(0), itemIds.idOf(5), itemIds.idOf(9)] }];
    for (const who of people)
      for (const prior of [undefined, 0, 0.3, -0.3, 0.3]) {
        const options = { k: 5, explain: 3, ...(prior !== undefined && { prior }) };
        const list = await session.recommend(id, who, options);
        expect(await served.recommend('served', who, options)).toEqual(list);
        for (const item of [list[2]!.id, itemIds.idOf(0), itemIds.idOf(17), 'nothing']) {
          const { user: _, ...reasons } = (await served.explain('served', who, item, options)) as Explanation & {
            readonly user?: string;
          };
          expect(reasons).toEqual(await session.explain(id, who, item, options));
        }
      }
    const [rare, popular] = await Promise.all(
      [-5, 5].map((prior) => served.recommend('served', people[1]!, { k: 5, prior })),
    );
    const counts = (list: readonly { readonly id: string }[]) =>
      list.reduce((sum, one) => sum + model.popularity[itemIds.indexOf(one.id)]!, 0);
    expect(counts(popular!)).toBeGreaterThan(counts(rare!));
    await session.close();
  });

  it('does nothing that its server does not', async () => {
    const session = new ServedSession(apiOf(server, token));
    const plain: Session = session;
    const refused = [
      () => plain.start({}),
      () => plain.load({ train: 'x' }),
      () => plain.judge('served', 'test'),
      () => plain.archive('served'),
    ];
    for (const act of refused) expect(await rejectionOf(act())).toMatchObject({ code: 'not-served' });
  });

  it('says what the server says', async () => {
    const session = new ServedSession(apiOf(server, token));
    const unknown = await rejectionOf(session.recommend('served', { user: 'nobody' }));
    expect(unknown.code).toBe('unknown-id');
    expect(unknown.message).toContain('nobody');
    expect(await rejectionOf(new ServedSession(apiOf(server)).runs())).toMatchObject({ code: 'no-token' });
    const wrong = await rejectionOf(session.recommend('served', { user: 'nobody' }, { k: 0 }));
    expect(wrong).toMatchObject({ code: 'bad-request', facts: { errors: [{ field: 'k' }] } });
  });

  it('has a run for each of several models', async () => {
    const several = await start({ a: directory, b: published });
    const session = new ServedSession(apiOf(several));
    const runs = await session.runs();
    expect(runs.map(({ id, users }) => [id, users])).toEqual([
      ['a', 30],
      ['b', 20],
    ]);
    // Each answers for anybody, whoever serves that person.
    const { items, userIds, itemIds } = await openModel(directory);
    const user = userIds.idOf(0);
    const similar = await session.similar('a', itemIds.idOf(0), { k: items.rows });
    expect(new Set(similar.map(({ id }) => itemIds.indexOf(id)))).not.toContain(-1);
    expect(similar).toHaveLength(items.rows - 1);
    for (const run of ['a', 'b']) {
      expect(await session.recommend(run, { user }, { k: 3 })).toHaveLength(3);
      expect(await session.explain(run, { user }, itemIds.idOf(1))).toMatchObject({ item: itemIds.idOf(1) });
    }
    expect(await session.find('a', 'user', '', 100)).toHaveLength(30);
    expect(await session.find('b', 'user', '', 100)).toHaveLength(20);
    expect(await rejectionOf(session.find('c', 'user', ''))).toMatchObject({ code: 'bad-request' });
  });
});

describe('operations', () => {
  it('publish and roll back, and searches follow', async () => {
    const operations = new ServedOperations(apiOf(server, token));
    const session = new ServedSession(apiOf(server, token));
    const usersNow = async () => (await session.find('served', 'user', '', 100)).length;
    const { model: status, versions } = await operations.versions();
    expect(versions).toMatchObject({ current: 'v2', versions: [{ name: 'v1' }, { name: 'v2' }] });
    expect([status.version, await usersNow()]).toEqual(['v2', 20]);
    expect(await operations.rollback()).toMatchObject({ name: 'v1' });
    expect([(await operations.versions()).model.version, await usersNow()]).toEqual(['v1', 30]);
    expect(await rejectionOf(operations.rollback())).toMatchObject({ code: 'no-earlier-version' });
    expect(await operations.publish('v2')).toMatchObject({ name: 'v2' });
    expect(await usersNow()).toBe(20);
    expect(await rejectionOf(operations.publish('v9'))).toMatchObject({ code: 'unknown-name' });
  });

  it('need a token with the scope', async () => {
    const operations = new ServedOperations(apiOf(server, reader));
    for (const act of [
      () => operations.versions(),
      () => operations.requests(),
      () => operations.analytics(),
      () => operations.feedback(),
      () => operations.publish('v1'),
      () => operations.rollback(),
    ])
      expect(await rejectionOf(act())).toMatchObject({ code: 'no-scope' });
    const open = await start(published);
    expect(await rejectionOf(new ServedOperations(apiOf(open)).publish('v1'))).toMatchObject({ code: 'reload-closed' });
  });

  it('show a folder without versions, and a server without feedback', async () => {
    const operations = new ServedOperations(apiOf(await start(directory, { token }), token));
    const { model: status, versions } = await operations.versions();
    expect([status.users, versions]).toEqual([30, undefined]);
    expect(await rejectionOf(operations.analytics())).toMatchObject({ code: 'feedback-off' });
    expect(await rejectionOf(operations.feedback())).toMatchObject({ code: 'feedback-off' });
  });

  it('count the requests of the server', async () => {
    const measured = await start(directory);
    const operations = new ServedOperations(apiOf(measured));
    for (let i = 0; i < 5; i++) await ask(measured, '/v1/users/u1/recommendations');
    await ask(measured, '/v1/users/nobody/recommendations');
    const { requests, faults, lists, ready, routes, memory, processor, waiting } = await operations.requests();
    expect({ requests, faults, lists, ready, waiting }).toEqual({
      requests: 6,
      faults: 0,
      lists: 5,
      ready: true,
      waiting: 0,
    });
    expect(routes.map(({ route, method, status, count }) => [route, method, status, count])).toEqual([
      ['/v1/users/:user/recommendations', 'GET', 200, 5],
      ['/v1/users/:user/recommendations', 'GET', 404, 1],
    ]);
    for (const { mean, p50, p99 } of routes) {
      expect(mean).toBeGreaterThan(0);
      expect(p50).toBeLessThanOrEqual(p99);
    }
    expect(Math.min(memory, processor)).toBeGreaterThan(0);
  });

  it('follow the feedback, page by page', async () => {
    const operations = new ServedOperations(apiOf(server, token));
    expect(await operations.feedback()).toEqual({ events: [], last: 0 });
    const event = (at: number) => ({ user: `u${at}`, item: 'i1', time: 1_700_000_000 + at, kind: 'click' });
    const send = (from: number, count: number) =>
      ask(
        server,
        '/v1/feedback',
        { events: Array.from({ length: count }, (_, at) => event(from + at)) },
        {
          headers: { Authorization: `Bearer ${token}` },
        },
      );
    await send(0, 250);
    const seen: string[] = [];
    let last = 0;
    for (;;) {
      const page = await operations.feedback(last);
      if (page.events.length === 0) break;
      expect(page.events.length).toBeLessThanOrEqual(100);
      expect(page.last).toBe(page.events.at(-1)!.sequence);
      seen.push(...page.events.map(({ user }) => user));
      last = page.last;
    }
    expect(seen).toEqual(Array.from({ length: 250 }, (_, at) => `u${at}`));
    expect(await operations.feedback(last)).toEqual({ events: [], last });
    await send(250, 1);
    expect((await operations.feedback(last)).events).toMatchObject([event(250)]);
    expect((await operations.analytics({ by: 'day' })).events).toBe(251);
  });
});
