// The queue of work on PostgreSQL. It is loaded only for a `postgres://` URL.
import { createHash, randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import PgBoss from 'pg-boss';
import { TaurecError } from '../errors.ts';
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

/** Seconds until pg-boss expires a job; its limit is a day. A worker then takes the task again, from its file. */
const DAY = 23 * 3600;
/** High enough that repeated deaths of workers do not end a task. */
const MOST_RETRIES = 1000;
/** States of jobs that pg-boss no longer hands out. */
const ended = new Set<string>(['completed', 'cancelled', 'failed']);
/** Milliseconds between two polls for work. */
const POLL = 500;
/** Key of the advisory lock for creating tables (an arbitrary number). Without it two connections that create queues of pg-boss at once can deadlock, and PostgreSQL ends one of them. */
const TABLES_LOCK = 846213;

/** A `study` is a piece of work, a `run` a task, a `checkpoint` its file: the tables were named when studies were the only work, and existing databases have them. */
const tables = `
create schema if not exists taurec;
create table if not exists taurec.study (id text primary key, facts text not null);
create table if not exists taurec.run (
  id text primary key, queue text not null, job uuid not null,
  holder text, beat timestamptz not null default now(), progress text, outcome text, errors integer not null default 0
);
alter table taurec.run add column if not exists lock real;
create table if not exists taurec.attempt (
  run text not null, number bigserial, attempt text not null, primary key (run, number)
);
create table if not exists taurec.point (
  run text not null, epoch integer not null, point text not null, primary key (run, epoch)
);
create table if not exists taurec.checkpoint (run text primary key, facts text not null, data bytea not null);`;

/**
 * A queue on pg-boss, in PostgreSQL. Attempts, points, files and outcomes are in the schema `taurec` of the same database.
 *
 * pg-boss has no heartbeat, so `taurec.run` records the holder of each task and its last sign of life (`beat`). Every write of a worker is conditional on
 * still being the holder.
 */
export class BossQueue<W extends Work = Work> implements WorkQueue<W> {
  /** PostgreSQL limits a value to 1 GiB, and it is sent as text of twice its size. */
  readonly mostFileBytes = 400 * 2 ** 20;
  readonly beat: number;
  readonly #url: string;
  readonly #boss: PgBoss;
  /** Seconds of silence after which a worker of this queue counts as dead. */
  readonly lock: number;
  /** Names of pg-boss queues that exist. */
  readonly #known = new Set<string>();

  /** Connects, and creates missing tables. */
  static async open<W extends Work>(url: string, options: QueueOptions = {}): Promise<BossQueue<W>> {
    const boss = new PgBoss({ connectionString: url, schedule: false, application_name: 'taurec' });
    // The pool reconnects by itself.
    boss.on('error', () => {});
    const queue = new BossQueue<W>(url, boss, options);
    try {
      await boss.start();
      await queue.#alone((client) => client.query(tables));
      return queue;
    } catch (error) {
      // Open connections and timers would keep the process alive.
      await queue.close().catch(() => {});
      throw error;
    }
  }

  private constructor(url: string, boss: PgBoss, { lockSeconds = LOCK_SECONDS }: QueueOptions) {
    this.#url = url;
    this.#boss = boss;
    this.lock = lockSeconds;
    // Four signs of life per lock time: losing one or two does no harm.
    this.beat = (lockSeconds * 1000) / 4;
  }

  /** Rows of an SQL query; waits while the server is away. */
  async query(sql: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
    return (await this.#ask(() => this.#boss.getDb().executeSql(sql, values))).rows ?? [];
  }

  async announce(work: WorkFacts): Promise<void> {
    const insert = 'insert into taurec.study (id, facts) values ($1, $2) on conflict (id) do update set facts = $2';
    await this.query(insert, work.id, JSON.stringify(work));
  }

  async works(): Promise<WorkFacts[]> {
    return (await this.query('select facts from taurec.study')).map(({ facts }) => JSON.parse(String(facts)));
  }

  async forget(work: WorkFacts, task: string): Promise<void> {
    await this.#queue(queueName(work));
    await this.clear(task);
    await this.query('delete from taurec.attempt where run = $1', task);
    const rows = await this.query('delete from taurec.run where id = $1 returning queue, job', task);
    for (const { queue, job } of rows) await this.#ask(() => this.#boss.deleteJob(String(queue), String(job)));
  }

  async withdraw(work: WorkFacts, tasks: readonly string[]): Promise<void> {
    for (const task of tasks) await this.forget(work, task);
    await this.query('delete from taurec.study where id = $1', work.id);
  }

  async submit(queued: QueuedTask<W>, facts: WorkFacts): Promise<void> {
    const name = queueName(facts);
    await this.#queue(name);
    const job = uuidOf(queued.id);
    const insert = 'insert into taurec.run (id, queue, job) values ($1, $2, $3) on conflict do nothing';
    await this.query(insert, queued.id, name, job);
    const found = await this.#ask(() => this.#boss.getJobById(name, job));
    const [open] = await this.query('select id from taurec.run where id = $1 and outcome is null', queued.id);
    // The job ended without an outcome.
    if (open && ended.has(found?.state ?? '')) await this.#ask(() => this.#boss.deleteJob(name, job));
    // pg-boss ignores a second job with the same id.
    const options = { id: job, retryLimit: MOST_RETRIES, retryDelay: 0, expireInSeconds: DAY, retentionDays: 365 };
    await this.#ask(() => this.#boss.send(name, queued, options));
  }

  async board(id: string): Promise<TaskBoard<W>> {
    await this.#reap();
    const [[found], attempts, points, [file]] = await Promise.all([
      this.query('select progress, outcome from taurec.run where id = $1', id),
      this.query('select attempt from taurec.attempt where run = $1 order by number', id),
      this.query('select point from taurec.point where run = $1 order by epoch', id),
      this.query('select facts from taurec.checkpoint where run = $1', id),
    ]);
    const json = (text: unknown) => JSON.parse(String(text));
    return {
      attempts: attempts.map(({ attempt }): W['attempt'] => json(attempt)),
      points: points.map(({ point }): W['point'] => json(point)),
      ...(found?.progress ? { progress: json(found.progress) } : {}),
      ...(file && { file: json(file.facts) as FileFacts }),
      ...(found?.outcome ? { outcome: json(found.outcome) as W['outcome'] } : {}),
    };
  }

  async file(id: string): Promise<Uint8Array | undefined> {
    const [row] = await this.query('select data from taurec.checkpoint where run = $1', id);
    return row?.data as Buffer | undefined;
  }

  async clear(id: string): Promise<void> {
    await this.query('delete from taurec.checkpoint where run = $1', id);
    await this.query('delete from taurec.point where run = $1', id);
  }

  async work(handler: (lease: Lease<W>) => Promise<Verdict>, { facts, jobs, signal }: WorkOptions): Promise<void> {
    const name = queueName(facts);
    await this.#queue(name);
    const active = new Set<Promise<void>>();
    let thrown: { error: unknown } | undefined;
    const fail = (error: unknown) => {
      thrown ??= { error };
    };
    // Does one job, then tells pg-boss what became of it.
    const handle = async (queued: QueuedTask<W>, job: string) => {
      const lease = new BossLease<W>(this, queued);
      await handler(lease).catch(fail);
      // Ask first whether this worker is still the holder: pg-boss would let a worker that lost its task end the job of the new holder.
      const left = await lease.leave();
      // pg-boss makes a failed job available again immediately (retryDelay 0).
      if (left === 'over') await this.#ask(() => this.#boss.complete(name, job));
      else if (left === 'open') await this.#ask(() => this.#boss.fail(name, job));
    };
    const pause = () => wait(POLL, undefined, { signal }).catch(() => {});
    // One poll: releases dead workers' tasks, then starts a job if there is one and room for it.
    const look = async () => {
      await this.#reap();
      if (active.size === jobs) return pause();
      const found = await this.#ask(() => this.#boss.fetch<QueuedTask<W>>(name, { batchSize: 1 }));
      for (const { data, id } of found) {
        const work: Promise<void> = handle(data, id)
          .catch(fail)
          .finally(() => active.delete(work));
        active.add(work);
      }
      if (found.length === 0) await pause();
    };
    while (!signal.aborted && !thrown) await look().catch(fail);
    await Promise.all(active);
    if (thrown) throw thrown.error;
  }

  async close(): Promise<void> {
    await this.#boss.stop({ graceful: false, wait: true });
  }

  /** Does a request, and repeats it while the server is away. @throws TaurecError `queue-unreachable` */
  async #ask<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await patiently(ask);
    } catch (cause) {
      if (!isAway(cause)) throw cause;
      const { message, code } = cause as NodeJS.ErrnoException;
      throw new TaurecError('queue-unreachable', { url: this.#url, reason: message || code }, { cause });
    }
  }

  /** Creates the pg-boss queue if this client has not done so yet. */
  async #queue(name: string): Promise<void> {
    if (this.#known.has(name)) return;
    await this.#ask(() => this.#alone(() => this.#boss.createQueue(name)));
    this.#known.add(name);
  }

  /** Creates tables under the advisory lock, which ends with its connection. */
  async #alone(make: (client: pg.Client) => Promise<unknown>): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url, application_name: 'taurec' });
    // A lost connection rejects the query that waits for it.
    client.on('error', () => {});
    await client.connect();
    try {
      await client.query('select pg_advisory_lock($1)', [TABLES_LOCK]);
      await make(client);
    } finally {
      await client.end();
    }
  }

  /** Releases the tasks of workers that were silent for too long. pg-boss has no signs of life, so every client does this. */
  async #reap(): Promise<void> {
    // The lock time of the holder, not of this client.
    const late = "outcome is null and beat < now() - coalesce(lock, $1) * interval '1 second'";
    const silent = `select id, queue, job, coalesce(lock, $1) as lock from taurec.run where ${late}`;
    for (const { id, queue, job, lock } of await this.query(silent, this.lock)) {
      const found = await this.#ask(() => this.#boss.getJobById(String(queue), String(job)));
      if (found?.state !== 'active') continue;
      // A job that has just started may still have the old time of its sign of life.
      const [now] = await this.query('select now() as now');
      if ((now!.now as Date).getTime() - found.startedOn.getTime() < Number(lock) * 1000) continue;
      // The condition repeats in the update, so only one client takes the task from its holder.
      const take = `update taurec.run set beat = now(), holder = null where id = $2 and ${late} returning id`;
      if ((await this.query(take, this.lock, id)).length === 0) continue;
      await this.#ask(() => this.#boss.fail(String(queue), String(job)));
    }
  }
}

/** A task that a worker of a `BossQueue` holds. */
class BossLease<W extends Work> implements Lease<W> {
  readonly queued: QueuedTask<W>;
  readonly #queue: BossQueue<W>;
  readonly #holder = randomUUID();
  #begun = false;

  constructor(queue: BossQueue<W>, queued: QueuedTask<W>) {
    this.#queue = queue;
    this.queued = queued;
  }

  async begin(): Promise<boolean> {
    const update = `update taurec.run set holder = $2, lock = $3, beat = now()
      where id = $1 and outcome is null returning id`;
    this.#begun = true;
    return this.#changed(update, this.#holder, this.#queue.lock);
  }

  /** Releases the task: returns whether it has its outcome, or undefined when another worker holds it. */
  async leave(): Promise<'over' | 'open' | undefined> {
    const update = `update taurec.run set holder = null, beat = now()
      where id = $1 and (holder = $2 or outcome is not null or (holder is null and not $3::boolean))
      returning outcome is not null as over`;
    const [left] = await this.#queue.query(update, this.queued.id, this.#holder, this.#begun);
    return left && (left.over ? 'over' : 'open');
  }

  addAttempt(attempt: W['attempt']): Promise<boolean> {
    return this.#insert('taurec.attempt (run, attempt)', '$3', '', JSON.stringify(attempt));
  }

  beat(): Promise<boolean> {
    return this.#changed('update taurec.run set beat = now() where id = $1 and holder = $2 returning id', this.#holder);
  }

  async addPoints(points: readonly W['point'][], progress?: TaskBoard['progress']): Promise<boolean> {
    const update = `update taurec.run set beat = now(), progress = coalesce($3, progress)
      where id = $1 and holder = $2 returning id`;
    if (!(await this.#changed(update, this.#holder, progress ? JSON.stringify(progress) : null))) return false;
    for (const point of points) {
      const replace = 'on conflict (run, epoch) do update set point = excluded.point';
      await this.#insert(
        'taurec.point (run, epoch, point)',
        '$3::integer, $4',
        replace,
        point.epoch,
        JSON.stringify(point),
      );
    }
    return true;
  }

  async file() {
    const [row] = await this.#queue.query('select facts, data from taurec.checkpoint where run = $1', this.queued.id);
    return row && { facts: JSON.parse(String(row.facts)) as FileFacts, data: row.data as Buffer };
  }

  putFile(facts: FileFacts, data: Uint8Array): Promise<boolean> {
    const replace = 'on conflict (run) do update set facts = excluded.facts, data = excluded.data';
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return this.#insert('taurec.checkpoint (run, facts, data)', '$3, $4::bytea', replace, JSON.stringify(facts), bytes);
  }

  async countError(): Promise<number> {
    const update = 'update taurec.run set errors = errors + 1 where id = $1 returning errors';
    return Number((await this.#queue.query(update, this.queued.id))[0]?.errors ?? 0);
  }

  finish(outcome: W['outcome']): Promise<boolean> {
    // Repeating the same outcome succeeds: the first answer may have been lost with the connection.
    const update = `update taurec.run set outcome = $3
      where id = $1 and holder = $2 and (outcome is null or outcome = $3) returning id`;
    return this.#changed(update, this.#holder, JSON.stringify(outcome));
  }

  /** Whether a statement, with the task's id as $1, changed a row. */
  async #changed(sql: string, ...values: unknown[]): Promise<boolean> {
    return (await this.#queue.query(sql, this.queued.id, ...values)).length > 0;
  }

  /** Inserts a row if this worker holds the task; false if not. */
  #insert(into: string, values: string, conflict: string, ...given: unknown[]): Promise<boolean> {
    const sql = `insert into ${into} select id, ${values} from taurec.run where id = $1 and holder = $2 ${conflict} returning run`;
    return this.#changed(sql, this.#holder, ...given);
  }
}

/** A UUID derived from a text, with the version and variant bits of a random one. */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  );
}

/** Milliseconds for which the server may be away, and between two attempts. */
const PATIENCE = 60_000;
const PAUSE = 500;

/** Error codes of Node and pg for a missing connection, and of PostgreSQL (08…, 57P…) for a server that stops or starts. */
const away =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOENT|08...|57P01|57P02|57P03)$/;
/** Messages of pg errors without a code. */
const awayText = /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying)/;

/** Repeats a request for up to a minute while the server cannot be reached, because it may be restarting. Then throws the last error. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isAway(error) || performance.now() > end) throw error;
    }
    await wait(PAUSE);
  }
}

/** True for an error that says the server could not be reached. */
function isAway(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return away.test(String(code)) || awayText.test(String(message));
}
