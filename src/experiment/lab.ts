// The laboratory: runs trainings in parallel on this machine, records each in runs.jsonl, and reuses the records.
import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import pMap from 'p-map';
import { infinityAsText } from '../array/infinity-as-text.ts';
import type { Dataset } from '../data/dataset.ts';
import { TaurecError } from '../errors.ts';
import type { UserColumns } from '../evaluation/compare.ts';
import type { Protocol } from '../evaluation/evaluator.ts';
import { readResult } from '../evaluation/result-file.ts';
import { makeFolder } from '../platform/write-fault.ts';
import type { TrainEvent } from '../training/events.ts';
import { checkpointFolder, configOf, execute, failedRun, loadRunData, type RunData, runKey } from './execute-run.ts';
import type { Lab } from './experiment.ts';
import { type FailedRun, finished, isFailed, type RunRecord, type RunSpec } from './run.ts';
import type { ScoreAnalysis } from './score-analysis.ts';

/** The events of a laboratory. */
export type LabEvent =
  /** Runs were requested: `runs` will be trained, `reused` are already recorded. */
  | {
      readonly type: 'stage';
      readonly title: string;
      readonly runs: number;
      readonly reused: number;
      readonly jobs: number;
    }
  /** A run has ended: `done` of `runs` of its stage, after `seconds` of wall time. */
  | {
      readonly type: 'run';
      readonly title: string;
      readonly done: number;
      readonly runs: number;
      readonly record: RunRecord | FailedRun;
      readonly seconds: number;
    }
  | { readonly type: 'train'; readonly event: TrainEvent }
  /** A line for the user, such as the number of trainings ahead. */
  | { readonly type: 'note'; readonly text: string }
  /** A data set was read for the first time. */
  | { readonly type: 'data'; readonly name: string; readonly reading: DataReading };

/** What the reader of a data set took from each file. */
export type DataReading = Pick<Dataset, 'source' | 'sources' | 'reports' | 'hints'>;

/** The folder and the resources of a laboratory. */
export interface LabOptions {
  /** Folder for runs.jsonl, checkpoints of stopped runs, and per-user files. */
  readonly folder: string;
  /** Runs at a time, each on one thread. Default: the number of cores. With 1, a run uses all threads. */
  readonly jobs?: number;
  readonly signal?: AbortSignal;
  /** Receives the events. */
  readonly onEvent?: (event: LabEvent) => void;
}

/** Number of data sets kept in memory in addition to those in use: consecutive runs mostly share their data. */
const keptDataSets = 2;

/**
 * A laboratory on this machine. It runs several trainings in parallel, one thread each (the number of threads changes no result), and records them in
 * runs.jsonl. Recorded runs are not repeated; a stopped run continues from its checkpoint on the next call.
 */
export class LocalLab implements Lab {
  readonly #options: LabOptions;
  readonly #jobs: number;
  readonly #store: RunStore;
  readonly #data = new Map<string, Promise<RunData>>();
  /** SHA-256 of each data set by its files, so that finding a record needs no data. */
  readonly #hashes = new Map<string, string>();
  readonly #used = new Map<string, RunRecord>();
  /** Data sets whose reading was reported. */
  readonly #reported = new Set<string>();

  constructor(options: LabOptions) {
    this.#options = options;
    this.#jobs = options.jobs ?? availableParallelism();
    this.#store = new RunStore(join(options.folder, 'runs.jsonl'));
  }

  /** The records requested so far, each once, without failed runs. */
  get used(): RunRecord[] {
    return [...this.#used.values()];
  }

  async runAll(title: string, specs: readonly RunSpec[]): Promise<RunRecord[]> {
    return (await this.#run(title, specs, this.#jobs)).map(finished);
  }

  tryAll(title: string, specs: readonly RunSpec[]): Promise<(RunRecord | FailedRun)[]> {
    return this.#run(title, specs, this.#jobs);
  }

  async runAlone(title: string, specs: readonly RunSpec[]): Promise<RunRecord[]> {
    return (await this.#run(title, specs, 1)).map(finished);
  }

  async recorded(specs: readonly RunSpec[]): Promise<(RunRecord | FailedRun | undefined)[]> {
    const keys = await pMap(specs, (spec) => this.#keyOf(spec), { concurrency: 1 });
    return keys.map((key) => this.#store.get(key));
  }

  say(text: string): void {
    this.#options.onEvent?.({ type: 'note', text });
  }

  perUser(record: RunRecord, protocol: Protocol): UserColumns {
    return readResult(join(this.#options.folder, record.evaluations[protocol].perUser!)).perUser!;
  }

  /** Trains the runs that are not recorded yet, `jobs` at a time; returns all records in the order of `specs`. */
  async #run(title: string, specs: readonly RunSpec[], jobs: number): Promise<(RunRecord | FailedRun)[]> {
    const { onEvent = () => {}, signal } = this.#options;
    // Equal specifications have equal keys and train once. Keys need the data's hash, so data sets load one after another here.
    const distinct = new Map<string, RunSpec>();
    const keys = await pMap(specs, (spec) => this.#keyOf(spec), { concurrency: 1 });
    for (const [index, key] of keys.entries()) if (!this.#store.get(key)) distinct.set(key, specs[index]!);
    onEvent({ type: 'stage', title, runs: distinct.size, reused: new Set(keys).size - distinct.size, jobs });
    let done = 0;
    // The first error stops the other runs: each of them checks the signal at its next step.
    const failed = new AbortController();
    const either = signal ? AbortSignal.any([signal, failed.signal]) : failed.signal;
    const runs = pMap(
      distinct,
      async ([key, spec]) => {
        const started = performance.now();
        const record = await this.#one(key, spec, jobs, either).catch((error) => {
          failed.abort(error);
          throw error;
        });
        done++;
        onEvent({
          type: 'run',
          title,
          done,
          runs: distinct.size,
          record,
          seconds: (performance.now() - started) / 1000,
        });
      },
      { concurrency: jobs },
    );
    await runs;
    return keys.map((key) => {
      const record = this.#store.get(key)!;
      if (!isFailed(record)) this.#used.set(key, record);
      return record;
    });
  }

  /** Trains and records one run. Divergence is a recorded outcome; every other error is thrown. */
  async #one(key: string, spec: RunSpec, jobs: number, signal: AbortSignal): Promise<RunRecord | FailedRun> {
    const { folder, onEvent } = this.#options;
    const data = await this.#load(spec);
    const record = await execute(spec, data, {
      key,
      folder,
      signal,
      ...(jobs > 1 && { threads: 1 }),
      onEvent: (event) => onEvent?.({ type: 'train', event }),
    }).catch((error) => {
      if (error instanceof TaurecError && error.code === 'diverged') return failedRun(spec, data, key, error);
      throw error;
    });
    // The record is on disk before the checkpoint goes, so a kill in between loses nothing.
    this.#store.add(record);
    rmSync(checkpointFolder(folder, key), { recursive: true, force: true });
    return record;
  }

  /** The key of a run, which needs the hash of its data: they are read once, without noise and splits of their own. */
  async #keyOf(spec: RunSpec): Promise<string> {
    if (this.#options.signal?.aborted) throw new TaurecError('aborted');
    const files = JSON.stringify(spec.data.files);
    const hash = this.#hashes.get(files) ?? (await this.#load(spec)).dataset.sha256;
    this.#hashes.set(files, hash);
    return runKey(spec, configOf(spec), hash);
  }

  /** Loads the data of a run, or returns them from the cache (least recently used goes first). */
  #load(spec: RunSpec): Promise<RunData> {
    const { data, choice, noise, seed } = spec;
    const name = JSON.stringify([data.files, choice, noise, seed]);
    const loaded = this.#data.get(name) ?? loadRunData(spec).then((read) => this.#report(data, read));
    // A Map iterates in insertion order: deleting and setting moves the entry to the end.
    this.#data.delete(name);
    this.#data.set(name, loaded);
    for (const oldest of this.#data.keys()) {
      if (this.#data.size <= this.#jobs + keptDataSets) break;
      this.#data.delete(oldest);
    }
    return loaded;
  }

  /** Emits the `data` event of a data set once, however often it is read. */
  #report({ name, files }: RunSpec['data'], read: RunData): RunData {
    const same = JSON.stringify([name, files]);
    if (!this.#reported.has(same)) this.#options.onEvent?.({ type: 'data', name, reading: readingOf(read.dataset) });
    this.#reported.add(same);
    return read;
  }
}

/** The part of a dataset that says what was read; a message between processes may carry it. */
export function readingOf({ source, sources, reports, hints }: Dataset): DataReading {
  return { source, sources, reports, hints };
}

/** Records of runs in a file, one JSON object per line. A record is appended as soon as its run ends, so a restart finds all finished runs. */
export class RunStore {
  readonly path: string;
  readonly #records = new Map<string, RunRecord | FailedRun>();

  /**
   * Opens the file, which may be missing. An incomplete last line, left by a crash, is cut off.
   * @throws TaurecError `bad-runs` when any other line is not a record
   */
  constructor(path: string) {
    this.path = path;
    if (!existsSync(path)) return;
    const text = readFileSync(path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    for (const [index, line] of whole.split('\n').entries()) {
      if (line !== '') this.#keep(line, index + 1);
    }
    if (whole.length < text.length) truncateSync(path, Buffer.byteLength(whole));
  }

  /** The record with this key. */
  get(key: string): RunRecord | FailedRun | undefined {
    return this.#records.get(key);
  }

  /** Appends a record to the file. A crash can damage only the last line. */
  add(record: RunRecord | FailedRun): void {
    makeFolder(dirname(this.path));
    appendFileSync(this.path, `${JSON.stringify(record, infinityAsText)}\n`);
    this.#records.set(record.key, record);
  }

  /** Parses and stores a line. @param number 1-based, for the error. */
  #keep(line: string, number: number): void {
    let record: Partial<RunRecord & FailedRun> | undefined;
    try {
      record = JSON.parse(line);
      if (record?.analysis) record = { ...record, analysis: withInfinity(record.analysis) };
    } catch {
      // reported below
    }
    if (typeof record?.key !== 'string' || typeof (record.evaluations ?? record.failed) !== 'object') {
      throw new TaurecError('bad-runs', { path: this.path, line: number, got: line.slice(0, 40) });
    }
    this.#records.set(record.key, record as RunRecord);
  }
}

/** Restores Infinity from "inf" in an analysis, where τ and values derived from it can be infinite. The configuration keeps "inf": `parseTrainConfig` accepts it. */
function withInfinity(analysis: ScoreAnalysis): ScoreAnalysis {
  const numbers = Object.entries(analysis).map(([name, x]) => [name, x === 'inf' ? Infinity : x]);
  return Object.fromEntries(numbers);
}
