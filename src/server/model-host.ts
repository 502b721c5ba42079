import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { TaurecError } from '../errors.ts';
import { isIndexName } from '../model/model-directory.ts';
import { Scorer, type ScorerOptions } from './scorer.ts';
import type { ModelInfo, ScoringTask } from './scoring-protocol.ts';

/** How often a directory that changes while it is opened is opened again. */
const ATTEMPTS = 8;
/** Milliseconds before a thread that ended is started again: doubled each time, up to the second. */
const RESTART = [100, 30_000] as const;

/** What became of the last attempt to open a model. */
export interface ReloadReport {
  readonly outcome: 'opened' | 'unchanged' | 'failed';
  /** ISO time. */
  readonly at: string;
  /** What asked for it. */
  readonly trigger: 'start' | 'watch' | 'signal' | 'request' | 'restart';
  readonly seconds: number;
  readonly error?: { readonly code?: string; readonly message: string };
}

export interface ModelStatus extends ModelInfo {
  /** Counts the models opened since the server started, from 1. */
  readonly revision: number;
  /** ISO time. */
  readonly openedAt: string;
  /** The last attempt to open a newer model; absent: there was none. */
  readonly lastReload?: ReloadReport;
}

interface ModelHostOptions extends ScorerOptions {
  readonly task: ScoringTask;
  /** Seconds between two looks at the model directory; 0: never. */
  readonly reloadInterval: number;
  readonly log: Logger;
  readonly onReload: (report: ReloadReport) => void;
}

/**
 * Holds the scoring thread of the newest model that opened. A newer model is opened in a second thread; when it is ready one reference is
 * swapped, and the older thread answers what it has and ends. When it does not open the older one stays. A thread that ends by itself is replaced.
 */
export class ModelHost {
  readonly #options: ModelHostOptions;
  readonly #stop = new AbortController();
  #scorer?: Scorer;
  #identity?: string;
  #refused?: string;
  #revision = 0;
  #openedAt = '';
  #lastReload?: ReloadReport;
  #turn: Promise<unknown> = Promise.resolve();
  #timer?: NodeJS.Timeout;
  readonly #leaving = new Set<Promise<void>>();

  private constructor(options: ModelHostOptions) {
    this.#options = options;
  }

  /** Opens the model of `options.task`. Throws as `Recommender.open` does. */
  static async open(options: ModelHostOptions): Promise<ModelHost> {
    const host = new ModelHost(options);
    await host.#open();
    host.#watch();
    return host;
  }

  /** The thread to ask. Throws `scoring-ended` while there is none. */
  get scorer(): Scorer {
    if (this.#scorer) return this.#scorer;
    throw new TaurecError('scoring-ended', { reason: 'it is being replaced' });
  }

  get ready(): boolean {
    return this.#scorer?.open ?? false;
  }

  /** Requests that wait to be scored. */
  get waiting(): number {
    return this.#scorer?.waiting ?? 0;
  }

  /** Counts the models opened, from 1. */
  get revision(): number {
    return this.#revision;
  }

  /** Throws `scoring-ended` while no model is served. */
  get status(): ModelStatus {
    const { info } = this.scorer;
    return { ...info, revision: this.#revision, openedAt: this.#openedAt, lastReload: this.#lastReload };
  }

  /** Opens the model directory again; with `ifChanged` only when it is not as it was last opened. Never throws: the report says what became of it. */
  reload(trigger: ReloadReport['trigger'], ifChanged = false): Promise<ReloadReport> {
    const turn = this.#turn.then(() => this.#reload(trigger, ifChanged));
    // One that fails against all expectation must not fail those after it.
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Ends the threads, at once when `now`; otherwise when what waits is answered. A model that is being opened is given up. */
  async close(now = false): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#timer);
    await this.#scorer?.close(now);
    await Promise.all(this.#leaving);
    await this.#turn;
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
      if (trigger === 'restart' && this.#scorer) return report('unchanged');
      if (ifChanged && !(await this.#changed())) return report('unchanged');
      info = await this.#open();
    } catch (error) {
      const failed = report('failed', error);
      this.#options.log.error({ trigger, ...failed.error }, 'the newer model does not open; the older one stays');
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

  #reported(report: ReloadReport): ReloadReport {
    this.#lastReload = report;
    this.#options.onReload(report);
    return report;
  }

  /** Whether the directory holds something that was neither opened nor refused. */
  async #changed(): Promise<boolean> {
    const identity = await directoryIdentity(this.#options.task.directory);
    return identity !== undefined && identity !== this.#identity && identity !== this.#refused;
  }

  /** Opens the directory in a new thread, and swaps. A directory that is replaced while it is read is read again, so that no model is mixed of two. */
  async #open(): Promise<ModelInfo> {
    const { task } = this.#options;
    for (let attempt = 1; ; attempt++) {
      const before = await directoryIdentity(task.directory);
      const { scorer, after, thrown } = await this.#attempt();
      const steady = before !== undefined && before === after;
      if (scorer && steady && !this.#stop.signal.aborted) {
        this.#swap(scorer, after);
        return scorer.info;
      }
      await scorer?.close(true);
      if (this.#stop.signal.aborted) throw new TaurecError('server-closing');
      if (thrown && (steady || attempt >= (before === undefined && after === undefined ? 3 : ATTEMPTS))) {
        this.#refused = after;
        throw thrown;
      }
      if (attempt >= 4 * ATTEMPTS)
        throw thrown ?? new TaurecError('no-model', { directory: task.directory, problem: 'it changes all the time' });
      await sleep(20 * Math.min(attempt, 10));
    }
  }

  /** Opens the directory in a new thread, and looks at it once more. Throws where it cannot be looked at. */
  async #attempt(): Promise<{ scorer?: Scorer; thrown?: unknown; after?: string }> {
    const { task } = this.#options;
    let scorer: Scorer | undefined;
    let thrown: unknown;
    try {
      scorer = await Scorer.open(task, this.#options, this.#stop.signal);
    } catch (error) {
      thrown = error;
    }
    let after: string | undefined;
    try {
      after = await directoryIdentity(task.directory);
    } catch (error) {
      await scorer?.close(true);
      throw error;
    }
    // A thread may end while the directory is looked at.
    return scorer?.ended ? { thrown: scorer.ended, after } : { scorer, thrown, after };
  }

  #swap(scorer: Scorer, identity: string): void {
    const old = this.#scorer;
    this.#scorer = scorer;
    this.#identity = identity;
    this.#refused = undefined;
    this.#revision++;
    this.#openedAt = new Date().toISOString();
    scorer.onEnd((error) => void this.#replace(scorer, error));
    if (!old) return;
    const leaving = old.close().finally(() => this.#leaving.delete(leaving));
    this.#leaving.add(leaving);
  }

  /** Starts a new thread in place of one that ended by itself, again and again until the model opens. */
  async #replace(scorer: Scorer, error: TaurecError): Promise<void> {
    if (this.#scorer !== scorer || this.#stop.signal.aborted) return;
    this.#scorer = undefined;
    this.#options.log.error({ reason: error.facts.reason }, 'the scoring thread has ended; a new one is started');
    for (
      let pause: number = RESTART[0];
      !this.#scorer && !this.#stop.signal.aborted;
      pause = Math.min(2 * pause, RESTART[1])
    ) {
      if ((await this.reload('restart')).outcome === 'opened') return;
      await sleep(pause, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  /** Looks at the directory now and then. */
  #watch(): void {
    const { reloadInterval, log } = this.#options;
    if (reloadInterval === 0) return;
    this.#timer = setTimeout(async () => {
      try {
        if (await this.#changed()) await this.reload('watch', true);
      } catch (error) {
        log.warn({ error: String(error) }, 'the model directory cannot be looked at');
      }
      if (!this.#stop.signal.aborted) this.#watch();
    }, reloadInterval * 1000);
    this.#timer.unref();
  }
}

function describe(error: unknown): NonNullable<ReloadReport['error']> {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof TaurecError ? { code: error.code, message } : { message };
}

/**
 * A text that changes when a model directory is replaced or one of its files is written: name, inode, size and time of config.json, the tensors and indexes.
 * Checkpoints of a training run in the same folder do not count. Undefined where there is no config.json, as between two models.
 */
async function directoryIdentity(directory: string): Promise<string | undefined> {
  try {
    const names = (await readdir(directory)).filter(isModelFile).sort();
    if (!names.includes('config.json')) return undefined;
    const facts = await Promise.all(
      names.map(async (name) => {
        const { ino, size, mtimeNs } = await stat(join(directory, name), { bigint: true });
        return `${name} ${ino} ${size} ${mtimeNs}`;
      }),
    );
    return facts.join('\n');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function isModelFile(name: string): boolean {
  if (name === 'config.json' || isIndexName(name)) return true;
  return name.endsWith('.safetensors') && !name.startsWith('checkpoint');
}
