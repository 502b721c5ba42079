import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { type ExportOptions, exportRecommendations } from '../../src/lists/export-recommendations.ts';
import { exportFormats } from '../../src/lists/list-format.ts';
import { divide, partUsers } from '../../src/lists/list-plan.ts';
import type { RecommendOptions } from '../../src/recommender/recommendation.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { type RandomModelOptions, randomModel } from '../support/random-model.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-parts-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function recommenderOf(options: RandomModelOptions) {
  const model = randomModel(options);
  const { users, items, config } = model;
  const plan = { users: users.rows, items: items.rows, dimension: items.columns, score: config.score };
  return Recommender.fromModel(model, await openReferenceEngine(plan));
}

/** Lists of this length have parts of 1,024 users. */
const k = 1000;
const each = 1024;
const users = 2 * each + 300;

describe('the division into parts', () => {
  it('covers every user once, in order, whatever their number; one part at least', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10_000_000 }), fc.integer({ min: 1, max: 5000 }), (count, length) => {
        const size = partUsers(length);
        expect(size % 1024).toBe(0);
        expect(size * length <= 1_000_000 || size === 1024).toBe(true);
        const parts = divide(count, size);
        expect(parts.length).toBe(Math.max(1, Math.ceil(count / size)));
        for (const [at, { number, from, to }] of parts.entries()) {
          expect([number, from]).toEqual([at, at === 0 ? 0 : parts[at - 1]!.to]);
          expect(to - from).toBe(at < parts.length - 1 ? size : count - from);
        }
      }),
    );
  });
});

/** The lists of a file, whatever its format. */
async function listsIn(file: string): Promise<{ user: string; items: Record<string, unknown>[] }[]> {
  if (file.endsWith('.jsonl')) {
    const text = await readFile(file, 'utf8');
    return text === ''
      ? []
      : text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line));
  }
  const from = file.endsWith('.csv')
    ? `read_csv('${file}', all_varchar = true, header = true, parallel = false)`
    : `'${file}'`;
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  const rows = (await connection.runAndReadAll(`SELECT * FROM ${from}`)).getRowObjects();
  connection.closeSync();
  instance.closeSync();
  const lists: { user: string; items: Record<string, unknown>[] }[] = [];
  for (const { user, rank, item, score, title } of rows) {
    if (Number(rank) === 1) lists.push({ user: String(user), items: [] });
    lists
      .at(-1)!
      .items.push({ id: item, score: Number(score), ...(title !== null && title !== undefined && { title }) });
  }
  return lists;
}

describe('a file has the lists of `recommend`, under all options', () => {
  const optionSets: Record<string, RecommendOptions & { users?: string[] }> = {
    plain: {},
    'exclude and allow': { exclude: ['i0', 'i3'], allow: ['i0', 'i1', 'i2', 'i5', 'i7'] },
    'with seen items': { includeSeen: true },
    discover: { discover: 0.4 },
    diversity: { diversity: 0.5 },
    explore: { explore: 0.5, seed: 3 },
    'users, one twice, one unknown': { users: ['u7', 'nobody', 'u0', 'u7'], fallback: 'popular' },
    feedback: { users: ['u3', 'u4'], feedback: [{ user: 'u3', item: 'i1' }] },
  };
  it.each(Object.entries(optionSets))('%s', async (name, { users: listed, ...options }) => {
    for (const titles of [false, true]) {
      const recommender = await recommenderOf({ users: 40, items: 12, seed: 5, titles });
      const wanted = listed ?? [...recommender.userIds];
      const lists = recommender.recommend(wanted, { k: 6, ...options });
      const expected = wanted.map((user, u) => ({ user, items: lists[u] }));
      for (const format of exportFormats) {
        const file = join(folder, `${name.replaceAll(/\W/g, '-')}.${format}`);
        await exportRecommendations(recommender, file, { k: 6, users: listed, ...options });
        expect(await listsIn(file)).toEqual(expected);
      }
    }
  });

  it('explain, in JSON lines', async () => {
    const recommender = await recommenderOf({ users: 20, items: 12, neighbors: true });
    const file = join(folder, 'explained.jsonl');
    await exportRecommendations(recommender, file, { k: 3, explain: 2 });
    const lists = recommender.recommend([...recommender.userIds], { k: 3, explain: 2 });
    const expected = [...recommender.userIds].map((user, u) => ({ user, items: lists[u] }));
    expect(await listsIn(file)).toEqual(JSON.parse(JSON.stringify(expected)));
    await expect(exportRecommendations(recommender, join(folder, 'x.csv'), { explain: 2 })).rejects.toThrow(/explain/);
  });

  it('no users, and no items left', async () => {
    const recommender = await recommenderOf({ users: 3, items: 5 });
    for (const format of exportFormats) {
      const file = join(folder, `empty.${format}`);
      expect(await exportRecommendations(recommender, file, { users: [] })).toBe(0);
      expect(await listsIn(file)).toEqual([]);
      await exportRecommendations(recommender, file, { allow: [] });
      expect((await listsIn(file)).flatMap(({ items }) => items)).toEqual([]);
    }
  });
});

describe('an interrupted export', () => {
  const open = () => recommenderOf({ users, items: 8, density: 0.1, titles: true });

  /** Exports until `stop` users have their lists; then it is cancelled. */
  async function cancelled(recommender: Recommender, file: string, stop: number, options: ExportOptions = {}) {
    const controller = new AbortController();
    const onProgress = (done: number) => {
      if (done >= stop) controller.abort();
    };
    const { signal } = controller;
    await expect(exportRecommendations(recommender, file, { k, resume: true, signal, onProgress, ...options })).rejects
      .toMatchObject({ code: 'aborted' }); // biome-ignore format: one statement
  }

  it.each(exportFormats)('goes on from its parts to equal bytes, interrupted at every part: %s', async (format) => {
    const recommender = await open();
    const whole = join(folder, `whole.${format}`);
    await exportRecommendations(recommender, whole, { k });
    expect((await listsIn(whole)).map(({ user }) => user)).toEqual([...recommender.userIds]);
    const file = join(folder, `resumed.${format}`);
    for (const part of [1, 2]) {
      await cancelled(recommender, file, part * each);
      expect(existsSync(file)).toBe(false);
      const parts = (await readdir(`${file}.parts`)).filter((name) => name.endsWith('.part'));
      expect(parts.length).toBe(part);
      const told: number[] = [];
      const onProgress = (done: number, total: number) => told.push(done, total);
      expect(await exportRecommendations(recommender, file, { k, resume: true, onProgress })).toBe(users);
      expect(told.slice(0, 2)).toEqual([Math.min(users, (part + 1) * each), users]);
      expect(Buffer.compare(await readFile(file), await readFile(whole))).toBe(0);
      expect(existsSync(`${file}.parts`)).toBe(false);
      await rm(file);
    }
  });

  it('refuses to go on with anything else, and says what differs', async () => {
    const file = join(folder, 'other.csv');
    const recommender = await open();
    await cancelled(recommender, file, each);
    const again = (options: ExportOptions, of = recommender) =>
      expect(exportRecommendations(of, file, { k, resume: true, ...options })).rejects;
    const mismatch = (what: string) => ({ code: 'lists-mismatch', facts: { what } });
    await again({ k: 1001 }).toMatchObject(mismatch('k'));
    await again({ discover: 0.1 }).toMatchObject(mismatch('discover'));
    await again({ exclude: ['i1'] }).toMatchObject(mismatch('exclude'));
    await again({ format: 'jsonl' }).toMatchObject(mismatch('format'));
    await again({ users: ['u1'] }).toMatchObject(mismatch('users'));
    const other = await recommenderOf({ users, items: 8, density: 0.1, titles: true, score: 'dot' });
    await again({}, other).toMatchObject(mismatch('model'));
    expect(existsSync(`${file}.parts`)).toBe(true);
    expect(await exportRecommendations(recommender, file, { k, resume: true })).toBe(users);
  });

  it('without `resume` it keeps nothing, and neither does one without a finished part', async () => {
    const recommender = await open();
    const own = await mkdtemp(join(folder, 'none-'));
    await cancelled(recommender, join(own, 'a.csv'), each, { resume: false });
    await cancelled(recommender, join(own, 'b.csv'), 1, { k: 1 });
    expect(await readdir(own)).toEqual([]);
  });

  it('does not take parts whose plan is gone for its own, and leaves files of others alone', async () => {
    const recommender = await open();
    const file = join(folder, 'orphans.csv');
    await exportRecommendations(recommender, file, { k });
    const whole = await readFile(file);
    await rm(file);
    await cancelled(recommender, file, each, { discover: 0.5 });
    await rm(join(`${file}.parts`, 'plan.json'));
    await writeFile(join(`${file}.parts`, 'notes.txt'), 'mine');
    await exportRecommendations(recommender, file, { k, resume: true });
    expect(Buffer.compare(await readFile(file), whole)).toBe(0);
    expect(await readdir(`${file}.parts`)).toEqual(['notes.txt']);
  });

  it('says that a damaged plan is none', async () => {
    const recommender = await open();
    const file = join(folder, 'damaged.csv');
    await cancelled(recommender, file, each);
    await writeFile(join(`${file}.parts`, 'plan.json'), '{"taurec"');
    await expect(exportRecommendations(recommender, file, { k, resume: true })).rejects.toMatchObject({
      code: 'lists-mismatch',
      facts: { what: 'plan' },
    });
  });

  it('is for lists of the model as it is stored alone', async () => {
    const recommender = await open();
    const file = join(folder, 'as-stored.csv');
    const refused = (of: Recommender, options: ExportOptions) =>
      expect(exportRecommendations(of, file, { k, ...options })).rejects.toMatchObject({ code: 'bad-option' });
    expect(recommender.isAsStored).toBe(true);
    await refused(recommender.withPrior(0.5), { resume: true });
    await refused(recommender.withPrior(0.5), { queue: 'redis://127.0.0.1:1' });
    expect(await exportRecommendations(recommender.withPrior(0.5), file, { k: 1 })).toBe(users);
    recommender.editItems([{ item: 'i1', deleted: true, replaces: false, values: {} }]);
    await refused(recommender, { resume: true });
    expect(existsSync(`${file}.parts`)).toBe(false);
  });
});

it('ids that can be read once alone hold for all users', async () => {
  const recommender = await recommenderOf({ users: 30, items: 12 });
  const once = () => new Map([['i0', 1], ['i3', 1]] as const).keys(); // biome-ignore format: two ids
  const file = join(folder, 'once.jsonl');
  await exportRecommendations(recommender, file, { exclude: once(), k: 12 });
  const items = (await listsIn(file)).flatMap((list) => list.items.map(({ id }) => id));
  expect(items.filter((id) => id === 'i0' || id === 'i3')).toEqual([]);
  expect(items.length).toBeGreaterThan(0);
});
