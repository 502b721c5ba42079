import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { TaurecError } from '../errors.ts';
import { currentModel } from '../model/current-version.ts';
import { isIndexName } from '../model/model-files.ts';
import { Scorer, type ScorerOptions } from './scorer.ts';
import type { FeedbackSize, ModelInfo, ScoringTask } from './scoring-protocol.ts';
import type { FeedbackSource } from './seen-feedback.ts';
import { Turns } from './turns.ts';

/** Number of attempts to open a directory whose files change during the opening. */
const ATTEMPTS = 8;
/** Milliseconds between an edit of an item that the model does not know and the opening that places it. */
const NEW_ITEMS_MS = 2000;
/** First and longest pause before another attempt to restart an ended scoring thread, in milliseconds. The pause doubles after each failed attempt. */
const RESTART = [100, 30_000] as const;

/** Report on an attempt to open the model directory. */
export interface ReloadReport {
  /** `opened`: the new model is served. `unchanged`: there was nothing new to open. `failed`: the previous model stays. */
  readonly outcome: 'opened' | 'unchanged' | 'failed';
  /** End of the attempt, as an ISO 8601 time. */
  readonly at: string;
  /** Cause of the attempt: a change of the directory (`watch`), SIGHUP or a call of `reload` (`signal`), POST /v1/reload (`request`), an ended thread (`restart`), items added to the catalogue (`items`). */
  readonly trigger: 'watch' | 'signal' | 'request' | 'restart' | 'items';
  /** Duration of the attempt. */
  readonly seconds: number;
  /** Present when the outcome is `failed`. `code` is taurec's error code. */
  readonly error?: { readonly code?: string; readonly message: string };
}

/** The served model and its last reload. */
export interface ModelStatus extends ModelInfo {
  /** Number of models opened since the server started: 1 for the first. */
  readonly revision: number;
  /** ISO 8601 time at which this model was opened. */
  readonly openedAt: string;
  /** The last reload. Absent before the first. */
  readonly lastReload?: ReloadReport;
}

/** Options of a model host: those of its scoring threads, and when to look for a new model. */
interface ModelHostOptions extends ScorerOptions {
  readonly task: ScoringTask;
  /** Interval of checks for a new model in the directory, in seconds; 0: never. */
  readonly reloadInterval: number;
  readonly log: Logger;
  /** Feedback for the scoring threads. Absent: the server stores none. */
  readonly feedback?: FeedbackSource;
  readonly onReload: (report: ReloadReport) => void;
}

/**
 * Serves the newest model that could be opened, in a scoring thread. A new model is opened in a second thread. Once it is ready, one reference is swapped: new requests go
 * to the new thread, and the old thread answers its waiting requests and ends. If the new model cannot be opened, the old one stays. A thread that crashes is replaced.
 */
export class ModelHost {
  readonly #options: ModelHostOptions;
  readonly #stop = new AbortController();
  #scorer?: Scorer;
  /** Identity of the served model. */
  #identity?: Identity;
  /** Text of the identity of the last model that could not be opened: the watch does not try it again. */
  #refused?: string;
  #revision = 0;
  #openedAt = '';
  #lastReload?: ReloadReport;
  /** Reloads run one after another. */
  readonly #turns = new Turns();
  #timer?: NodeJS.Timeout;
  #newItems?: NodeJS.Timeout;
  /** Replaced threads that still answer their waiting requests. */
  readonly #leaving = new Set<Promise<void>>();

  private constructor(options: ModelHostOptions) {
    this.#options = options;
  }

  /** Opens the model of `options.task` and starts watching its directory. @throws TaurecError the errors of `Recommender.open` */
  static async open(options: ModelHostOptions): Promise<ModelHost> {
    const host = new ModelHost(options);
    await host.#open();
    host.#watch();
    return host;
  }

  /** The scoring thread for new requests. @throws TaurecError `scoring-ended` while an ended thread is being replaced */
  get scorer(): Scorer {
    if (this.#scorer) return this.#scorer;
    throw new TaurecError('scoring-ended', { reason: 'it is being replaced' });
  }

  /** What names the served model in the ids of its lists: the published version (`v3`), otherwise `modelMark`. @throws TaurecError `scoring-ended` as `scorer` */
  get version(): string {
    return this.#identity?.version ?? this.scorer.info.version;
  }

  /** Whether requests can be scored now. */
  get ready(): boolean {
    return this.#scorer?.open ?? false;
  }

  /** Number of requests waiting to be scored. */
  get waiting(): number {
    return this.#scorer?.waiting ?? 0;
  }

  /** Size of the feedback sets of the scoring thread. */
  get feedbackSize(): FeedbackSize {
    return this.#scorer?.feedbackSize ?? { users: 0, pairs: 0, dropped: 0 };
  }

  /** Number of models opened since the start, at least 1. */
  get revision(): number {
    return this.#revision;
  }

  /** The served model. @throws TaurecError `scoring-ended` while an ended thread is being replaced */
  get status(): ModelStatus {
    const { info } = this.scorer;
    return {
      ...info,
      version: this.version,
      revision: this.#revision,
      openedAt: this.#openedAt,
      lastReload: this.#lastReload,
    };
  }

  /** Opens the model directory again; with `ifChanged` only if its files changed since they were last opened or refused. Never throws: the report holds the error. */
  reload(trigger: ReloadReport['trigger'], ifChanged = false): Promise<ReloadReport> {
    return this.#turns.take(() => this.#reload(trigger, ifChanged));
  }

  /** Ends the threads: immediately with `now`, otherwise after they have answered the waiting requests. Cancels the opening of a new model. */
  async close(now = false): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#newItems);
    await this.#scorer?.close(now);
    await Promise.all(this.#leaving);
    await this.#turns.over();
  }

  async #reload(trigger: ReloadReport['trigger'], ifChanged: boolean): Promise<ReloadReport> {
    const started = performance.now();
    let info: ModelInfo;
    const report = (outcome: ReloadReport['outcome'], thrown?: unknown): ReloadReport => ({
      outcome,
      at: new Date().toISOString(),
      trigger,
      seconds: Math.round(performance.now() - started) / 1000,
      ...(thrown !== undefined && { error: describe(thrown) }),
    });
    try {
      if (this.#stop.signal.aborted) throw new TaurecError('server-closing');
      // Another reload, queued before this one, may have started a thread already.
      if (trigger === 'restart' && this.#scorer) return report('unchanged');
      if (ifChanged && !(await this.#changed())) return report('unchanged');
      info = await this.#open();
    } catch (error) {
      const failed = report('failed', error);
      this.#options.log.error({ trigger, ...failed.error }, 'the new model cannot be opened; the current one stays');
      return this.#reported(failed);
    }
    const opened = report('opened');
    const { users, items } = info;
    this.#options.log.info(
      { trigger, revision: this.#revision, users, items, seconds: opened.seconds },
      'model opened',
    );
    return this.#reported(opened);
  }

  /** Keeps a report for `status` and passes it to the metrics. */
  #reported(report: ReloadReport): ReloadReport {
    this.#lastReload = report;
    this.#options.onReload(report);
    return report;
  }

  /** Whether the directory holds a complete model that is neither served nor refused. */
  async #changed(): Promise<boolean> {
    const identity = await identityOf(this.#options.task);
    return identity !== undefined && identity.text !== this.#identity?.text && identity.text !== this.#refused;
  }

  /**
   * Opens the directory in a new thread, then swaps the threads. If the files change during the opening, it opens them again, so that the served model never mixes files of two
   * models.
   */
  async #open(): Promise<ModelInfo> {
    const { task } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const before = await identityOf(task);
      const { scorer, after, thrown } = await this.#attempt();
      // Equal before and after: all files that the thread read belong to one model.
      const steady = before !== undefined && before.text === after?.text;
      if (scorer && after && steady && !this.#stop.signal.aborted) {
        this.#swap(scorer, after);
        for (const notice of scorer.notices) this.#options.log.warn(notice);
        return scorer.info;
      }
      if (scorer) this.#options.feedback?.leave(scorer);
      await scorer?.close(true);
      if (this.#stop.signal.aborted) throw new TaurecError('server-closing');
      // An error counts when the files did not change during the opening, or after several attempts: 3 without any config.json, ATTEMPTS otherwise.
      if (thrown && (steady || attempt >= (before === undefined && after === undefined ? 3 : ATTEMPTS))) {
        // A feedback log that fails says nothing about the model: the watch tries again.
        if (!isFeedbackFault(thrown)) this.#refused = after?.text;
        throw thrown;
      }
      // Even a model that opens is not served while its files keep changing.
      if (attempt >= 4 * ATTEMPTS)
        throw thrown ?? new TaurecError('no-model', { directory: task.directory, problem: 'its files keep changing' });
      await sleep(20 * Math.min(attempt, 10));
    }
  }

  /** Opens the directory in a new thread, then reads the identity of the directory (`after`). Throws if the directory cannot be read. */
  async #attempt(): Promise<{ scorer?: Scorer; thrown?: unknown; after?: Identity }> {
    const { task } = this.#options;
    let scorer: Scorer | undefined;
    let thrown: unknown;
    try {
      const edits = await this.#options.feedback?.edits();
      const onUnplaced = () => this.#openForNewItems();
      scorer = await Scorer.open({ ...task, edits }, { ...this.#options, onUnplaced }, this.#stop.signal);
      await this.#options.feedback?.load(scorer);
    } catch (error) {
      await scorer?.close(true);
      scorer = undefined;
      thrown = error;
    }
    let after: Identity | undefined;
    try {
      after = await identityOf(task);
    } catch (error) {
      await scorer?.close(true);
      throw error;
    }
    if (!scorer?.ended) return { scorer, thrown, after };
    // The thread may end during the second look at the directory.
    this.#options.feedback?.leave(scorer);
    return { thrown: scorer.ended, after };
  }

  /** Opens the model again for items that were added to its catalogue, all together, soon; a model that takes long to open more rarely. */
  #openForNewItems(): void {
    if (this.#newItems || this.#stop.signal.aborted) return;
    const pause = Math.max(NEW_ITEMS_MS, 5000 * (this.#lastReload?.seconds ?? 0));
    this.#newItems = setTimeout(() => {
      this.#newItems = undefined;
      void this.reload('items');
    }, pause);
    this.#newItems.unref();
  }

  /** Makes a new thread the one for requests. The old thread answers its waiting requests, then ends. */
  #swap(scorer: Scorer, identity: Identity): void {
    const old = this.#scorer;
    this.#scorer = scorer;
    this.#identity = identity;
    this.#refused = undefined;
    this.#revision++;
    this.#openedAt = new Date().toISOString();
    scorer.onEnd((error) => void this.#replace(scorer, error));
    if (!old) return;
    const leaving = old.close().finally(() => {
      this.#options.feedback?.leave(old);
      this.#leaving.delete(leaving);
    });
    this.#leaving.add(leaving);
  }

  /** Replaces a thread that crashed: tries until the model opens, with growing pauses (`RESTART`). */
  async #replace(scorer: Scorer, error: TaurecError): Promise<void> {
    if (this.#scorer !== scorer || this.#stop.signal.aborted) return;
    this.#scorer = undefined;
    this.#options.feedback?.leave(scorer);
    this.#options.log.error({ reason: error.facts.reason }, 'the scoring thread ended; starting a new one');
    for (
      let pause: number = RESTART[0];
      !this.#scorer && !this.#stop.signal.aborted;
      pause = Math.min(2 * pause, RESTART[1])
    ) {
      if ((await this.reload('restart')).outcome === 'opened') return;
      await sleep(pause, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  /** Checks the directory every `reloadInterval` seconds. The next interval starts after the reload, so checks never overlap. */
  #watch(): void {
    const { reloadInterval, log } = this.#options;
    if (reloadInterval === 0) return;
    this.#timer = setTimeout(async () => {
      try {
        if (await this.#changed()) await this.reload('watch', true);
      } catch (error) {
        log.warn({ error: String(error) }, 'cannot read the model directory');
      }
      if (!this.#stop.signal.aborted) this.#watch();
    }, reloadInterval * 1000);
    // The watch alone does not keep the process alive.
    this.#timer.unref();
  }
}

function isFeedbackFault(error: unknown): boolean {
  return error instanceof TaurecError && error.code === 'feedback-failed';
}

/** Code and message of an error, for a report. */
function describe(error: unknown): NonNullable<ReloadReport['error']> {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof TaurecError ? { code: error.code, message } : { message };
}

/** What tells one model in a directory from the next. */
interface Identity {
  /** Changes when the model, or the file of its catalogue, changes. */
  readonly text: string;
  /** The published version; absent for a plain model folder. */
  readonly version?: string;
}

/** The identity of the model; undefined without a complete one. */
async function identityOf({ directory, catalogue }: ScoringTask): Promise<Identity | undefined> {
  const model = await directoryIdentity(directory);
  if (model === undefined || catalogue === undefined) return model;
  // A URL or a table has no file: it is read with each model.
  const file = await stat(catalogue, { bigint: true }).catch(() => undefined);
  return { ...model, text: `${model.text}\n${file?.ino} ${file?.size} ${file?.mtimeNs}` };
}

/**
 * The identity of a directory. Its text changes when another version becomes current, a model directory is replaced or one of its files is written: name, inode, size and modification time of config.json, the tensors and the indexes.
 * Checkpoints of a training in the same directory are ignored. Undefined without a config.json, for example while one model replaces another.
 */
async function directoryIdentity(path: string): Promise<Identity | undefined> {
  try {
    const directory = await currentModel(path);
    const names = (await readdir(directory)).filter(isModelFile).sort();
    if (!names.includes('config.json')) return undefined;
    const facts = await Promise.all(
      names.map(async (name) => {
        // `bigint` keeps nanoseconds: two writes within a millisecond differ.
        const { ino, size, mtimeNs } = await stat(join(directory, name), { bigint: true });
        return `${name} ${ino} ${size} ${mtimeNs}`;
      }),
    );
    return {
      text: [directory, ...facts].join('\n'),
      ...(directory !== path && { version: basename(directory) }),
    };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

/** Whether a served model depends on this file. Checkpoints end in .safetensors too. */
function isModelFile(name: string): boolean {
  if (name === 'config.json' || isIndexName(name)) return true;
  return name.endsWith('.safetensors') && !name.startsWith('checkpoint');
}
