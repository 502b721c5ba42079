import { Worker } from 'node:worker_threads';
import { TaurecError } from '../errors.ts';
import { rebuildError } from '../platform/carried-error.ts';
import { workerFlags } from '../platform/worker-flags.ts';
import type { FromScoring, ModelInfo, ScoringJob, ScoringTask, ToScoring } from './scoring-protocol.ts';
import { type Piece, ScoringQueue } from './scoring-queue.ts';

export interface ScorerOptions {
  /** Requests that may wait. */
  readonly queueLimit: number;
  /** Seconds after which a request that has no answer is given up. */
  readonly deadline: number;
  /** Told of each batch: how much was in it, and how long it took to score. */
  readonly onBatch: (units: number, seconds: number) => void;
}

/** A scoring thread with one model, and the requests that wait for it. One batch is on its way at a time; what arrives meanwhile makes the next. */
export class Scorer {
  readonly info: ModelInfo;
  readonly #worker: Worker;
  readonly #queue: ScoringQueue;
  readonly #options: ScorerOptions;
  #running?: readonly Piece[];
  #scheduled = false;
  #ended?: TaurecError;
  #closing?: Promise<void>;
  #drained?: () => void;
  #onEnd: (error: TaurecError) => void = () => {};

  /** Starts a thread and opens a model in it. Throws as `Recommender.open` does, `scoring-ended` when the thread ends first, as it does when the signal aborts. */
  static async open(task: ScoringTask, options: ScorerOptions, signal: AbortSignal): Promise<Scorer> {
    const worker = new Worker(new URL('./scoring-worker.js', import.meta.url), {
      workerData: task,
      name: 'taurec-scoring',
      execArgv: workerFlags(),
    });
    const stop = () => void worker.terminate();
    signal.addEventListener('abort', stop);
    let gone: TaurecError | undefined;
    try {
      const info = await new Promise<ModelInfo>((resolve, reject) => {
        const end = (error: TaurecError) => {
          gone ??= error;
          reject(error);
        };
        worker.once('message', (message: FromScoring) => {
          if (message.type === 'ready') resolve(message.info);
          else if (message.type === 'failed') reject(rebuildError(message.error));
        });
        worker.once('error', (cause) => end(ended(cause.message, cause)));
        worker.once('exit', (code) => end(ended(`exit code ${code}`)));
        if (signal.aborted) stop();
      });
      // Its last message and its end may come together.
      if (gone) throw gone;
      for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
      return new Scorer(worker, info, options);
    } catch (error) {
      await worker.terminate();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  private constructor(worker: Worker, info: ModelInfo, options: ScorerOptions) {
    this.info = info;
    this.#worker = worker;
    this.#options = options;
    this.#queue = new ScoringQueue(options.queueLimit);
    worker.on('message', (message: FromScoring) => this.#answered(message));
    worker.on('error', (cause) => this.#end(ended(cause.message, cause)));
    worker.on('exit', (code) => this.#end(ended(`exit code ${code}`)));
  }

  /** Requests that wait to be scored. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Whether the thread lives and takes requests. */
  get open(): boolean {
    return !this.#ended && !this.#closing;
  }

  /** Why the thread has ended; absent while it lives. */
  get ended(): TaurecError | undefined {
    return this.#ended;
  }

  /** Called once when the thread ends by itself. */
  onEnd(listener: (error: TaurecError) => void): void {
    this.#onEnd = listener;
    if (this.#ended && !this.#closing) listener(this.#ended);
  }

  /**
   * The JSON pieces of a job's answer. Throws what the library throws, and `overloaded`, `deadline`, `scoring-ended`.
   * `gone` is asked before the job is scored; when true the job is dropped with `client-gone`.
   */
  submit(job: ScoringJob, gone: () => boolean): Promise<readonly string[]> {
    if (this.#ended) return Promise.reject(this.#ended);
    const { deadline } = this.#options;
    return new Promise((resolve, reject) => {
      const waiting = this.#queue.add(job, gone, resolve, reject);
      if (!waiting) return;
      waiting.timer = setTimeout(
        () => waiting.fail(new TaurecError('deadline', { seconds: deadline })),
        deadline * 1000,
      );
      this.#schedule();
    });
  }

  /** Answers what waits, then ends the thread; at once when `now`. */
  async close(now = false): Promise<void> {
    this.#closing ??= this.#drain();
    if (now) this.#drained?.();
    await this.#closing;
  }

  async #drain(): Promise<void> {
    if (!this.#ended && (this.#running || this.#queue.length > 0)) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    if (this.#ended) return;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage({ type: 'close' } satisfies ToScoring);
    const late = setTimeout(() => void this.#worker.terminate(), 1000);
    await exited;
    clearTimeout(late);
  }

  /** Requests that arrive in one turn of the event loop go out together. */
  #schedule(): void {
    if (this.#running || this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    if (this.#running || this.#ended) return;
    const pieces = this.#queue.take();
    if (pieces.length === 0) return void this.#drained?.();
    this.#running = pieces;
    this.#worker.postMessage({ type: 'batch', jobs: pieces.map(({ job }) => job) } satisfies ToScoring);
  }

  #answered(message: FromScoring): void {
    if (message.type !== 'answers') return;
    const pieces = this.#running!;
    this.#running = undefined;
    // The thread goes on before its last answers are handed out.
    this.#queue.learn(pieces, message.seconds);
    this.#dispatch();
    pieces.forEach((piece, p) => {
      const answer = message.answers[p]!;
      if ('json' in answer) piece.settle(answer.json);
      else piece.fail(rebuildError(answer.error));
    });
    this.#options.onBatch(
      pieces.reduce((sum, { units }) => sum + units, 0),
      message.seconds,
    );
    if (!this.#running && this.#queue.length === 0) this.#drained?.();
  }

  #end(error: TaurecError): void {
    if (this.#ended) return;
    this.#ended = error;
    for (const piece of this.#running ?? []) piece.fail(error);
    this.#running = undefined;
    this.#queue.failAll(error);
    this.#drained?.();
    if (!this.#closing) this.#onEnd(error);
  }
}

function ended(reason: string, cause?: Error): TaurecError {
  return new TaurecError('scoring-ended', { reason }, cause && { cause });
}
