import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Catalogue } from '../../src/catalogue/catalogue.ts';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { saveModel } from '../../src/model/model-directory.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { rejectionOf } from '../support/error-of.ts';
import { type PlainCatalogue, plainCatalogues, tableOf } from '../support/random-catalogue.ts';
import { randomModel } from '../support/random-model.ts';
import { ask, expectProblem, folder, MemoryFeedback, model, start } from './harness.ts';

const directory = join(folder, 'shop');
const ids = Array.from({ length: 60 }, (_, i) => `i${i}`);
const [plain] = fc.sample(plainCatalogues(fc.constant(ids)), { numRuns: 1, seed: 2 }) as [PlainCatalogue];
let library: Recommender;
beforeAll(async () => {
  const bare = randomModel({ users: 30, items: 60, dimension: 8, neighbors: true });
  await saveModel(directory, { ...bare, catalogue: Catalogue.from(tableOf(plain), bare.itemIds) });
  library = await Recommender.open(directory, { threads: 1 });
  return () => library.close();
});

const where = { or: [{ price: { lte: 2 } }, { category: { any: ['red'] } }], available: true };
const parameter = (filter: unknown) =>
  `where=${encodeURIComponent(typeof filter === 'string' ? filter : JSON.stringify(filter))}`;

describe('filters over HTTP', () => {
  test('are those of the library: in queries, in bodies, in explanations; the model lists its attributes', async () => {
    const server = await start(directory);
    const query = `${parameter(where)}&atMost=${encodeURIComponent('{"brand":2}')}&k=12`;
    const options = { k: 12, where, atMost: { brand: 2 } };
    const items = async (path: string, body?: unknown) => (await ask(server, path, body)).json.items;
    expect(await items(`/v1/users/u1/recommendations?${query}`)).toEqual(library.recommend('u1', options));
    expect(await items(`/v1/items/i3/similar?${query}`)).toEqual(library.similarItems('i3', options));
    expect(await items(`/v1/items/i3/similar?by=together&${query}`)).toEqual(
      library.similarItems('i3', { ...options, by: 'together' }),
    );
    expect(await items(`/v1/popular?${query}`)).toEqual(library.recommendFor([], { ...options, fallback: 'popular' }));
    expect(await items('/v1/recommendations/for-items', { items: ['i4'], ...options })).toEqual(
      library.recommendFor(['i4'], options),
    );
    const many = (await ask(server, '/v1/recommendations', { users: ['u1', 'u2'], ...options })).json.recommendations;
    expect(many.map((list: { items: unknown }) => list.items)).toEqual(library.recommend(['u1', 'u2'], options));
    for (const item of ['i1', 'i2', 'i3', 'i4']) {
      const { user: _, ...explained } = (await ask(server, `/v1/users/u1/items/${item}/explanation?${query}`)).json;
      expect(explained).toEqual(library.explain('u1', item, options));
    }
    expect((await ask(server, '/v1/model')).json.attributes).toEqual(library.catalogue!.list);
  });

  test('that do not fit are a clear 400', async () => {
    const server = await start(directory);
    const list = (filter: unknown) => ask(server, `/v1/users/u1/recommendations?${parameter(filter)}`);
    const unknown = await list({ colour: 'red' });
    expectProblem(unknown, 400, 'unknown-name');
    expect(unknown.json.detail).toMatch(/Unknown attribute "colour"; known: price \(number\), brand \(text\)/);
    const wrong = await list({ price: { lt: 'cheap' } });
    expectProblem(wrong, 400, 'bad-option');
    expect(wrong.json.errors).toEqual([
      { field: 'where.price.lt', got: 'cheap', expected: 'a number: price is a number' },
    ]);
    expectProblem(await list('no-such-filter'), 400, 'bad-request');
    expectProblem(await list('[1]'), 400, 'bad-request');
    expectProblem(await ask(server, '/v1/popular?atMost=3'), 400, 'bad-request');
    const deep = `${'{"not":'.repeat(20_000)}{}${'}'.repeat(20_000)}`;
    expectProblem(await ask(server, '/v1/recommendations', `{"users":["u1"],"where":${deep}}`), 400, 'bad-request');
    const bare = await start(await model('bare'));
    expectProblem(await ask(bare, `/v1/users/u1/recommendations?${parameter({ price: 1 })}`), 400, 'no-catalogue');
  });

  test('of the server: every list passes one, and requests name others', async () => {
    const server = await start(directory, { where: { available: true }, filters: { cheap: { price: { lte: 2 } } } });
    const items = async (path: string) => (await ask(server, path)).json.items;
    expect(await items('/v1/users/u1/recommendations')).toEqual(
      library.recommend('u1', { where: { available: true } }),
    );
    const both = { where: { and: [{ available: true }, { price: { lte: 2 } }] } };
    expect(await items('/v1/users/u1/recommendations?where=cheap')).toEqual(library.recommend('u1', both));
    expect(await items('/v1/items/i3/similar?where=cheap')).toEqual(library.similarItems('i3', both));
    const wrong = await ask(server, '/v1/popular?where=dear');
    expect(wrong.json.errors[0].expected).toMatch(/, or cheap$/);
    const error = await rejectionOf(start(directory, { where: { colour: 'red' } }));
    expect(error.code).toBe('unknown-name');
  });
});

test('a catalogue file takes the place of the own one, and is taken up when it changes', async () => {
  const file = join(folder, 'items.csv');
  const write = (stock: (i: number) => number) =>
    writeFileSync(file, `id,title,stock\n${ids.map((id, i) => `${id},Item ${i},${stock(i)}\n`).join('')}`);
  write((i) => i % 2);
  const server = await start(directory, {
    catalogue: file,
    filters: { stocked: { stock: { gt: 0 } } },
    reloadInterval: 0.05,
  });
  const listed = async () =>
    (await ask(server, '/v1/users/u1/recommendations?where=stocked&k=60&includeSeen=true')).json.items;
  const first = await listed();
  expect(first.map(({ id }: { id: string }) => id).sort()).toEqual(ids.filter((_, i) => i % 2 === 1).sort());
  expect(first[0].title).toMatch(/^Item /);
  write((i) => Number(i < 7));
  while (server.model.revision === 1) await sleep(20);
  expect((await listed()).map(({ id }: { id: string }) => id).sort()).toEqual(ids.slice(0, 7).sort());
});

describe('edits of items', () => {
  let databases = 0;
  const database = () => `sqlite:${join(folder, `edits${++databases}.db`)}`;
  const priced = (server: Awaited<ReturnType<typeof start>>, price: unknown) =>
    ask(server, `/v1/users/u1/recommendations?${parameter({ price })}&k=60&includeSeen=true`).then(({ json }) =>
      (json.items as { id: string; title?: string }[]).map(({ id, title }) =>
        title === undefined ? { id } : { id, title },
      ),
    );
  const send = (server: Awaited<ReturnType<typeof start>>, method: string, path: string, body?: unknown) =>
    ask(server, path, body, { method });

  test('are in effect with the answer, after a reload and a restart, and on another server of the database', async () => {
    const place = database();
    const first = await start(directory, { feedback: await openFeedback(place) });
    const other = await start(directory, { feedback: await openFeedback(place) });
    expect(await priced(first, 4711)).toEqual([]);
    expect(
      (await send(first, 'PUT', '/v1/items/i5', { title: 'New', price: 4711, category: ['new', 'red'] })).json,
    ).toEqual({ edited: 1 });
    expect((await send(first, 'PATCH', '/v1/items/i6', { price: 4711 })).status).toBe(200);
    const before = plain.rows[6]!.title;
    const expected = [{ id: 'i5', title: 'New' }, before === '' ? { id: 'i6' } : { id: 'i6', title: before }];
    const sorted = async (server: typeof first) =>
      (await priced(server, 4711)).sort((a, b) => a.id.localeCompare(b.id));
    expect(await sorted(first)).toEqual(expected);
    // PUT replaces the whole item, PATCH what is given.
    const has = async (id: string, filter: unknown) =>
      (await ask(first, `/v1/users/u1/recommendations?${parameter(filter)}&k=60&includeSeen=true`)).json.items.some(
        (item: { id: string }) => item.id === id,
      );
    expect(await has('i5', { brand: { exists: true } })).toBe(false);
    expect(await has('i5', { category: { all: ['new', 'red'] } })).toBe(true);
    expect(await has('i6', { brand: { exists: true } })).toBe(plain.rows[6]!.brand !== undefined);
    await first.reload();
    expect(await sorted(first)).toEqual(expected);
    while ((await sorted(other)).length < 2) await sleep(50);
    expect(await sorted(other)).toEqual(expected);
    await first.close();
    const again = await start(directory, { feedback: await openFeedback(place) });
    expect(await sorted(again)).toEqual(expected);
  });

  test('a deleted item is in no list until it is put again; many edits come in one request', async () => {
    const server = await start(directory, { feedback: await openFeedback(database()) });
    const [best] = library.recommend('u1');
    await send(server, 'DELETE', `/v1/items/${best!.id}`);
    const lists = async () => [
      (await ask(server, '/v1/users/u1/recommendations?k=60')).json.items,
      (await ask(server, `/v1/popular?k=60&${parameter({ not: { price: 4711 } })}`)).json.items,
      (await ask(server, '/v1/items/i3/similar?k=60')).json.items,
    ];
    for (const list of await lists()) expect(list.map(({ id }: { id: string }) => id)).not.toContain(best!.id);
    const explained = await ask(server, `/v1/users/u1/items/${best!.id}/explanation`);
    expect(explained.json.absent).toEqual([{ cause: 'filtered' }]);
    const edits = [
      { item: best!.id, action: 'patch', values: { price: 1 } },
      { item: 'i0', action: 'delete' },
      { item: 'not-yet-known', action: 'put', values: { price: 2 } },
    ];
    expect((await ask(server, '/v1/items', { edits })).json).toEqual({ edited: 3 });
    const [list] = await lists();
    expect(list[0].id).toBe(best!.id);
    expect(list.map(({ id }: { id: string }) => id)).not.toContain('i0');
  });

  test('that do not fit are refused whole, and nothing is stored', async () => {
    const server = await start(directory, { feedback: await openFeedback(database()) });
    const wrong = await send(server, 'PATCH', '/v1/items/i1', {
      price: 'cheap',
      colour: 'red',
      released: 'soon',
      brand: null,
    });
    expectProblem(wrong, 400, 'bad-request');
    expect(wrong.json.errors).toEqual([
      { field: 'price', got: '"cheap"', expected: 'a number' },
      {
        field: 'colour',
        got: 'an unknown attribute',
        expected: 'one of title, price, brand, available, released, category',
      },
      { field: 'released', got: '"soon"', expected: 'a time' },
    ]);
    const some = {
      edits: [
        { item: 'i1', action: 'patch', values: { price: 4711 } },
        { item: 'i2', action: 'put', values: { price: true } },
      ],
    };
    const refused = await ask(server, '/v1/items', some);
    expectProblem(refused, 400, 'bad-request');
    expect(refused.json.errors[0].field).toBe('edits[1].values.price');
    expect(await priced(server, 4711)).toEqual([]);
    expectProblem(await send(await start(directory), 'PUT', '/v1/items/i1', {}), 404, 'feedback-off');
    const plainLog = await start(directory, { feedback: new MemoryFeedback() });
    expectProblem(await send(plainLog, 'DELETE', '/v1/items/i1'), 501, 'edit-impossible');
  });

  test('need the scope write', async () => {
    const tokens = [
      { token: 'r'.repeat(16), scopes: ['read'] as const },
      { token: 'w'.repeat(16), scopes: ['write'] as const },
    ];
    const server = await start(directory, { feedback: await openFeedback(database()), tokens });
    const put = (token: string) =>
      ask(server, '/v1/items/i1', { price: 4711 }, { method: 'PUT', headers: { Authorization: `Bearer ${token}` } });
    expectProblem(await put('r'.repeat(16)), 403, 'no-scope');
    expect((await put('w'.repeat(16))).status).toBe(200);
  });
});
