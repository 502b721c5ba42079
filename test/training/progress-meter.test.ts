import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ProgressMeter, type TrainEvent } from '../../src/training/events.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

it('reports at most five times a second: the mean loss and the rate since the last report, the time left at the pace so far', () => {
  const events: TrainEvent[] = [];
  const meter = new ProgressMeter('search', 4, 40, 10, (event) => events.push(event));
  for (const [at, loss] of [1, 2, 6, 4, 5, 9].entries()) {
    vi.advanceTimersByTime(100);
    meter.step({ epoch: 2, step: 11 + at, loss, learningRate: 0.5, examples: 7 });
  }
  const shared = { type: 'progress', phase: 'search', epoch: 2, epochs: 4, steps: 40, learningRate: 0.5 };
  expect(events).toEqual([
    { ...shared, step: 12, loss: (1 + 2) / 2, examplesPerSecond: 14 / 0.2, eta: expect.closeTo((40 - 12) * 0.1, 9) },
    { ...shared, step: 14, loss: (6 + 4) / 2, examplesPerSecond: 14 / 0.2, eta: expect.closeTo((40 - 14) * 0.1, 9) },
    { ...shared, step: 16, loss: (5 + 9) / 2, examplesPerSecond: 14 / 0.2, eta: expect.closeTo((40 - 16) * 0.1, 9) },
  ]);
});

it('never promises more time than the budget has', () => {
  const events: TrainEvent[] = [];
  const meter = new ProgressMeter('search', 4, 40, 0, (event) => events.push(event));
  vi.advanceTimersByTime(1000);
  meter.step({ epoch: 1, step: 1, loss: 1, learningRate: 0.5, examples: 7, secondsLeft: 3 });
  expect(events[0]).toMatchObject({ eta: 3 });
});
