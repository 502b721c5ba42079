import { TaurecError } from '../../errors.ts';
import type { QueueOptions, TrialQueue } from './trial-queue.ts';

/**
 * The queue at a URL: `redis://…` and `rediss://…` (BullMQ), `postgres://…` and `postgresql://…` (pg-boss).
 * @throws TaurecError `bad-option` for another URL, `queue-unreachable`
 */
export async function openQueue(url: string, options: QueueOptions = {}): Promise<TrialQueue> {
  const scheme = /^(rediss?|postgres(?:ql)?):\/\//.exec(url)?.[1];
  if (scheme === undefined) {
    const expected = 'redis://… or postgres://…';
    throw new TaurecError('bad-option', { option: 'queue', got: url, expected });
  }
  try {
    // Loaded when asked for: most who tune have no queue.
    if (scheme.startsWith('redis')) return await (await import('./bull-queue.ts')).BullQueue.open(url, options);
    return await (await import('./boss-queue.ts')).BossQueue.open(url, options);
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    throw new TaurecError('queue-unreachable', { url, reason: message || code }, { cause });
  }
}
