import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { RunNews } from '../executor.ts';
import type { CurvePoint } from '../study.ts';
import type { Lease, RunBoard, TrialQueue } from './trial-queue.ts';

/**
 * Tells the queue what happens to a training, in the order in which it happens and without holding it up: what comes while something is on its way is told together afterwards, and of checkpoints the last.
 * Signs of life go out besides. When the training has another holder, or the queue cannot be told, `onLost` is called and nothing more is told.
 */
export class LeaseReporter {
  readonly #lease: Lease;
  readonly #queue: TrialQueue;
  readonly #onLost: () => void;
  readonly #timer: NodeJS.Timeout;
  #begun: { worker: string; fromEpoch: number; started: string } | undefined;
  #points: CurvePoint[] = [];
  #progress: RunBoard['progress'];
  #checkpoint: { path: string; epoch: number } | undefined;
  #epoch = 0;
  #telling: Promise<void> | undefined;
  #thrown: { error: unknown } | undefined;
  #lost = false;

  constructor(lease: Lease, queue: TrialQueue, onLost: () => void) {
    this.#lease = lease;
    this.#queue = queue;
    this.#onLost = onLost;
    this.#timer = setInterval(() => {
      // A sign of life that does not arrive is made up for by the next.
      lease.beat().then(
        (held) => this.#check(held),
        () => {},
      );
    }, queue.beat);
  }

  get lost(): boolean {
    return this.#lost;
  }

  take(news: RunNews): void {
    if (news.type === 'begun') {
      this.#begun = { worker: news.worker, fromEpoch: news.fromEpoch, started: new Date().toISOString() };
      this.#epoch = news.fromEpoch;
    } else if (news.type === 'point') {
      this.#epoch = news.point.epoch;
      this.#points = [...this.#points.filter(({ epoch }) => epoch !== news.point.epoch), news.point];
    } else if (news.type === 'progress') this.#progress = { progress: news.progress, eta: news.eta };
    else if (news.type === 'checkpoint' && news.path !== undefined) {
      this.#checkpoint = { path: news.path, epoch: this.#epoch };
    }
    this.#telling ??= this.#tell()
      .catch((error) => {
        this.#thrown ??= { error };
        // What nobody can be told is not worth going on with.
        this.#onLost();
      })
      .finally(() => {
        this.#telling = undefined;
      });
  }

  /** Resolves when all is told. Throws what the queue threw. */
  async flush(): Promise<void> {
    while (this.#telling) await this.#telling;
    if (!this.#thrown && this.#hasNews) await this.#tell();
    if (this.#thrown) throw this.#thrown.error;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  get #hasNews(): boolean {
    return this.#begun !== undefined || this.#points.length > 0 || this.#checkpoint !== undefined;
  }

  async #tell(): Promise<void> {
    while (!this.#lost && this.#hasNews) {
      const begun = this.#begun;
      this.#begun = undefined;
      if (begun) this.#check(await this.#lease.addAttempt(begun));
      const points = this.#points;
      this.#points = [];
      if (points.length > 0) this.#check(await this.#lease.addPoints(points, this.#progress));
      const checkpoint = this.#checkpoint;
      this.#checkpoint = undefined;
      if (checkpoint) await this.#hand(checkpoint);
    }
  }

  async #hand({ path, epoch }: { path: string; epoch: number }): Promise<void> {
    // Written whole and renamed, so that what is read is one checkpoint, this or the next.
    const data = await readFile(path).catch(() => undefined);
    if (!data || data.length > this.#queue.mostCheckpointBytes) return;
    const sha256 = createHash('sha256').update(data).digest('hex');
    this.#check(await this.#lease.putCheckpoint({ epoch, bytes: data.length, sha256 }, data));
  }

  #check(held: boolean): void {
    if (held || this.#lost) return;
    this.#lost = true;
    this.#onLost();
  }
}
