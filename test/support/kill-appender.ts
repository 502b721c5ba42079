import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { expect } from 'vitest';
import type { FeedbackLog } from '../../src/feedback/feedback-log.ts';

/** Runs an appender until it has acknowledged `least` batches of `size` events, then `kill`s; the batches it acknowledged in all. */
export async function killAppender(
  place: string,
  round: number,
  size: number,
  least: number,
  kill: (appender: { kill(signal: 'SIGKILL'): boolean }) => Promise<void> = async (appender) =>
    void appender.kill('SIGKILL'),
): Promise<string[]> {
  const script = resolve(import.meta.dirname, 'feedback-appender.mjs');
  const child = spawn(process.execPath, [script, place, `${round}`, `${size}`]);
  let printed = '';
  let errors = '';
  let killing: Promise<void> | undefined;
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  child.stdout.setEncoding('utf8').on('data', (text) => {
    printed += text;
    if (printed.split('\n').length > least) killing ??= kill(child);
  });
  await once(child, 'close');
  if (!killing) throw new Error(`The appender ended by itself: ${errors}`);
  await killing;
  // The last piece may be half a line: it was not acknowledged whole.
  return printed.split('\n').slice(0, -1);
}

/** Every acknowledged batch is in the log, and every batch that is there is whole. */
export async function expectWhole(log: FeedbackLog, acknowledged: Map<number, string[]>, size: number): Promise<void> {
  const found = new Map<string, number[]>();
  for await (const page of log.read()) {
    for (const { user, item, time } of page) {
      const key = `${user} ${item}`;
      found.set(key, [...(found.get(key) ?? []), time]);
    }
  }
  const whole = Array.from({ length: size }, (_, n) => n);
  for (const times of found.values()) expect(times).toEqual(whole);
  for (const [round, batches] of acknowledged) {
    const lost = batches.filter((batch) => !found.has(`round ${round} ${batch}`));
    expect(lost, `lost of round ${round}`).toEqual([]);
  }
}
