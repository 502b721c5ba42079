import { beforeAll, describe, expect, test } from 'vitest';
import { fails, file, json, quick, taurec, writeData } from './taurec.ts';

const data = writeData();
const itemRow = (i: number) =>
  `i${i},"Item, ${i}",${i % 2 ? 'shoes|running' : 'garden'},B${i % 5},${i % 7 === 0 ? '' : i / 4},${i % 3 > 0},2025-01-0${1 + (i % 9)}`;
const header = 'id,title,category,brand,price,available,released';
const items = (from: number, to: number) =>
  `${header}\n${Array.from({ length: to - from }, (_, i) => `${itemRow(from + i)}\n`).join('')}`;
const attributes = ['category (list)', 'brand (text)', 'price (number)', 'available (boolean)', 'released (time)'];

beforeAll(async () => {
  file('items.csv', items(0, data.items + 3));
  await json('train', 'train.csv', '--valid', 'valid.csv', '--catalogue', 'items.csv', ...quick, '--out', 'model');
});

describe('the catalogue of a model', () => {
  test('info lists the attributes, lists have its titles, items that the model does not know are noted', async () => {
    expect((await taurec('info', 'model')).stdout).toMatch(
      new RegExp(`^catalogue +${attributes.join(', ').replace(/[()]/g, '[()]')}; from items.csv$`, 'm'),
    );
    const config = await json('info', 'model');
    expect(config.catalogue.attributes[0]).toEqual({ name: 'category', type: 'list' });
    const [first] = (await json('recommend', 'model', '--user', 'u1')).items;
    expect(first.title).toBe(`Item, ${first.id.slice(1)}`);
    const { stderr } = await taurec('train', 'train.csv', '--catalogue', 'items.csv', ...quick, '--out', 'again');
    const unknown = `i${data.items}, i${data.items + 1}, i${data.items + 2}`;
    expect(stderr).toContain(`3 items of items.csv are not in the model, and no list has them: ${unknown}.`);
  });

  test('taurec catalogue replaces it; check finds the model whole; titles that it lacks stay', async () => {
    await json('train', 'train.csv', '--titles', 'titles.csv', ...quick, '--out', 'titled');
    file('stock.jsonl', '{"id":"i1","stock":3,"title":"New"}\n{"id":"i2","stock":0}\n{"id":"x9","stock":1}\n');
    expect(await json('catalogue', 'titled', '--from', 'stock.jsonl')).toEqual({
      ...{ model: 'titled', source: 'stock.jsonl', items: 3, matched: 2, unknown: 1, leftOut: [] },
      attributes: [{ name: 'stock', type: 'number' }],
    });
    expect((await json('info', 'titled', '--check')).whole).toBe(true);
    const list = (await json('recommend', 'titled', '--user', 'u1', '--include-seen', '-k', '80')).items;
    const titles = Object.fromEntries(list.map(({ id, title }: { id: string; title?: string }) => [id, title]));
    expect(titles).toMatchObject({ i1: 'New', i2: 'Title, number 2', i3: 'Title, number 3' });
    const { stdout, stderr } = await taurec('catalogue', 'titled', '--from', 'stock.jsonl');
    expect(stdout).toBe('titled: 2 items with stock (number).\n');
    expect(stderr).toContain('1 items of stock.jsonl are not in the model');
  });

  test('an update keeps it, and brings the attributes of new items that it knows', async () => {
    file('more.csv', `user,item\nu1,i${data.items}\nu2,i${data.items}\nu3,zz\n`);
    await json('update', 'model', '--data', 'more.csv', '--out', 'updated', '--threads', '1');
    const { catalogue } = await json('info', 'updated');
    expect(catalogue.rows).toBe(data.items + 4);
    const list = (await json('recommend', 'updated', '--user', 'u9', '-k', '90', '--include-seen')).items;
    expect(list.find(({ id }: { id: string }) => id === `i${data.items}`).title).toBe(`Item, ${data.items}`);
    expect(list.find(({ id }: { id: string }) => id === 'zz')).not.toHaveProperty('title');
  });

  test('a bad catalogue changes nothing', async () => {
    const before = await json('info', 'model');
    file('bad.csv', `${items(0, 2)}${itemRow(0)}\n`);
    await fails(1, /bad\.csv, line 4: the id "i0" occurs twice/, 'catalogue', 'model', '--from', 'bad.csv');
    await fails(
      2,
      /--titles cannot be combined with --catalogue/,
      'train',
      'train.csv',
      '--titles',
      'titles.csv',
      '--catalogue',
      'items.csv',
      '--out',
      'x',
    );
    expect(await json('info', 'model')).toEqual(before);
  });
});
