import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readInteractions } from '../../src/data/read.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { TextFile } from '../../src/platform/text-file.ts';
import { file, folder } from './temporary.ts';

/** A generated log as a file; `name` makes an id of an index. */
function write(
  path: string,
  users: number,
  items: number,
  interactions: number,
  name: (index: number) => string,
): string {
  const { train } = syntheticDataset({ users, items, interactions, testRatio: 0, seed: 1, titles: false });
  const output = new TextFile(path);
  output.write('user,item\n');
  for (let u = 0; u < users; u++) {
    for (let e = train.offsets[u]!; e < train.offsets[u + 1]!; e++)
      output.write(`${name(u)},${name(train.indices[e]!)}\n`);
  }
  output.close();
  return path;
}

/** Reads it back and compares every entry with the generator's. */
async function check(
  path: string,
  users: number,
  items: number,
  interactions: number,
  name: (index: number) => string,
) {
  const { train } = syntheticDataset({ users, items, interactions, testRatio: 0, seed: 1, titles: false });
  const log = await readInteractions(path);
  expect(log.report).toMatchObject({ rows: interactions, duplicates: 0, skipped: 0 });
  const userOf = Int32Array.from({ length: users }, (_, u) => log.userIds.indexOf(name(u)));
  const itemOf = Int32Array.from({ length: items }, (_, i) => log.itemIds.indexOf(name(i)));
  let wrong = 0;
  const offsets = new Int32Array(log.userIds.size + 1);
  for (const user of log.users) offsets[user + 1]!++;
  for (let u = 0; u < log.userIds.size; u++) offsets[u + 1]! += offsets[u]!;
  for (let u = 0; u < users; u++) {
    const expected = train.indices
      .subarray(train.offsets[u]!, train.offsets[u + 1]!)
      .map((i) => itemOf[i]!)
      .sort();
    const got = log.items.subarray(offsets[userOf[u]!]!, offsets[userOf[u]! + 1]!);
    if (expected.length !== got.length || expected.some((i, p) => i !== got[p])) wrong++;
  }
  expect(wrong).toBe(0);
}

const number = (index: number) => String(index * 3);
const text = (index: number) => `k${(index * 7919) % 1_000_003}é`;

test('300,000 rows, numbers and texts', async () => {
  for (const [kind, name] of Object.entries({ number, text })) {
    const path = write(join(folder, `${kind}.csv`), 10_000, 5000, 300_000, name);
    await check(path, 10_000, 5000, 300_000, name);
  }
});

test('a bad row deep in a large file is found, plain and gzip', async () => {
  const lines = Array.from({ length: 200_000 }, (_, e) => `${e % 5000},${e % 777},4`);
  lines[150_000] = '5,6,four';
  const content = `user,item,rating\n${lines.join('\n')}\n`;
  for (const path of [file('deep.csv', content), file('deep.csv.gz', gzipSync(content))]) {
    await expect(readInteractions(path)).rejects.toThrow('line 150002, column rating: got "four"');
  }
});

test.skipIf(!process.env.TAUREC_BIG)(
  '10 million rows (set TAUREC_BIG=1), within 1.5 GB',
  { timeout: 240_000 },
  async () => {
    for (const [kind, name] of Object.entries({ number, text })) {
      const path = write(join(folder, `big-${kind}.csv`), 400_000, 100_000, 10_000_000, name);
      await check(path, 400_000, 100_000, 10_000_000, name);
    }
    expect(process.resourceUsage().maxRSS).toBeLessThan(1.5 * 2 ** 20);
  },
);
