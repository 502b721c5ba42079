import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { WorkProgress } from '../../src/cli/progress.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What is written of 100 users, 10 done every 400 milliseconds. */
function shown(isTTY: boolean): string {
  let text = '';
  const write = (piece: string) => {
    text += piece;
    return true;
  };
  const nothing = () => true;
  const stream = { isTTY, columns: 200, write, cursorTo: nothing, clearLine: nothing, moveCursor: nothing };
  const progress = new WorkProgress(stream as unknown as NodeJS.WriteStream);
  progress.start('Evaluating');
  for (let done = 10; done <= 100; done += 10) {
    vi.advanceTimersByTime(400);
    progress.update(done, 100);
  }
  progress.start('Something short');
  vi.advanceTimersByTime(400);
  progress.update(100, 100);
  progress.close();
  return text;
}

test('no terminal: a line a second at most, with rate and time left; nothing of short work', () => {
  const line = (done: number) =>
    `Evaluating: ${done} of 100 users · 25 users/s · ${((100 - done) / 25).toFixed(1)} s left\n`;
  expect(shown(false)).toBe([30, 60, 90].map(line).join(''));
});

test('a terminal: a bar, which is cleared at the end', () => {
  const text = shown(true);
  expect(text).toMatch(/Evaluating █+░+ 30% · 25 users\/s · 2\.8 s left/);
  expect(text).not.toContain('Something short');
  // the cursor is shown again
  expect(text.lastIndexOf('\x1b[?25h')).toBeGreaterThan(text.lastIndexOf('\x1b[?25l'));
});
