import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openQueue } from '../../src/queue/open-queue.ts';
import type { WorkQueue } from '../../src/queue/work-queue.ts';
import { type QueueServer, queueServers } from '../support/queue-servers.ts';
import { file, json, start, writeData } from './taurec.ts';

// Each test runs several processes; generous deadlines, for machines that do other things.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 300_000 });

writeData();
const tune = {
  space: { 'loss.tau': { logUniform: [0.05, 0.5] } },
  search: 'random',
  trials: 3,
  halving: { rungs: [0.5, 1], factor: 4 },
};
const training = { loss: 'sl', epochs: 120, dimension: 8, batch: { rows: 8, negatives: 40 }, checkpointEvery: 4 };
const validation = { every: 10, patience: 100 };
file('study.json', JSON.stringify({ ...training, validation, tune, data: { valid: 'valid.csv' } }));
const common = ['train.csv', '--config', 'study.json', '--threads', '1'];

/** What does not depend on who did it. */
// biome-ignore lint/suspicious/noExplicitAny: JSON
const valuesOf = ({ winner, trials }: any) => ({
  winner: { ...winner, command: winner.command.replace(/models?\/\S+/, '') },
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  trials: trials.map(({ number, point, runs }: any) => ({
    number,
    point,
    // biome-ignore lint/suspicious/noExplicitAny: JSON
    runs: runs.map(({ rung, state, value, epoch, epochs, seed, checkpoint }: any) => ({
      ...{ rung, state, value, epoch, epochs, seed, checkpoint },
    })),
  })),
});

const until = async (holds: () => boolean | Promise<boolean>) => {
  while (!(await holds())) await new Promise((wake) => setTimeout(wake, 20));
};

/** A worker, and the trainings that it says to have taken. */
function startWorker(url: string, ...more: string[]) {
  const args = ['worker', ...common, '--queue', url, '--lock-seconds', '5', '--json', ...more];
  const worker = start(args);
  const taken: string[] = [];
  let rest = '';
  worker.child.stdout!.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const event of lines.map((line) => JSON.parse(line))) if (event.type === 'taken') taken.push(event.run);
  });
  return { ...worker, taken };
}

// biome-ignore lint/suspicious/noExplicitAny: JSON
let local: any;
beforeAll(async () => {
  local = await json('tune', ...common, '--folder', 'local');
});

describe.each(queueServers)(
  'a study over a queue in %s (skipped where it is not installed)',
  (name, missing, startServer) => {
    let server: QueueServer;
    let queue: WorkQueue;
    beforeAll(async () => {
      if (missing) return;
      server = await startServer();
      queue = await openQueue(server.url);
    });
    afterAll(async () => {
      await queue?.close();
      await server?.stop();
    });

    test.skipIf(missing)(
      'goes on when a worker is killed in mid-trial, from its last checkpoint, its coordinator is killed, and a worker is stopped; everything once',
      async () => {
        const args = ['tune', ...common, '--queue', server.url, '--folder', `queued-${name}`, '--json', '-q'];
        const first = start(args);
        // Killed as soon as a checkpoint of what it trains has been handed over; a training that ended meanwhile leaves others.
        let killed: string | undefined;
        while (killed === undefined) {
          const worker = startWorker(server.url);
          let run = '';
          await until(async () => {
            run = worker.taken.at(-1) ?? '';
            if (run === '') return false;
            const { file: checkpoint, outcome } = await queue.board(run);
            return checkpoint !== undefined && !outcome;
          });
          worker.child.kill('SIGKILL');
          expect((await worker.done).code).toBeNull();
          if (!(await queue.board(run)).outcome) killed = run;
        }
        first.child.kill('SIGKILL');
        await first.done;

        const second = start(args);
        const stopped = startWorker(server.url);
        await until(() => stopped.taken.length > 0);
        stopped.child.kill('SIGINT');
        expect((await stopped.done).code).toBe(0);
        const worker = startWorker(server.url, '--until-done');
        const { code, stdout, stderr } = await second.done;
        expect(code, stderr).toBe(0);
        const ended = await worker.done;
        expect(ended.code, ended.stderr).toBe(0);

        const result = JSON.parse(stdout);
        expect(valuesOf(result)).toEqual(valuesOf(local));
        const [trial, rung] = killed.split('-').slice(-2).map(Number);
        const { attempts } = result.trials[trial!].runs.find((run: { rung: number }) => run.rung === rung);
        expect(attempts.length).toBeGreaterThan(1);
        expect(attempts[0].fromEpoch).toBe(0);
        expect(attempts[1].fromEpoch).toBeGreaterThan(0);
        expect(attempts[1].worker).not.toBe(attempts[0].worker);
        // Nothing of the study stays in the queue.
        expect(await queue.works()).toEqual([]);
        expect(await queue.board(killed)).toEqual({ attempts: [], points: [] });
      },
    );

    test.skipIf(missing)('a worker with other data says so and leaves the trials to others', async () => {
      const study = start(['tune', ...common, '--queue', server.url, '--folder', `other-${name}`, '--json', '-q']);
      await until(async () => (await queue.works()).length > 0);
      file('other.json', JSON.stringify({ data: { valid: 'test.csv' } }));
      const other = await start(['worker', 'train.csv', '--config', 'other.json', '--queue', server.url]).done;
      expect(other.code).toBe(1);
      expect(other.stderr).toMatch(
        /This worker has interactions with the SHA-256 "\w{64}", expected \w{64} as in the queue/,
      );
      study.child.kill('SIGINT');
      const { code, stderr } = await study.done;
      expect(code).toBe(130);
      expect(stderr).toContain('The study is kept in');
      const [left] = await queue.works();
      await queue.withdraw(
        left!,
        [0, 1, 2].map((trial) => `${left!.id.slice(0, 32)}-${trial}-0`),
      );
    });
  },
);
