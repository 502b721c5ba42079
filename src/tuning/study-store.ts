import { join } from 'node:path';
import Database from 'libsql';
import { TaurecError } from '../errors.ts';
import { makeFolder } from '../platform/write-fault.ts';
import type { SpacePoint } from '../search/space.ts';
import type { Attempt, CurvePoint, Run, RunKey, RunOutcome, RunState, StudyState, Trial } from './study.ts';

/** Version of the tables; a study of another version is refused. */
const FORMAT = 1;

/** The facts that decide the numbers of a study. JSON-able. */
export type StudyIdentity = Readonly<Record<string, unknown>>;

// One row of `study`; trials; their trainings; curves by epoch; attempts of each training in order.
const tables = `
create table if not exists study (
  id integer primary key check (id = 1), format integer not null, identity text not null,
  created text not null, seconds real not null default 0
);
create table if not exists trial (number integer primary key, point text not null, created text not null);
create table if not exists run (
  trial integer not null references trial, rung integer not null, state text not null,
  config text not null, seed integer not null, epochs integer not null,
  value real, epoch integer, popularity_prior real, train_seconds real, validate_seconds real,
  engine text, failed text, checkpoint text, created text not null, finished text,
  primary key (trial, rung)
);
create table if not exists curve (
  trial integer not null, rung integer not null, epoch integer not null,
  loss real not null, learning_rate real not null, value real,
  primary key (trial, rung, epoch)
);
create table if not exists attempt (
  trial integer not null, rung integer not null, number integer not null,
  worker text not null, from_epoch integer not null, started text not null,
  primary key (trial, rung, number)
);`;

type Row = Record<string, string | number | null>;

/**
 * A study in one file, `trials.db` in its folder: an SQLite database in WAL mode. Every change is one transaction, so a process killed at any moment leaves a study that can continue.
 * One process at a time writes (the folder's lock); any number may read.
 */
export class StudyStore {
  readonly #database: Database.Database;

  /** @throws TaurecError `study-mismatch` when the folder holds another study */
  constructor(folder: string, identity: StudyIdentity) {
    makeFolder(folder);
    this.#database = new Database(join(folder, 'trials.db'));
    try {
      this.#database.pragma('journal_mode = WAL');
      // A killed process loses nothing; a power cut may lose the last moments, which are then repeated.
      this.#database.pragma('synchronous = NORMAL');
      this.#database.exec(tables);
      this.#identify(folder, identity);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  get state(): StudyState {
    return { trials: this.trials, runs: this.runs };
  }

  get trials(): Trial[] {
    return this.#all('select number, point from trial order by number').map(({ number, point }) => ({
      number: Number(number),
      point: JSON.parse(String(point)) as SpacePoint,
    }));
  }

  get runs(): Run[] {
    return this.#all('select * from run order by rung, trial').map(runOf);
  }

  /** Seconds spent on the study, in all sessions. */
  get seconds(): number {
    return Number(this.#all('select seconds from study')[0]!.seconds);
  }

  set seconds(seconds: number) {
    this.#database.prepare('update study set seconds = ?').run(seconds);
  }

  /** The points of a training's curve, by epoch. */
  curve({ trial, rung }: RunKey): CurvePoint[] {
    const rows = this.#all('select * from curve where trial = ? and rung = ? order by epoch', trial, rung);
    return rows.map(({ epoch, loss, learning_rate, value }) => ({
      epoch: Number(epoch),
      loss: Number(loss),
      learningRate: Number(learning_rate),
      ...(value !== null && { value: Number(value) }),
    }));
  }

  /** The attempts of a training, in their order. */
  attempts({ trial, rung }: RunKey): Attempt[] {
    const rows = this.#all('select * from attempt where trial = ? and rung = ? order by number', trial, rung);
    return rows.map(({ worker, from_epoch, started }) => ({
      worker: String(worker),
      fromEpoch: Number(from_epoch),
      started: String(started),
    }));
  }

  /** A new trial and its training on the first rung, waiting. */
  addTrial({ number, point }: Trial, run: Pick<Run, 'config' | 'seed' | 'epochs'>): void {
    this.#database.transaction(() => {
      const insert = this.#database.prepare('insert into trial (number, point, created) values (?, ?, ?)');
      insert.run(number, JSON.stringify(point), now());
      this.#insertRun({ trial: number, rung: 0 }, run);
    })();
  }

  /** A training on a higher rung, waiting. */
  addRun(key: RunKey, run: Pick<Run, 'config' | 'seed' | 'epochs'>): void {
    this.#insertRun(key, run);
  }

  /** Sets the state of a training that has no outcome; a stored outcome is final. */
  setState({ trial, rung }: RunKey, state: Extract<RunState, 'waiting' | 'running'>): void {
    const update = "update run set state = ? where trial = ? and rung = ? and state not in ('done', 'failed')";
    this.#database.prepare(update).run(state, trial, rung);
  }

  /** Adds an attempt, unless it is stored already: after a restart a queue reports all attempts again. */
  addAttempt({ trial, rung }: RunKey, { worker, fromEpoch, started }: Attempt): void {
    const insert = `insert into attempt (trial, rung, number, worker, from_epoch, started)
      select ?, ?, count(*) + 1, ?, ?, ? from attempt where trial = ? and rung = ?
      having count(*) filter (where worker = ? and started = ? and from_epoch = ?) = 0`;
    const values = [trial, rung, worker, fromEpoch, started, trial, rung, worker, started, fromEpoch];
    this.#database.prepare(insert).run(...values);
  }

  /** Adds a point of a curve, or replaces that of the same epoch: a training that continues from its checkpoint repeats epochs. */
  addPoint(key: RunKey, point: CurvePoint): void {
    this.#insertPoints(key, [point]);
  }

  /** Stores the checkpoint of a training. @param path relative to the folder; undefined after its removal */
  setCheckpoint({ trial, rung }: RunKey, path: string | undefined): void {
    this.#database.prepare('update run set checkpoint = ? where trial = ? and rung = ?').run(path ?? null, trial, rung);
  }

  /** Stores the outcome of a training once; false when it already had one, which is kept. */
  finish(key: RunKey, outcome: RunOutcome): boolean {
    const { trial, rung } = key;
    const open = "trial = ? and rung = ? and state not in ('done', 'failed')";
    return this.#database.transaction(() => {
      if ('failed' in outcome) {
        const update = `update run set state = 'failed', failed = ?, finished = ? where ${open}`;
        return this.#database.prepare(update).run(JSON.stringify(outcome.failed), now(), trial, rung).changes > 0;
      }
      const { value, epoch, popularityPrior, seconds, engine, curve } = outcome;
      const update = `update run set state = 'done', value = ?, epoch = ?, popularity_prior = ?, train_seconds = ?,
        validate_seconds = ?, engine = ?, finished = ? where ${open}`;
      const { train, validate } = seconds;
      const values = [value, epoch, popularityPrior, train, validate, JSON.stringify(engine), now(), trial, rung];
      const taken = this.#database.prepare(update).run(...values).changes > 0;
      if (taken) this.#insertPoints(key, curve);
      return taken;
    })();
  }

  close(): void {
    this.#database.close();
  }

  /** Stores the identity of a new study, or compares it with that of an existing one, fact by fact. */
  #identify(folder: string, identity: StudyIdentity): void {
    const mine = JSON.parse(JSON.stringify(identity)) as StudyIdentity;
    this.#database.transaction(() => {
      const [found] = this.#all('select format, identity from study');
      if (!found) {
        const insert = 'insert into study (id, format, identity, created) values (1, ?, ?, ?)';
        this.#database.prepare(insert).run(FORMAT, JSON.stringify(mine), now());
        return;
      }
      // The error names the first fact that differs.
      const check = (what: string, got: unknown, expected: unknown) => {
        if (JSON.stringify(got) === JSON.stringify(expected)) return;
        throw new TaurecError('study-mismatch', { folder, what, got, expected });
      };
      check('format', found.format, FORMAT);
      const theirs = JSON.parse(String(found.identity)) as StudyIdentity;
      for (const what of Object.keys({ ...mine, ...theirs })) check(what, theirs[what], mine[what]);
    })();
  }

  #insertRun({ trial, rung }: RunKey, { config, seed, epochs }: Pick<Run, 'config' | 'seed' | 'epochs'>): void {
    const insert = `insert into run (trial, rung, state, config, seed, epochs, created)
      values (?, ?, 'waiting', ?, ?, ?, ?)`;
    this.#database.prepare(insert).run(trial, rung, JSON.stringify(config), seed, epochs, now());
  }

  #insertPoints({ trial, rung }: RunKey, points: readonly CurvePoint[]): void {
    const insert = this.#database.prepare(
      'insert or replace into curve (trial, rung, epoch, loss, learning_rate, value) values (?, ?, ?, ?, ?, ?)',
    );
    for (const { epoch, loss, learningRate, value } of points) {
      insert.run(trial, rung, epoch, loss, learningRate, value ?? null);
    }
  }

  #all(sql: string, ...values: (string | number)[]): Row[] {
    return this.#database.prepare(sql).all(...values) as Row[];
  }
}

/** A row of the table `run` as a training. SQL null becomes undefined. */
function runOf(row: Row): Run {
  const number = (name: string) => (row[name] === null ? undefined : Number(row[name]));
  const json = (name: string) => (row[name] === null ? undefined : JSON.parse(String(row[name])));
  const train = number('train_seconds');
  return {
    trial: Number(row.trial),
    rung: Number(row.rung),
    state: row.state as RunState,
    config: json('config'),
    seed: Number(row.seed),
    epochs: Number(row.epochs),
    value: number('value'),
    epoch: number('epoch'),
    popularityPrior: number('popularity_prior'),
    seconds: train === undefined ? undefined : { train, validate: number('validate_seconds')! },
    engine: json('engine'),
    failed: json('failed'),
    checkpoint: row.checkpoint === null ? undefined : String(row.checkpoint),
  };
}

function now(): string {
  return new Date().toISOString();
}
