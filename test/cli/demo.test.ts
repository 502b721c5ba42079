import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { fetchMovieLens } from '../../src/cli/demo.ts';
import { begin, folder, json, writeData } from './taurec.ts';

// Two trainings here take half a minute of processor time each.
vi.setConfig({ testTimeout: 300_000 });

const latin1 = (text: string) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const archive = zipSync({
  'ml-100k/u.data': strToU8('1\t10\t5\t881250949\n2\t10\t4\t881250950\n'),
  'ml-100k/u.item': latin1('10|Misérables, Les (1995)|01-Jan-1995||url|0\n'),
  'ml-100k/README': strToU8('not needed'),
});
const sha256 = createHash('sha256').update(archive).digest('hex');
let server: Server;
let base: string;
let requests = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    requests++;
    if (request.url === '/ml-100k.zip') response.end(archive);
    else response.writeHead(404).end();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

describe('fetchMovieLens', () => {
  test('downloads once, checks, unpacks; titles become UTF-8', async () => {
    const cache = join(folder, 'cache/movielens');
    const files = await fetchMovieLens({ cache, url: `${base}/ml-100k.zip`, sha256 });
    expect(readFileSync(files.ratings, 'utf8')).toBe('1\t10\t5\t881250949\n2\t10\t4\t881250950\n');
    expect(readFileSync(files.titles, 'utf8')).toBe('item,title\n10,"Misérables, Les (1995)"\n');
    const before = requests;
    expect(await fetchMovieLens({ cache, url: `${base}/ml-100k.zip`, sha256 })).toEqual(files);
    expect(requests).toBe(before);
  });

  test('another checksum, no such file, no server: an error that says so, and nothing in the cache', async () => {
    const cache = join(folder, 'cache/none');
    const wrong = sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    await expect(fetchMovieLens({ cache, url: `${base}/ml-100k.zip`, sha256: wrong })).rejects.toThrow(
      `expected ${wrong}`,
    );
    await expect(fetchMovieLens({ cache, url: `${base}/other.zip`, sha256 })).rejects.toThrow('status 404');
    await expect(fetchMovieLens({ cache, url: 'http://127.0.0.1:1/x.zip', sha256 })).rejects.toThrow(
      /127\.0\.0\.1:1\/x\.zip: /,
    );
    expect(existsSync(cache)).toBe(false);
  });
});

describe('taurec demo', () => {
  test('with data: against the most popular items, with people', async () => {
    writeData();
    const { metrics, people } = await json('demo', '--data', '.', '--people', '2', '--out', 'demo-model');
    expect(metrics.bsl['ndcg@20']).toBeGreaterThan(metrics.popular['ndcg@20']);
    expect(metrics.bsl['recall@20']).toBeGreaterThan(metrics.popular['recall@20']);
    expect(people).toHaveLength(2);
    for (const { liked, recommended } of people) {
      expect(liked.length).toBe(5);
      expect(liked[0]).toMatch(/^Title, number/);
      expect(recommended).toHaveLength(5);
    }
    expect((await json('info', 'demo-model')).users).toBe(120);
  });

  test('a download that is not MovieLens is refused; it says so and goes on with the synthetic catalogue', async () => {
    const env = { TAUREC_MOVIELENS: base, TAUREC_CACHE: join(folder, 'demo-cache') };
    const { code, stdout, stderr } = await begin(['demo', '--people', '1', '--threads', '2'], { env }).done;
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/Cannot get MovieLens \(.*SHA-256.*\)/);
    expect(stderr).toContain('synthetic catalogue');
    const [, ours, theirs] = /NDCG@20 +(\d\.\d+) +(\d\.\d+)/.exec(stdout)!;
    expect(Number(ours)).toBeGreaterThan(1.5 * Number(theirs));
    expect(stdout).toMatch(/User \d+ liked +recommended/);
  });

  const shared = process.env.TAUREC_DATA;
  test.skipIf(!shared)(
    'movielens-100k of $TAUREC_DATA (skipped without it): half again as good as the most popular',
    async () => {
      const { code, stdout, stderr } = await begin(['demo', '--json', '--quiet'], { env: { TAUREC_DATA: shared! } })
        .done;
      expect(code, stderr).toBe(0);
      const { metrics } = JSON.parse(stdout);
      expect(metrics.bsl['ndcg@20']).toBeGreaterThan(1.5 * metrics.popular['ndcg@20']);
    },
  );
});
