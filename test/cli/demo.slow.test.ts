import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { begin, folder } from './taurec.ts';

// The training takes half a minute of processor time.
vi.setConfig({ testTimeout: 300_000 });

let server: Server;
let base: string;
beforeAll(async () => {
  server = createServer((_, response) => response.end('not the archive'));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

describe('taurec demo', () => {
  test('a download that is not MovieLens is refused; it says so and trains on the synthetic catalogue', async () => {
    const env = { TAUREC_MOVIELENS: base, TAUREC_CACHE: join(folder, 'demo-cache') };
    const { done, stderr, stop } = begin(['demo', '--people', '1', '--threads', '2'], { env });
    // That it trains is enough: the training is that of the next test.
    await expect.poll(stderr, { timeout: 120_000 }).toMatch(/epoch/i);
    stop();
    expect((await done).code).toBe(130);
    expect(stderr()).toMatch(/Cannot get MovieLens \(.*SHA-256.*\)/);
    expect(stderr()).toContain('synthetic catalogue');
  });

  const shared = process.env.TAUREC_DATA;
  test.skipIf(!shared)(
    'movielens-100k of $TAUREC_DATA (skipped without it): half again as good as the most popular',
    async () => {
      const { code, stdout, stderr } = await begin(['demo', '--people', '1'], { env: { TAUREC_DATA: shared! } }).done;
      expect(code, stderr).toBe(0);
      const [, ours, theirs] = /NDCG@20 +(\d\.\d+) +(\d\.\d+)/.exec(stdout)!;
      expect(Number(ours)).toBeGreaterThan(1.5 * Number(theirs));
      expect(stdout).toMatch(/User \d+ liked +recommended/);
    },
  );
});
