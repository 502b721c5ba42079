// The queue of work on redis. It is loaded only for a `redis://` URL.
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { type Job, Queue, WaitingError, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import {
  type FileFacts,
  type Lease,
  LOCK_SECONDS,
  type QueuedTask,
  type QueueOptions,
  queueName,
  type TaskBoard,
  type Verdict,
  type Work,
  type WorkFacts,
  type WorkOptions,
  type WorkQueue,
} from './work-queue.ts';

/** Redis hash of the announced work: id → facts as JSON. It was named when studies were the only work, as the keys of tasks were; existing servers have them. */
const WORKS = 'taurec:studies';
/** Bytes of a file in one redis value; the server's limit is 512 MiB. */
const CHUNK = 16 * 2 ** 20;
/** High enough that repeated deaths of workers do not end a task. */
const MOST_STALLS = 1000;
/** Attempts to remove a job that a worker holds, and milliseconds between them. */
const REMOVALS = 20;
const REMOVAL_PAUSE = 100;
/** Seconds until a chunk without an entry expires, because its worker was killed before writing the entry. */
const UNNAMED = 3600;

/** A Lua script that runs the commands only for the holder of the task. KEYS[1] is the key of the holder, ARGV[1] the caller. Redis runs it atomically. */
const guarded = (commands: string) =>
  `if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end\n${commands}\nreturn 1`;

/** The scripts of a lease. Each returns 1, or 0 if the caller does not hold the task. */
const scripts = {
  points: guarded(`for i = 2, #ARGV - 1, 2 do redis.call('hset', KEYS[2], ARGV[i], ARGV[i + 1]) end`),
  set: guarded(`redis.call('set', KEYS[2], ARGV[2])`),
  push: guarded(`redis.call('rpush', KEYS[2], ARGV[2])`),
  finish: guarded(`if redis.call('setnx', KEYS[2], ARGV[2]) == 0 then return 0 end`),
  /** KEYS[3] and following: its chunks, which no longer expire. */
  file: guarded(`redis.call('set', KEYS[2], ARGV[2])
    for i = 3, #KEYS do redis.call('persist', KEYS[i]) end`),
  check: guarded(''),
};

/** A queue on BullMQ, in redis or a compatible server. Attempts, points, files and outcomes have keys `taurec:run:<id>:…`. */
export class BullQueue<W extends Work = Work> implements WorkQueue<W> {
  readonly mostFileBytes = 2 ** 30;
  readonly beat: number;
  readonly #redis: Redis;
  /** Milliseconds of silence after which a worker counts as dead. */
  readonly #lock: number;
  /** BullMQ queues by name. */
  readonly #queues = new Map<string, Queue<QueuedTask<W>>>();

  static async open<W extends Work>(url: string, options: QueueOptions = {}): Promise<BullQueue<W>> {
    const redis = new Redis(url, { maxRetriesPerRequest: null, lazyConnect: true });
    // The client reconnects by itself; commands wait meanwhile.
    redis.on('error', () => {});
    try {
      await redis.connect();
      return new BullQueue<W>(redis, options);
    } catch (error) {
      redis.disconnect();
      throw error;
    }
  }

  private constructor(redis: Redis, { lockSeconds = LOCK_SECONDS }: QueueOptions) {
    this.#redis = redis;
    this.#lock = lockSeconds * 1000;
    this.beat = this.#lock / 4;
  }

  async announce(work: WorkFacts): Promise<void> {
    await this.#redis.hset(WORKS, work.id, JSON.stringify(work));
  }

  async works(): Promise<WorkFacts[]> {
    return (await this.#redis.hvals(WORKS)).map((text) => JSON.parse(text));
  }

  async forget(work: WorkFacts, task: string): Promise<void> {
    const queue = this.#queue(work);
    await this.clear(task);
    await this.#redis.del(key(task, 'outcome'), key(task, 'attempts'), key(task, 'holder'), key(task, 'errors'));
    // The worker that wrote the outcome holds the job for a moment longer. A job that is still running stays; `submit` removes it later.
    for (let tries = 0; (await queue.remove(task)) === 0 && tries < REMOVALS; tries++) await wait(REMOVAL_PAUSE);
  }

  async withdraw(work: WorkFacts, tasks: readonly string[]): Promise<void> {
    for (const task of tasks) await this.forget(work, task);
    await this.#redis.hdel(WORKS, work.id);
  }

  async submit(queued: QueuedTask<W>, facts: WorkFacts): Promise<void> {
    const queue = this.#queue(facts);
    const job = await queue.getJob(queued.id);
    // A job that ended without an outcome belongs to withdrawn work, or was given up.
    const ended = job && ((await job.isCompleted()) || (await job.isFailed()));
    if (ended && (await this.#redis.exists(key(queued.id, 'outcome'))) === 0) await queue.remove(queued.id);
    // BullMQ ignores a second job with the same id.
    await queue.add('run', queued, { jobId: queued.id });
  }

  async board(id: string): Promise<TaskBoard<W>> {
    const [attempts, points, progress, facts, outcome] = await Promise.all([
      this.#redis.lrange(key(id, 'attempts'), 0, -1),
      this.#redis.hvals(key(id, 'points')),
      this.#redis.get(key(id, 'progress')),
      this.#redis.get(key(id, 'checkpoint')),
      this.#redis.get(key(id, 'outcome')),
    ]);
    return {
      attempts: attempts.map((text): W['attempt'] => JSON.parse(text)),
      points: points.map((text): W['point'] => JSON.parse(text)).sort((a, b) => a.epoch - b.epoch),
      ...(progress !== null && { progress: JSON.parse(progress) }),
      ...(facts !== null && { file: JSON.parse(facts) as FileFacts }),
      ...(outcome !== null && { outcome: JSON.parse(outcome) as W['outcome'] }),
    };
  }

  async file(id: string): Promise<Uint8Array | undefined> {
    const text = await this.#redis.get(key(id, 'checkpoint'));
    if (text === null) return undefined;
    const { chunks } = JSON.parse(text) as Stored;
    const parts = await Promise.all(chunks.map((chunk) => this.#redis.getBuffer(chunk)));
    // A missing chunk means that a worker has replaced the file in the meantime: read again.
    return parts.includes(null) ? this.file(id) : Buffer.concat(parts as Buffer[]);
  }

  async clear(id: string): Promise<void> {
    const text = await this.#redis.get(key(id, 'checkpoint'));
    const chunks = text === null ? [] : (JSON.parse(text) as Stored).chunks;
    await this.#redis.del(key(id, 'points'), key(id, 'progress'), key(id, 'checkpoint'), ...chunks);
  }

  async work(handler: (lease: Lease<W>) => Promise<Verdict>, { facts, jobs, signal }: WorkOptions): Promise<void> {
    let thrown: { error: unknown } | undefined;
    const ended = new AbortController();
    // Called by BullMQ for each job, under its lock.
    const process = async (job: Job<QueuedTask<W>>, token?: string): Promise<void> => {
      let verdict: Verdict = 'release';
      try {
        verdict = await handler(new BullLease<W>(this.#redis, job.data));
      } catch (error) {
        thrown ??= { error };
        ended.abort();
      }
      if (verdict === 'done') return;
      // BullMQ expects this pair: move the job back to the queue, then throw WaitingError.
      await job.moveToWait(token);
      throw new WaitingError();
    };
    const connection = this.#redis.duplicate({ maxRetriesPerRequest: null });
    connection.on('error', () => {});
    const worker = new Worker<QueuedTask<W>>(queueName(facts), process, {
      connection,
      concurrency: jobs,
      lockDuration: this.#lock,
      stalledInterval: this.#lock,
      maxStalledCount: MOST_STALLS,
    });
    // A lost lock means that another worker has the task. This worker learns of it from its lease, so the event is ignored.
    worker.on('error', () => {});
    // The worker runs by itself; wait for the signal or for an error of a handler.
    await new Promise<void>((resolve) => {
      const stop = () => resolve();
      if (signal.aborted) stop();
      signal.addEventListener('abort', stop, { once: true });
      ended.signal.addEventListener('abort', stop, { once: true });
    });
    await worker.close();
    connection.disconnect();
    if (thrown) throw thrown.error;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    this.#redis.disconnect();
  }

  #queue(facts: WorkFacts): Queue<QueuedTask<W>> {
    const name = queueName(facts);
    let queue = this.#queues.get(name);
    if (!queue) {
      queue = new Queue<QueuedTask<W>>(name, { connection: this.#redis });
      queue.on('error', () => {});
      this.#queues.set(name, queue);
    }
    return queue;
  }
}

/** The entry of a file in redis: its facts and the keys of its chunks. */
interface Stored extends FileFacts {
  readonly chunks: readonly string[];
}

/** A task that a worker of a `BullQueue` holds. */
class BullLease<W extends Work> implements Lease<W> {
  readonly queued: QueuedTask<W>;
  readonly #redis: Redis;
  readonly #holder = randomUUID();

  constructor(redis: Redis, queued: QueuedTask<W>) {
    this.#redis = redis;
    this.queued = queued;
  }

  async begin(): Promise<boolean> {
    await this.#redis.set(this.#key('holder'), this.#holder);
    return (await this.#redis.exists(this.#key('outcome'))) === 0;
  }

  addAttempt(attempt: W['attempt']): Promise<boolean> {
    return this.#guarded('push', ['attempts'], JSON.stringify(attempt));
  }

  /** Checks that this worker is still the holder. BullMQ renews the lock by itself. */
  beat(): Promise<boolean> {
    return this.#guarded('check', []);
  }

  async addPoints(points: readonly W['point'][], progress?: TaskBoard['progress']): Promise<boolean> {
    if (progress && !(await this.#guarded('set', ['progress'], JSON.stringify(progress)))) return false;
    const fields = points.flatMap((point) => [String(point.epoch), JSON.stringify(point)]);
    return this.#guarded('points', ['points'], ...fields);
  }

  async file() {
    const text = await this.#redis.get(this.#key('checkpoint'));
    if (text === null) return undefined;
    const { chunks, ...facts } = JSON.parse(text) as Stored;
    const parts = await Promise.all(chunks.map((chunk) => this.#redis.getBuffer(chunk)));
    return parts.includes(null) ? undefined : { facts, data: Buffer.concat(parts as Buffer[]) };
  }

  /** Writes the chunks, then the entry that names them, then removes the chunks of the previous file. A reader thus never sees a partial file. */
  async putFile(facts: FileFacts, data: Uint8Array): Promise<boolean> {
    const before = await this.#redis.get(this.#key('checkpoint'));
    const put = randomUUID();
    const chunks: string[] = [];
    for (let at = 0; at < data.length; at += CHUNK) {
      const name = `chunk:${put}:${chunks.length}`;
      chunks.push(name);
      const part = data.subarray(at, at + CHUNK);
      const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
      await this.#redis.set(this.#key(name), bytes, 'EX', UNNAMED);
    }
    const names = chunks.map((name) => this.#key(name));
    const stored: Stored = { ...facts, chunks: names };
    const taken = await this.#guarded('file', ['checkpoint', ...chunks], JSON.stringify(stored));
    // Unneeded chunks: the previous ones, or the new ones if another worker holds the task.
    const gone = taken ? (before === null ? [] : (JSON.parse(before) as Stored).chunks) : names;
    if (gone.length > 0) await this.#redis.del(...gone);
    return taken;
  }

  countError(): Promise<number> {
    return this.#redis.incr(this.#key('errors'));
  }

  finish(outcome: W['outcome']): Promise<boolean> {
    return this.#guarded('finish', ['outcome'], JSON.stringify(outcome));
  }

  /** Runs a script on the keys of this task; false if another worker holds it. */
  async #guarded(script: keyof typeof scripts, parts: string[], ...values: string[]): Promise<boolean> {
    const keys = ['holder', ...parts].map((part) => this.#key(part));
    return (await this.#redis.eval(scripts[script], keys.length, ...keys, this.#holder, ...values)) === 1;
  }

  #key(part: string): string {
    return key(this.queued.id, part);
  }
}

/** The redis key of a part of a task. */
function key(id: string, part: string): string {
  return `taurec:run:${id}:${part}`;
}
