import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { studioSite } from '../../src/server/site.ts';
import { ServerSession } from '../../src/studio/server-session.ts';
import { folder, start } from '../cli/taurec.ts';
import { expectResumed, toyRequest } from './session-contract.ts';

const built = test.skipIf(!existsSync(join(studioSite, 'index.html')));

/** Starts a studio over a folder as a process. */
async function startStudio(own: string) {
  const { child, done } = start(['studio', own, '--port', '0', '--threads', '1', '--json']);
  const [line] = await Promise.race([
    once(createInterface({ input: child.stdout! }), 'line'),
    done.then(({ stderr }) => Promise.reject(new Error(stderr))),
  ]);
  const facts = JSON.parse(line) as { url: string; address: string; pid: number };
  const [, token] = facts.address.split('#token=');
  return { child, done, line: line as string, ...facts, token: token! };
}

built('prints one address, answers whoever has it, and stops cleanly on Ctrl-C in mid-run', async () => {
  mkdirSync(join(folder, 'own'));
  writeFileSync(join(folder, 'own/log.csv'), 'user,item\na,x\n');
  const { child, done, line, url, address, pid, token } = await startStudio('own');
  expect(pid).toBe(child.pid);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  expect(address).toBe(`${url}#token=${token}`);
  const session = await ServerSession.join(url, token);
  expect((await session.sources()).sources.map(({ name }) => name)).toContain('log.csv');
  expect(await session.about()).toMatchObject({ folder: join(folder, 'own') });
  await session.load(toyRequest);
  const { id } = await session.start({ loss: 'sl', dimension: 8, epochs: 1_000_000, validation: { every: 1_000_000 } });
  await expect.poll(async () => (await session.runs()).find((run) => run.id === id)?.engine?.threads).toBe(1);
  child.kill('SIGINT');
  const { code, stderr, stdout } = await done;
  expect(code, stderr).toBe(0);
  expect(stderr).toBe('');
  expect(stdout.split('\n')).toEqual([line, '']);
  await session.close();
});

built('after Ctrl-C in mid-run the next studio of the folder has the run, and resumes it bit for bit', async () => {
  mkdirSync(join(folder, 'again'));
  let { child, done, url, token } = await startStudio('again');
  const first = await ServerSession.join(url, token);
  const stop = async (session: ServerSession) => {
    child.kill('SIGINT');
    expect(await done).toMatchObject({ code: 0, stderr: '' });
    await session.close();
  };
  let next = first;
  const interrupt = async () => {
    await stop(first);
    ({ child, done, url, token } = await startStudio('again'));
    next = await ServerSession.join(url, token);
    return next;
  };
  await expectResumed(first, interrupt, true);
  await stop(next);
  expect(readdirSync(join(folder, 'again/models')).sort()).toEqual(['run-1', 'run-2']);
});
