import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { SessionEvent } from '../../src/studio/session.ts';
import { EventLog, type NewEvent } from '../../src/studio/workbench/event-log.ts';

/** What the log keeps at most, and what thinning leaves. */
const [KEPT, LEFT] = [5000, 4000];

const runs = ['run-1', 'run-2', 'run-3'] as const;
const event = (kind: number, run: string, epoch: number): NewEvent =>
  [
    { type: 'train', run, event: { type: 'epoch', epoch } },
    { type: 'train', run, event: { type: 'progress', done: epoch } },
    { type: 'map', run, epoch, x: [], y: [] },
    { type: 'list', run, epoch, user: 'u', items: [] },
    { type: 'run', run, info: { id: run } },
  ][kind] as never;

const past = (log: EventLog, after = 0): SessionEvent[] => {
  const events: SessionEvent[] = [];
  log.watch((one) => events.push(one), after)();
  return events;
};

/** A picture is replaced by the next one of its kind. */
const pictureOf = (one: SessionEvent) =>
  one.type !== 'train' ? `${one.run} ${one.type}` : one.event.type === 'progress' ? `${one.run} progress` : undefined;

test('thinning keeps the order, the newest picture of each kind, and the newest events of trainings', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(4), fc.nat(2)), { minLength: 1, maxLength: 60 }),
      fc.integer({ min: 1, max: 12_000 }),
      (pattern, length) => {
        const log = new EventLog();
        const live: SessionEvent[] = [];
        log.watch((one) => live.push(one));
        for (let n = 0; n < length; n++) {
          const [kind, run] = pattern[n % pattern.length]!;
          log.add(event(kind, runs[run]!, n));
        }
        // A listener that was there all the time has every event, by numbers without gaps.
        expect(live.map(({ number }) => number)).toEqual(Array.from({ length }, (_, n) => n + 1));
        const kept = past(log);
        expect(kept.length).toBeLessThanOrEqual(KEPT);
        const numbers = new Set(kept.map(({ number }) => number));
        expect([...numbers]).toEqual([...numbers].sort((a, b) => a - b));
        const newest = new Map(live.map((one) => [pictureOf(one), one.number]));
        newest.delete(undefined);
        for (const number of newest.values()) expect(numbers.has(number)).toBe(true);
        expect(kept.filter((one) => pictureOf(one) !== undefined)).toHaveLength(newest.size);
        // Epochs that are kept are the last ones, without a gap.
        const epochs = live.filter((one) => pictureOf(one) === undefined);
        const keptEpochs = kept.filter((one) => pictureOf(one) === undefined);
        expect(keptEpochs).toEqual(epochs.slice(epochs.length - keptEpochs.length));
        // No more goes than has to: at most what one thinning takes, but for pictures that were replaced.
        expect(keptEpochs.length).toBeGreaterThanOrEqual(Math.min(epochs.length, LEFT - 4 * runs.length));
      },
    ),
    { numRuns: 40 },
  );
});

test('a listener that comes later gets what is after its number, and a run that is forgotten has one event', () => {
  const log = new EventLog();
  for (let n = 0; n < 10; n++) log.add(event(0, runs[n % 2]!, n));
  expect(past(log, 7).map(({ number }) => number)).toEqual([8, 9, 10]);
  log.forget('run-1');
  expect(past(log).map(({ run }) => run)).toEqual([...Array.from({ length: 5 }, () => 'run-2'), 'run-1']);
  expect(past(log).at(-1)).toEqual({ number: 11, run: 'run-1', type: 'gone' });
});
