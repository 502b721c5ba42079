import { expect, test, vi } from 'vitest';
import { Answer } from '../../src/studio/page/state/answer.ts';

test('of questions that follow one another fast, only the last one is asked', async () => {
  const answer = new Answer<number>();
  const work = vi.fn(async (n: number) => n);
  for (let n = 1; n <= 5; n++) answer.ask(() => work(n), 5);
  await vi.waitFor(() => expect(answer.shown.value).toBe(5));
  expect(work.mock.calls).toEqual([[5]]);
});

test('the last answer stays while the next one is worked on, when it fails, and against one that comes too late', async () => {
  const answer = new Answer<string>();
  answer.ask(async () => 'first');
  await vi.waitFor(() => expect(answer.shown.value).toBe('first'));
  let endLate!: (value: string) => void;
  answer.ask(() => new Promise((resolve) => (endLate = resolve)));
  await vi.waitFor(() => expect(answer.task.state.value.state).toBe('working'));
  expect(answer.shown.value).toBe('first');
  answer.ask(() => Promise.reject(new Error('no')));
  await vi.waitFor(() => expect(answer.task.state.value.state).toBe('failed'));
  endLate('late');
  await Promise.resolve();
  expect(answer.shown.value).toBe('first');
  expect(answer.task.state.value.state).toBe('failed');
});

test('after a reset nothing of before shows, and what was about to be asked is not', async () => {
  const answer = new Answer<string>();
  answer.ask(async () => 'old');
  await vi.waitFor(() => expect(answer.shown.value).toBe('old'));
  const work = vi.fn(async () => 'other');
  answer.ask(work, 5);
  answer.reset();
  expect(answer.shown.value).toBeUndefined();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(work).not.toHaveBeenCalled();
});
