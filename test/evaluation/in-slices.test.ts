import { expect, it } from 'vitest';
import { inSlices } from '../../src/evaluation/in-slices.ts';

it('gives the value of the work', async () => {
  expect(await inSlices(steps(3), {})).toBe('done');
});

it('stops between two steps once the signal is aborted', async () => {
  const controller = new AbortController();
  let taken = 0;
  const work = steps(10, () => {
    if (++taken === 4) controller.abort();
  });
  await expect(inSlices(work, { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
  expect(taken).toBe(4);
});

it('lets timers run during long work, and reports the finished share', async () => {
  // Endless until a timer has run.
  let hasRun = false;
  setTimeout(() => (hasRun = true));
  const parts: number[] = [];
  const work = (function* () {
    while (!hasRun) yield 0.5;
    return 'done';
  })();
  expect(await inSlices(work, { onProgress: ({ part }) => parts.push(part) })).toBe('done');
  expect(new Set(parts)).toEqual(new Set([0.5]));
});

function* steps(count: number, onStep = () => {}): Generator<number, string> {
  for (let step = 0; step < count; step++) {
    onStep();
    yield step / count;
  }
  return 'done';
}
