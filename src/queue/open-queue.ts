import { TaurecError } from '../errors.ts';
import type { QueueOptions, Work, WorkQueue } from './work-queue.ts';

/** A kind of queue and its packages. They are optional peer dependencies, because most work is done without a queue. */
interface QueueKind {
  /** Name of the server, for errors. */
  readonly server: string;
  /** Packages with versions, in the form that `npm install` takes. */
  readonly packages: readonly string[];
  /** Connects; imports the packages on first use. */
  open<W extends Work>(url: string, options: QueueOptions): Promise<WorkQueue<W>>;
}

const bullQueue: QueueKind = {
  server: 'redis',
  packages: ['bullmq@6', 'ioredis@5'],
  open: async <W extends Work>(url: string, options: QueueOptions) =>
    (await import('./bull-queue.ts')).BullQueue.open<W>(url, options),
};
const bossQueue: QueueKind = {
  server: 'PostgreSQL',
  packages: ['pg-boss@10'],
  open: async <W extends Work>(url: string, options: QueueOptions) =>
    (await import('./boss-queue.ts')).BossQueue.open<W>(url, options),
};

/**
 * Opens the queue at a URL: `redis://…` and `rediss://…` (BullMQ), `postgres://…` and `postgresql://…` (pg-boss).
 * @throws TaurecError `bad-option` for another URL, `missing-package`, `queue-unreachable`
 */
export async function openQueue<W extends Work = Work>(url: string, options: QueueOptions = {}): Promise<WorkQueue<W>> {
  const scheme = /^(rediss?|postgres(?:ql)?):\/\//.exec(url)?.[1];
  if (scheme === undefined) {
    const expected = 'redis://… or postgres://…';
    throw new TaurecError('bad-option', { option: 'queue', got: url, expected });
  }
  const kind = scheme.startsWith('redis') ? bullQueue : bossQueue;
  try {
    return await kind.open<W>(url, options);
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException;
    const missing = code === 'ERR_MODULE_NOT_FOUND' && packageIn(message, kind);
    if (missing) {
      const facts = { name: missing, problem: 'is not installed', install: kind.packages.join(' ') };
      throw new TaurecError('missing-package', { what: `A queue in ${kind.server}`, ...facts }, { cause });
    }
    throw new TaurecError('queue-unreachable', { url, reason: message || code }, { cause });
  }
}

/** The package of this kind that Node could not find; undefined if the message is about another package. */
function packageIn(message: string, { packages }: QueueKind): string | undefined {
  const names = packages.map((one) => one.split('@')[0]!);
  return names.find((name) => message.includes(`'${name}'`));
}
