import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { studioSite } from '../../src/server/site.ts';
import { begin, fails, file, folder, json, taurec } from '../cli/taurec.ts';

const built = test.skipIf(!existsSync(join(studioSite, 'index.html')));

test.each([['0.0.0.0'], ['192.168.0.7'], ['::']])('is not opened to others by --host %s alone', async (host) => {
  await fails(2, /--host.*127\.0\.0\.1[\s\S]*ssh -L/, 'studio', '.', '--host', host);
});

test('refuses what it cannot be', async () => {
  await fails(1, /missing: no such file/, 'studio', 'missing', '--port', '0');
  await fails(2, /--upload-limit.*whole number of at least 1/, 'studio', '--upload-limit', '0');
  await fails(
    2,
    /--export <site>' cannot be used with option '-p, --port/,
    'studio',
    '--export',
    'site',
    '--port',
    '9000',
  );
});

built('tells people the address, alone on standard output', async () => {
  const { done, stdout, stderr, stop } = begin(['studio', '.', '--port', '0']);
  while (!stderr().includes('Ctrl-C')) await sleep(5);
  expect(stdout()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}\n$/);
  // The token is not in what may be kept as a log.
  expect(stderr()).not.toContain(stdout().split('#token=')[1]!.trim());
  stop();
  expect((await done).code).toBe(0);
});

built('--export writes the site, and refuses other folders', async () => {
  expect(await json('studio', '--export', 'site')).toMatchObject({ folder: join(folder, 'site') });
  const { code, stdout } = await taurec('studio', '--export', 'site');
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^Wrote the studio to site: \d+ files\./)]);
  mkdirSync(join(folder, 'thesis'));
  file('thesis/a.tex', 'x');
  await fails(1, /thesis: would be overwritten/, 'studio', '--export', 'thesis');
});
