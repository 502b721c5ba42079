import { beforeAll, describe, expect, test } from 'vitest';
import { fails, file, json, quick, taurec } from './taurec.ts';

// Orders: date, customer, product, quantity; every customer buys eight of ten products, with one bought twice.
const orders = Array.from({ length: 20 }, (_, u) =>
  Array.from({ length: 9 }, (_, e) => `2024-05-0${1 + (e % 9)},c${u},p${(u + (e % 8)) % 10},${1 + (e % 3)}`),
).flat();
const line = (name: string) =>
  `Columns of ${name}: user = "customer" (2), item = "sku" (3); not read: "order_date" (1), "qty" (4).\n`;
const columns = {
  user: { name: 'customer', position: 2, by: 'name' },
  item: { name: 'sku', position: 3, by: 'name' },
  unread: [
    { name: 'order_date', position: 1 },
    { name: 'qty', position: 4 },
  ],
};

beforeAll(async () => {
  file('orders.csv', `order_date,customer,sku,qty\n${orders.join('\n')}\n`);
  file('later.csv', 'order_date,customer,sku,qty\n2024-06-01,c1,p0,1\n2024-06-01,c9,p6,1\n');
  await json('train', 'orders.csv', ...quick, '--out', 'model');
});

describe('every command that reads interactions names the columns', () => {
  const train = ['train', 'orders.csv', ...quick, '--epochs', '1', '--out', 'again'];
  test.each([
    [['info', 'orders.csv'], 'orders.csv'],
    [train, 'orders.csv'],
    [['evaluate', 'model', '--test', 'later.csv'], 'later.csv'],
    [['update', 'model', '--data', 'later.csv', '--dry-run'], 'later.csv'],
    [['compare', 'model', 'model', '--test', 'later.csv', '--resamples', '100'], 'later.csv'],
  ])('%j', async (args, name) => {
    const told = await taurec(...args);
    expect(told.code, told.stderr).toBe(0);
    expect(told.stderr).toContain(line(name));
    expect((await taurec(...args, '--quiet')).stderr).not.toContain('Columns');
    expect((await json(...args)).columns).toEqual(columns);
  });

  test('train names those of each file', async () => {
    const test = file('pairs.csv', 'c1,p0\nc9,p6\n');
    const result = await json(...train, '--test', test);
    expect([result.columns, result.testColumns.user]).toEqual([columns, { position: 1, by: 'position' }]);
  });
});

describe('taurec info', () => {
  test('shows the first rows under the roles, and the range of ratings before merging', async () => {
    file('twice.csv', 'user,item,rating\nann,tea,1\nann,tea,5\nbob,milk,4\n');
    const { stdout, stderr } = await taurec('info', 'twice.csv');
    expect(stdout).toMatch(
      /^user: user \(1\) +item: item \(2\) +rating: rating \(3\)\nann +tea +1\nann +tea +5\nbob +milk +4\n/,
    );
    expect(stdout).toMatch(/^ratings +1 to 5, mean 3\.33$/m);
    expect(stderr).toContain('not read: none.');
  });

  test('counts what was passed over, and names the flags', async () => {
    file('odd.csv', 'user,item,rating,time\na,b,,\n,,,\nuser,item,rating,time\nNULL,b,3,5\nc,"d\ne",4,6\n');
    const { stderr } = await taurec('info', 'odd.csv');
    expect(stderr).toContain('Passed over 1 blank row, 1 line that repeats the header.');
    expect(stderr).toContain('1 of 3 rows without a rating, kept all the same; --no-rating ignores the column.');
    expect(stderr).toContain('1 of 3 rows without a time, kept all the same; --no-time ignores the column.');
    expect(stderr).toContain('The row from line 6 on has a quoted field over several lines, 2 in all.');
    expect(stderr).toContain('1 id is NULL, taken as a name; --null-values NULL leaves such rows out.');
    const named = await taurec('info', 'odd.csv', '--null-values', 'NULL,NaN', '--no-time');
    expect(named.stderr).toContain('1 row with a missing id (--null-values)');
    expect(named.stderr).not.toContain('without a time');
  });

  test('a table of unknown columns is an error with exit code 1', async () => {
    file('unknown.csv', 'wer,was,wann\na,b,c\nd,e,f\n');
    await fails(1, /\n {3}2 {2}was\n/, 'info', 'unknown.csv');
    const text = await taurec('info', 'unknown.csv', '--header');
    expect(text.stderr).toContain('   2  was   b\n');
    expect((await json('info', 'unknown.csv', '--user', 'wer', '--item', 'was')).users).toBe(2);
  });
});
