import { Worker } from 'node:worker_threads';
import { TaurecError } from '../errors.ts';
import type { ItemState } from '../feedback/item-edits.ts';
import { rebuildError } from '../platform/carried-error.ts';
import { threadProgram } from '../platform/thread-program.ts';
import { workerFlags } from '../platform/worker-flags.ts';
import type {
  FeedbackColumns,
  FeedbackSize,
  FromScoring,
  Lane,
  ModelInfo,
  ScoringJob,
  ScoringTask,
  ToScoring,
} from './scoring-protocol.ts';
import { type Piece, ScoringQueue } from './scoring-queue.ts';

/** The part of the deadline that the thread may take longer for the last piece of a request. */
const GRACE = 0.25;

/** Limits and listener of a scoring thread. */
export interface ScorerOptions {
  /** Maximum number of waiting requests. */
  readonly queueLimit: number;
  /** Time limit for answering a request, in seconds. A request that exceeds it fails with `deadline`. */
  readonly deadline: number;
  /** Called after each batch with its number of units (see `ScoringQueue`) and its scoring time. */
  readonly onBatch: (units: number, seconds: number) => void;
  /** Called after edits of items that the model does not know, which have no place until it is opened again. */
  readonly onUnplaced?: () => void;
}

/** The first message of a scoring thread that opened its model. */
type Opened = Pick<Extract<FromScoring, { type: 'ready' }>, 'info' | 'notices'>;

/** The main thread's side of a scoring thread: the thread, the queue of its requests, and their answers. It sends one batch of each lane at a time; requests that arrive meanwhile form the next batch. */
export class Scorer {
  readonly info: ModelInfo;
  /** What the opening of the model has to say, for the log. */
  readonly notices: readonly string[];
  readonly #worker: Worker;
  readonly #queue: ScoringQueue;
  readonly #options: ScorerOptions;
  /** The batch of each lane in the thread. */
  readonly #running: { [lane in Lane]?: readonly Piece[] } = {};
  /** When the batch of each lane was sent. */
  readonly #sent: Record<Lane, number> = { light: 0, dear: 0 };
  /** The calls that wait for the thread to take feedback in, in order. */
  readonly #feeding: (() => void)[] = [];
  /** The calls that wait for the thread to take edits of items in, in order. */
  readonly #editing: (() => void)[] = [];
  #feedbackSize: FeedbackSize = { users: 0, pairs: 0, dropped: 0 };
  #scheduled = false;
  #ended?: TaurecError;
  #closing?: Promise<void>;
  /** Called by a closing scorer when no request waits or runs. */
  #drained?: () => void;
  #onEnd: (error: TaurecError) => void = () => {};

  /** Starts a thread and opens a model in it. Aborting the signal ends the thread. @throws TaurecError the errors of `Recommender.open`; `scoring-ended` if the thread ends first */
  static async open(task: ScoringTask, options: ScorerOptions, signal: AbortSignal): Promise<Scorer> {
    const worker = new Worker(threadProgram('server/scoring-worker'), {
      workerData: task,
      name: 'taurec-scoring',
      execArgv: workerFlags(),
    });
    const stop = () => void worker.terminate();
    signal.addEventListener('abort', stop);
    let gone: TaurecError | undefined;
    try {
      const { info, notices } = await new Promise<Opened>((resolve, reject) => {
        const end = (error: TaurecError) => {
          gone ??= error;
          reject(error);
        };
        worker.once('message', (message: FromScoring) => {
          if (message.type === 'ready') resolve(message);
          else if (message.type === 'failed') reject(rebuildError(message.error));
        });
        worker.once('error', (cause) => end(ended(cause.message, cause)));
        worker.once('exit', (code) => end(ended(`exit code ${code}`)));
        if (signal.aborted) stop();
      });
      // `ready` and the end of the thread can arrive in one turn of the event loop; then the promise has resolved, but the thread is gone.
      if (gone) throw gone;
      // The constructor adds the listeners of the running thread in the same turn, so no event is lost.
      for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
      return new Scorer(worker, { info, notices }, options);
    } catch (error) {
      await worker.terminate();
      throw error;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  private constructor(worker: Worker, { info, notices }: Opened, options: ScorerOptions) {
    this.info = info;
    this.notices = notices;
    this.#worker = worker;
    this.#options = options;
    const { queueLimit: limit, deadline } = options;
    this.#queue = new ScoringQueue({ limit, deadline, sizes: info });
    worker.on('message', (message: FromScoring) => this.#answered(message));
    worker.on('error', (cause) => this.#end(ended(cause.message, cause)));
    worker.on('exit', (code) => this.#end(ended(`exit code ${code}`)));
  }

  /** Number of requests waiting to be scored. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Size of the thread's feedback sets. */
  get feedbackSize(): FeedbackSize {
    return this.#feedbackSize;
  }

  /** Adds feedback to the thread's sets: the lists of later requests follow it. Resolves when the thread has taken it in, or has ended. */
  feed(events: FeedbackColumns): Promise<void> {
    return this.#feed({ type: 'feedback', events });
  }

  /** Removes a user from the thread's feedback sets. */
  forget(user: string): Promise<void> {
    return this.#feed({ type: 'forget', user });
  }

  /** Brings items of the thread to newer states. Resolves when its lists follow them, or when it has ended. */
  editItems(states: readonly ItemState[]): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      this.#editing.push(resolve);
      this.#worker.postMessage({ type: 'items', states } satisfies ToScoring);
    });
  }

  #feed(message: ToScoring): Promise<void> {
    if (this.#ended) return Promise.resolve();
    return new Promise((resolve) => {
      this.#feeding.push(resolve);
      this.#worker.postMessage(message);
    });
  }

  /** Whether the thread is running and accepts requests. */
  get open(): boolean {
    return !this.#ended && !this.#closing;
  }

  /** The reason the thread ended. Absent while it runs. */
  get ended(): TaurecError | undefined {
    return this.#ended;
  }

  /** Sets the listener for an end of the thread that `close` did not cause. Calls it at once if the thread has already ended. */
  onEnd(listener: (error: TaurecError) => void): void {
    this.#onEnd = listener;
    if (this.#ended && !this.#closing) listener(this.#ended);
  }

  /**
   * Queues a job and resolves with its answer as JSON texts: one for each user of a job for users, otherwise one. `gone` is called before the job is scored: if the client has
   * disconnected, the job fails with `client-gone`.
   * @throws TaurecError `overloaded`, `deadline`, `scoring-ended`, `client-gone`, and the library's errors
   */
  submit(job: ScoringJob, gone: () => boolean): Promise<readonly string[]> {
    if (this.#ended) return Promise.reject(this.#ended);
    const { deadline } = this.#options;
    return new Promise((resolve, reject) => {
      const waiting = this.#queue.add(job, gone, resolve, reject);
      if (!waiting) return;
      const late = () => waiting.fail(new TaurecError('deadline', { seconds: deadline }));
      const atDeadline = () => {
        // With its last piece in the thread the request is answered in a moment.
        if (waiting.workLeft === 0) waiting.timer = setTimeout(late, GRACE * deadline * 1000);
        else late();
      };
      waiting.timer = setTimeout(atDeadline, deadline * 1000);
      this.#schedule();
    });
  }

  /** Answers the waiting requests, then ends the thread. With `now` it does not wait for them. */
  async close(now = false): Promise<void> {
    this.#closing ??= this.#drain();
    if (now) this.#drained?.();
    await this.#closing;
  }

  get #idle(): boolean {
    return !this.#running.light && !this.#running.dear && this.#queue.length === 0;
  }

  async #drain(): Promise<void> {
    if (!this.#ended && !this.#idle) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve;
      });
    }
    if (this.#ended) return;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    this.#worker.postMessage({ type: 'close' } satisfies ToScoring);
    // The thread closes its engine and exits; it is terminated if that takes longer than a second.
    const late = setTimeout(() => void this.#worker.terminate(), 1000);
    await exited;
    clearTimeout(late);
  }

  /** Sends batches at the end of this turn of the event loop, so that requests that arrive in one turn share them. */
  #schedule(): void {
    if (this.#scheduled || (this.#running.light && this.#running.dear)) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#dispatch('light');
      this.#dispatch('dear');
      if (this.#idle) this.#drained?.();
    });
  }

  /** Sends the next batch of a lane if the thread has none of it. */
  #dispatch(lane: Lane): void {
    if (this.#running[lane] || this.#ended) return;
    const pieces = this.#queue.take(lane);
    if (pieces.length === 0) return;
    this.#running[lane] = pieces;
    this.#sent[lane] = performance.now();
    this.#worker.postMessage({ type: 'batch', lane, jobs: pieces.map(({ job }) => job) } satisfies ToScoring);
  }

  /** Hands the answers of a batch to its requests. Answers are in the order of the pieces. */
  #answered(message: FromScoring): void {
    if (message.type === 'fed') {
      this.#feedbackSize = message.size;
      this.#feeding.shift()?.();
    }
    if (message.type === 'edited') {
      this.#editing.shift()?.();
      if (message.unplaced) this.#options.onUnplaced?.();
    }
    if (message.type !== 'answers') return;
    const { lane, answers, seconds } = message;
    const pieces = this.#running[lane]!;
    this.#running[lane] = undefined;
    const deferred = pieces.filter((_, p) => 'deferred' in answers[p]!);
    if (deferred.length === 0) this.#queue.learn(lane, pieces, seconds, (performance.now() - this.#sent[lane]) / 1000);
    for (const piece of deferred) this.#queue.defer(piece);
    // Send the next batches first: the thread scores them while this thread hands out the answers.
    this.#dispatch(lane);
    if (deferred.length > 0) this.#dispatch('dear');
    pieces.forEach((piece, p) => {
      const answer = answers[p]!;
      if ('json' in answer) piece.settle(answer.json);
      else if ('error' in answer) piece.fail(rebuildError(answer.error));
    });
    this.#options.onBatch(
      pieces.reduce((sum, { units }) => sum + units, 0),
      seconds,
    );
    if (this.#idle) this.#drained?.();
  }

  /** Fails all requests of a thread that has ended. */
  #end(error: TaurecError): void {
    if (this.#ended) return;
    this.#ended = error;
    for (const lane of ['light', 'dear'] as const) {
      for (const piece of this.#running[lane] ?? []) piece.fail(error);
      this.#running[lane] = undefined;
    }
    for (const taken of [...this.#feeding.splice(0), ...this.#editing.splice(0)]) taken();
    this.#queue.failAll(error);
    this.#drained?.();
    if (!this.#closing) this.#onEnd(error);
  }
}

function ended(reason: string, cause?: Error): TaurecError {
  return new TaurecError('scoring-ended', { reason }, cause && { cause });
}
