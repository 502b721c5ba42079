import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const withoutPackages = pathToFileURL(join(import.meta.dirname, 'modules/without-packages.mjs')).href;
const dist = pathToFileURL(join(import.meta.dirname, '../../dist')).href;

/** Runs a module in a process that has none of the packages of queues. Returns what it prints. */
async function runWithout(source: string): Promise<string> {
  const args = ['--import', withoutPackages, '--input-type=module', '--eval', source];
  return (await promisify(execFile)(process.execPath, args)).stdout;
}

test.each([
  ['redis://127.0.0.1:1', /^A queue in redis needs the package (bullmq|ioredis), .*npm install bullmq@6 ioredis@5$/],
  ['postgres://127.0.0.1:1/x', /^A queue in PostgreSQL needs the package pg-boss, .*npm install pg-boss@10$/],
])('without its packages a queue at %s is an error that says what to install', async (url, message) => {
  const found = await runWithout(`
    import { openQueue } from '${dist}/queue/open-queue.js';
    const { code, message } = await openQueue('${url}').catch((error) => error);
    process.stdout.write(JSON.stringify({ code, message }));`);
  expect(JSON.parse(found)).toEqual({ code: 'missing-package', message: expect.stringMatching(message) });
});

test('tune, the worker and the public entry load without them', async () => {
  const found = await runWithout(`
    await import('${dist}/tuning/tune.js');
    await import('${dist}/tuning/queue/run-worker.js');
    const { tune } = await import('${dist}/lab.js');
    process.stdout.write(typeof tune);`);
  expect(found).toBe('function');
});
