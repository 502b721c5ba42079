import { expect, test, vi } from 'vitest';
import type { SessionEvent } from '../../src/studio/session.ts';
import { EventLog } from '../../src/studio/workbench/event-log.ts';

const map = (run: string, epoch: number) => ({ type: 'map', run, epoch, x: [epoch], y: [0] }) as const;
const list = (run: string, epoch: number) => ({ type: 'list', run, epoch, user: 'u', items: [] }) as const;
const progress = (run: string, done: number) =>
  ({ type: 'train', run, event: { type: 'progress', phase: 'search', epoch: 1, done, total: 9 } }) as never;

/** What a listener gets that comes after everything. */
function replayed(log: EventLog, after = 0): SessionEvent[] {
  const got: SessionEvent[] = [];
  log.watch((event) => got.push(event), after)();
  return got;
}

test('who watches late gets the newest map, list and progress of each run, and no older ones', () => {
  const log = new EventLog();
  for (let epoch = 1; epoch <= 300; epoch++)
    for (const run of ['a', 'b']) {
      log.add(map(run, epoch));
      log.add(list(run, epoch));
      log.add(progress(run, epoch));
    }
  const late = replayed(log);
  expect(late).toHaveLength(6);
  expect(late.map(({ number }) => number)).toEqual([1795, 1796, 1797, 1798, 1799, 1800]);
  expect(late.filter(({ type }) => type === 'map')).toMatchObject([
    { run: 'a', epoch: 300 },
    { run: 'b', epoch: 300 },
  ]);
  expect(replayed(log, 1798)).toHaveLength(2);
});

test('a discarded run leaves one event, which says so', () => {
  const log = new EventLog();
  for (const run of ['a', 'b']) log.add(map(run, 1));
  log.forget('a');
  expect(replayed(log)).toMatchObject([
    { number: 2, run: 'b', type: 'map' },
    { number: 3, run: 'a', type: 'gone' },
  ]);
  log.add(map('b', 2));
  expect(replayed(log).map(({ number }) => number)).toEqual([3, 4]);
});

test('keeps a bounded number of epochs, and the pictures beyond them', () => {
  const log = new EventLog();
  log.add(map('a', 1));
  for (let epoch = 1; epoch <= 20_000; epoch++)
    log.add({ type: 'train', run: 'a', event: { type: 'validation', epoch } as never });
  const late = replayed(log);
  expect(late.length).toBeLessThanOrEqual(5000);
  expect(late[0]).toMatchObject({ type: 'map' });
  expect(late.at(-1)!.number).toBe(log.last);
});

test('a listener that throws stops neither the others nor the thread', async () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  const log = new EventLog();
  const got: number[] = [];
  const fault = new Error('a fault of the listener');
  log.watch(() => {
    throw fault;
  });
  log.watch(({ number }) => got.push(number));
  log.add(map('a', 1));
  // An error that is thrown in a timer would fail this test.
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(got).toEqual([1]);
  expect(told).toHaveBeenCalledWith(fault);
  told.mockRestore();
});
