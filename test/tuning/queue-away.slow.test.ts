import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openQueue } from '../../src/queue/open-queue.ts';
import type { Lease } from '../../src/queue/work-queue.ts';
import { type PostgresServer, postgresMissing, startPostgres, withReason } from '../support/servers.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const facts = { id: 'a'.repeat(64), taurec: '1.2.3', data: 'b'.repeat(64) };
const run = { id: 'a-0-0', work: facts.id, task: { key: { trial: 0, rung: 0 }, config: {}, metric: 'ndcg@20' } };
const failed = { failed: { code: 'diverged', message: '' } };

describe.skipIf(postgresMissing)(withReason('a queue in PostgreSQL', postgresMissing), () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  test('who works, who looks on and who looks for work outlast a restart of the server', async () => {
    const url = await server.createDatabase('restarted');
    const [coordinator, worker, idle] = await Promise.all([openQueue(url), openQueue(url), openQueue(url)]);
    await coordinator.announce(facts);
    await coordinator.submit(run, facts);
    const stop = new AbortController();
    const handler = async (lease: Lease) => {
      expect(await lease.begin()).toBe(true);
      await server.kill();
      const started = pause(1500).then(() => server.start());
      const [held, board] = await Promise.all([lease.beat(), coordinator.board(run.id)]);
      await started;
      expect(held).toBe(true);
      expect(board.outcome).toBeUndefined();
      expect(await lease.finish(failed)).toBe(true);
      stop.abort();
      return 'done' as const;
    };
    const options = { facts, jobs: 1, signal: stop.signal };
    const working = worker.work(handler, options);
    await Promise.all([working, pause(500).then(() => idle.work(handler, options))]);
    expect((await coordinator.board(run.id)).outcome).toEqual(failed);
    expect(await coordinator.works()).toEqual([facts]);
    await Promise.all([coordinator, worker, idle].map((queue) => queue.close()));
  });

  test('whose tables cannot be made keeps no process', async () => {
    const url = await server.createDatabase('taken');
    await server.sql('create schema taurec; create view taurec.run as select 1 as id', 'taken');
    const module = join(import.meta.dirname, '../../dist/queue/open-queue.js');
    const script = `const { openQueue } = await import(${JSON.stringify(module)});
      await openQueue(${JSON.stringify(url)}).catch((error) => console.log(error.code));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (text) => (said += text));
    const timer = setTimeout(() => child.kill(), 30_000);
    expect(await once(child, 'exit')).toEqual([0, null]);
    clearTimeout(timer);
    expect(said).toBe('queue-unreachable\n');
  });
});
