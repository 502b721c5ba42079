import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { studioSite } from '../../src/server/site.ts';
import { ServerSession } from '../../src/studio/server-session.ts';
import { folder, start } from '../cli/taurec.ts';
import { stateOf, toyRequest } from './session-contract.ts';

const built = test.skipIf(!existsSync(join(studioSite, 'index.html')));

built('prints one address, answers whoever has it, and stops cleanly on Ctrl-C in mid-run', async () => {
  mkdirSync(join(folder, 'own'));
  writeFileSync(join(folder, 'own/log.csv'), 'user,item\na,x\n');
  const { child, done } = start(['studio', 'own', '--port', '0', '--threads', '1', '--json']);
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout! }), 'line'),
    done.then(({ stderr }) => Promise.reject(new Error(stderr))),
  ]);
  const { url, address, pid } = JSON.parse(line) as { url: string; address: string; pid: number };
  expect(pid).toBe(child.pid);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  const [, token] = address.split('#token=');
  expect(address).toBe(`${url}#token=${token}`);
  const session = await ServerSession.join(url, token!);
  expect((await session.sources()).map(({ name }) => name)).toContain('log.csv');
  expect(await session.about()).toMatchObject({ threads: 1, folder: join(folder, 'own') });
  await session.load(toyRequest);
  const { id } = await session.start({ loss: 'sl', dimension: 8, epochs: 1_000_000, validation: { every: 1_000_000 } });
  await stateOf(session, id, 'running', 0);
  child.kill('SIGINT');
  const { code, stderr, stdout } = await done;
  expect(code, stderr).toBe(0);
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toEqual([line, '']);
  await session.close();
});
