import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { fails, file, folder, json, quick, taurec, writeData } from './taurec.ts';

const data = writeData();
beforeAll(async () => {
  await json('train', 'train.csv', ...quick, '--popularity-prior', '0.1', '--neighbors', 'off', '--out', 'model');
}, 60_000);

const lists = async (model: string) => (await json('recommend', model, '--user', 'u3', 'u4', '-k', '20'))[0].items;
const idsOf = (items: { id: string }[]) => items.map(({ id }) => id);

describe('export', () => {
  test('--json says what was written; a person gets a sentence on standard error', async () => {
    expect(await json('export', 'model', '--format', 'npy', '--out', 'npy')).toEqual({
      ...{ out: 'npy', format: 'npy', users: data.users, items: data.items },
    });
    expect(JSON.parse(readFileSync(join(folder, 'npy/export.json'), 'utf8'))).toMatchObject({
      ...{
        format: 'taurec-embeddings',
        columns: 8,
        modelScore: 'cosine',
        normalized: true,
        itemBias: true,
        seen: true,
      },
    });
    const { code, stdout, stderr } = await taurec('export', 'model', '--format', 'json', '--out', 'model.json');
    expect([code, stdout, stderr]).toEqual([0, '', 'Wrote 120 users and 80 items to model.json (json).\n']);
  });

  test('--no-seen, --fold-bias, --raw, --table', async () => {
    await json('export', 'model', '--format', 'json', '--out', 'folded.json', '--fold-bias', '--no-seen');
    const { users, items } = JSON.parse(readFileSync(join(folder, 'folded.json'), 'utf8'));
    expect(Object.keys(users[0])).toEqual(['id', 'embedding']);
    expect([users[0].embedding.length, users[0].embedding[8], items[0].bias]).toEqual([9, 1, undefined]);
    await json('export', 'model', '--format', 'pgvector-copy', '--out', 'model.sql', '--table', 'Shop');
    expect(readFileSync(join(folder, 'model.sql'), 'utf8')).toMatch(/^COPY "Shop_seen" \(user_id, item_id\)/m);
  });

  test('wrong usage, and a folder that holds something else', async () => {
    await fails(2, /required option '--format <name>'/, 'export', 'model', '--out', 'x');
    await fails(2, /required option '-o, --out <path>'/, 'export', 'model', '--format', 'npy');
    await fails(2, /Allowed choices are npy/, 'export', 'model', '--format', 'onnx', '--out', 'x');
    await fails(2, /--raw: got true/, 'export', 'model', '--format', 'pgvector-sql', '--out', 'x', '--raw');
    await fails(1, /model: would be overwritten/, 'export', 'model', '--format', 'npy', '--out', 'model');
    await fails(1, /nowhere: not a taurec model/, 'export', 'nowhere', '--format', 'npy', '--out', 'x');
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });
});

describe('import', () => {
  const npy = ['--users', 'raw/users.npy', '--items', 'raw/items.npy', '--item-bias', 'raw/itemBias.npy'];
  const ids = ['--user-ids', 'raw/user-ids.jsonl', '--item-ids', 'raw/item-ids.jsonl'];

  beforeAll(async () => {
    await json('export', 'model', '--format', 'npy', '--out', 'raw', '--raw');
  }, 60_000);

  test('evaluation, serving and fold-in are those of the model that was exported', async () => {
    const flags = [...npy, ...ids, '--score', 'cosine', '--train', 'train.csv', '--titles', 'titles.csv'];
    expect(await json('import', ...flags, '--out', 'imported')).toEqual({
      ...{
        out: 'imported',
        users: data.users,
        items: data.items,
        dimension: 8,
        interactions: data.train.indices.length,
      },
      ...{ numbered: { users: false, items: false }, unknown: { interactions: 0, users: 0, items: 0 } },
      columns: {
        user: { name: 'user', position: 1, by: 'name' },
        item: { name: 'item', position: 2, by: 'name' },
        unread: [],
      },
      loss: { name: 'sl', options: { tau: 0.2 } },
    });
    const [got, expected] = [await lists('imported'), await lists('model')];
    expect(got.map(({ id, score }: { id: string; score: number }) => ({ id, score }))).toEqual(expected);
    expect(got[0].title).toBe(`Title, number ${got[0].id.slice(1)}`);
    const evaluate = (model: string) => json('evaluate', model, '--test', 'test.csv');
    expect((await evaluate('imported')).metrics).toEqual((await evaluate('model')).metrics);
    expect(idsOf((await json('recommend', 'imported', '--items', 'i1,i2', '-k', '4')).items)).toHaveLength(4);
    const { stdout } = await taurec('info', 'imported');
    expect(stdout).toMatch(/^imported from +raw\/users\.npy, raw\/items\.npy; the loss is for fold-in$/m);
  });

  test('notes: rows without ids, no log, ids without embeddings', async () => {
    const bare = await taurec('import', ...npy, '--score', 'dot', '--out', 'bare', '--loss', 'bce');
    expect(bare.code, bare.stderr).toBe(0);
    expect(bare.stderr).toMatch(/The users have no ids.*\nThe items have no ids.*\nNo --train.*\nImported 120 users/);
    const log = file('others.csv', 'user,item\nu1,i1\nu1,strange\nnobody,i2\n');
    const part = await taurec('import', ...npy, ...ids, '--score', 'dot', '--train', log, '--out', 'part');
    expect(part.stderr).toContain('2 interactions left out, 1 kept: 1 users and 1 items there have no embeddings.');
  });

  test('wrong usage and bad files: nothing is written', async () => {
    const before = readdirSync(folder).sort();
    const out = ['--score', 'cosine', '--out', 'none'];
    await fails(2, /required option '--score <name>'/, 'import', ...npy, '--out', 'none');
    await fails(
      2,
      /negativeWeight/,
      'import',
      ...npy,
      '--score',
      'dot',
      '--loss',
      'sl',
      '--loss-option',
      'negativeWeight=2',
      '--out',
      'none',
    );
    await fails(
      1,
      /raw\/export\.json: it has no list of objects/,
      'import',
      ...npy,
      '--users',
      'raw/export.json',
      ...out,
    );
    await fails(1, /80 ids, expected 120/, 'import', ...npy, '--user-ids', 'raw/item-ids.jsonl', ...out);
    await fails(1, /none of \d+ interactions/, 'import', ...npy, '--train', 'train.csv', ...out);
    await fails(1, /raw: would be overwritten/, 'import', ...npy, '--score', 'dot', '--out', 'raw');
    expect(readdirSync(folder).sort()).toEqual(before);
  });
});
