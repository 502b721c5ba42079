import { TaurecError } from '../errors.ts';
import { type ModelSizes, type Work, type WorkKind, workOf } from './request-cost.ts';
import type { Lane, ScoringJob } from './scoring-protocol.ts';

/** Target duration of a batch of light requests, in milliseconds. A list waits about this long for the lists of other clients. */
const TARGET_MS = 15;
/** Minimum and maximum units of a batch of light requests. The engine ranks up to 48 users in one pass over the items, so the pass of a much smaller batch would serve few lists. */
const FEWEST = 24;
const MOST = 512;
/** Requests up to this cost are light, and those up to this multiple of the cost of an ordinary list. */
const LIGHT_MS = 2;
const LIGHT_LISTS = 3;
/** Longest piece of a dear request that the thread does in one go, in milliseconds, and pieces of different requests in a batch. */
const PIECE_MS = 4;
const DEAR_PIECES = 4;
/** The part of the deadline that a light request may take with those ahead of it; more are refused. A dear one may take less: the rest is for cheap ones that overtake it, up to `OVERTAKEN`, and for errors of the estimates. */
const SHARE = 0.8;
const SHARE_BEHIND = 0.5;
const OVERTAKEN = 0.9;
/** A dear request goes behind others that cost less, as if it had arrived later by this multiple of its cost. */
const LATER = 10;
/** Estimates for a product before the first measurement, in milliseconds. */
const FIRST_MS: Readonly<Record<WorkKind, number>> = {
  rank: 3e-7,
  're-rank': 3e-7,
  explain: 1e-6,
  'fold-in': 3e-7,
  similar: 1e-6,
  items: 1e-6,
  trending: 1e-6,
  score: 1e-6,
};
/** Weight of a new measurement, and the largest factor by which one may raise an estimate: a pause of the machine says nothing about the work. */
const NEW = 0.2;
const RAISE = 4;
/** How much of the earlier batches the pace of a lane keeps with each new one. */
const KEPT = 0.95;

/** A waiting request, or the next part of a long one, as sent to the scoring thread. */
export interface Piece {
  readonly job: ScoringJob;
  readonly units: number;
  readonly kind: WorkKind;
  /** Estimated work, in products. */
  readonly work: number;
  readonly gone: () => boolean;
  settle(json: readonly string[]): void;
  fail(error: unknown): void;
}

/** Settings of the queue. */
export interface QueueOptions {
  /** Maximum number of waiting requests. */
  readonly limit: number;
  readonly sizes: ModelSizes;
  /** Time limit for an answer, in seconds. */
  readonly deadline: number;
  /** A clock in milliseconds; default `performance.now`. */
  readonly now?: () => number;
}

/**
 * The requests that wait for a scoring thread, by cost. Light ones (an ordinary list, similar items, a few scores) wait in one lane, first come, first served. Dear ones (many lists, re-ranked long lists, fold-ins)
 * wait in another, cheap before expensive; the thread does them in pieces between the batches of the first. Costs are counted in products (`workOf`) and turned into milliseconds by
 * the measured time of a product. A request that could not be answered in time is refused when it comes, and one that later cannot any more as soon as that is known: neither waits for its deadline.
 */
export class ScoringQueue {
  readonly #options: QueueOptions;
  /** The waiting requests of each lane, in order. */
  readonly #lanes: Record<Lane, WaitingRequest[]> = { light: [], dear: [] };
  /** Milliseconds of a product by kind; absent before the first measurement. */
  readonly #speeds = new Map<WorkKind, number>();
  /** The order of arrival of dear requests, in milliseconds of work. */
  #clock = 0;
  /** Seconds that dear batches took on the clock, light ones in between included, and those of the thread: sums in which older batches fade. */
  readonly #dear = { taken: 0, spent: 0 };
  readonly #now: () => number;

  constructor(options: QueueOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Number of waiting requests. */
  get length(): number {
    return this.#lanes.light.length + this.#lanes.dear.length;
  }

  /** Appends a request. If too much is waiting, rejects it with `overloaded` and returns undefined. */
  add(
    job: ScoringJob,
    gone: () => boolean,
    resolve: (json: readonly string[]) => void,
    reject: (error: unknown) => void,
  ): WaitingRequest | undefined {
    const work = workOf(job, this.#options.sizes);
    return this.#add(new WaitingRequest(job, work, gone, resolve, reject), this.#laneOf(job, work));
  }

  /** Puts a piece that the thread found dear, a fold-in by feedback or a new ranking of trends, into the dear lane. */
  defer(piece: Piece): void {
    const { sizes } = this.#options;
    const { unit } = workOf({ type: 'for-items', items: [''], request: { k: 10 } }, sizes);
    const folds: Work = { kind: 'fold-in', units: piece.units, unit, fixed: 0 };
    const work = piece.job.type === 'items' ? workOf(piece.job, sizes) : folds;
    const settle = (json: readonly string[]) => piece.settle(json);
    this.#add(new WaitingRequest(piece.job, work, piece.gone, settle, (error) => piece.fail(error)), 'dear');
  }

  /** Takes the pieces of the next batch of a lane out of the queue. */
  take(lane: Lane): Piece[] {
    this.#drop(lane);
    return lane === 'light' ? this.#takeLight() : this.#takeDear();
  }

  /**
   * Updates the time of a product from a finished batch: an exponential moving average, by each kind's part of the batch. `seconds` is the thread's time for it, `taken` the time until its answers came; both count for a dear
   * batch.
   */
  learn(lane: Lane, pieces: readonly Piece[], seconds: number, taken: number): void {
    const expected = new Map<WorkKind, number>();
    let total = 0;
    for (const { kind, work } of pieces) {
      const ms = this.#ms(kind, work);
      expected.set(kind, (expected.get(kind) ?? 0) + ms);
      total += ms;
    }
    if (!(total > 0)) return;
    const ratio = Math.min(RAISE, (1000 * seconds) / total);
    if (lane === 'dear') {
      this.#dear.taken = KEPT * this.#dear.taken + Math.min(RAISE * seconds, taken);
      this.#dear.spent = KEPT * this.#dear.spent + seconds;
    }
    for (const [kind, ms] of expected) {
      const part = ms / total;
      // The first measurement replaces the guess.
      const weight = this.#speeds.has(kind) ? NEW * part : part;
      this.#speeds.set(kind, this.#speed(kind) * (1 + weight * (ratio - 1)));
    }
  }

  /** Fails all waiting requests and empties the queue. */
  failAll(error: unknown): void {
    for (const lane of Object.values(this.#lanes)) for (const request of lane.splice(0)) request.fail(error);
  }

  #speed(kind: WorkKind): number {
    return this.#speeds.get(kind) ?? FIRST_MS[kind];
  }

  #ms(kind: WorkKind, work: number): number {
    return this.#speed(kind) * work;
  }

  /** Fold-ins are always dear: many of them, each of a millisecond, would fill the light lane. */
  #laneOf(job: ScoringJob, { kind, units, unit, fixed }: Work): Lane {
    if (job.type === 'for-items' && job.items.length > 0) return 'dear';
    const { items, dimension } = this.#options.sizes;
    const ordinary = this.#ms('rank', items * dimension);
    return this.#ms(kind, units * unit + fixed) <= Math.max(LIGHT_MS, LIGHT_LISTS * ordinary) ? 'light' : 'dear';
  }

  /** Estimated milliseconds of the rest of a request. */
  #left({ kind, workLeft }: WaitingRequest): number {
    return this.#ms(kind, workLeft);
  }

  /** Milliseconds on the clock for each millisecond of a lane's work. */
  #pace(lane: Lane): number {
    const { taken, spent } = this.#dear;
    return lane === 'dear' && spent > 0 ? Math.max(1, taken / spent) : 1;
  }

  #add(request: WaitingRequest, lane: Lane): WaitingRequest | undefined {
    const { limit } = this.#options;
    const deadline = 1000 * this.#options.deadline;
    const requests = this.#lanes[lane];
    const pace = this.#pace(lane);
    const now = this.#now();
    const ms = this.#left(request);
    request.due = now + deadline;
    request.place = lane === 'light' ? Infinity : this.#clock + Math.min(LATER * ms, SHARE * deadline);
    // Behind its equals, and behind those whom it would make late; a light request goes last.
    const later = requests.findIndex(({ place }) => place > request.place);
    let at = later < 0 ? requests.length : later;
    let ahead = requests.reduce((sum, other) => sum + this.#left(other), 0);
    for (let r = requests.length - 1; r >= at; r--) {
      if (now + pace * (ahead + ms) > requests[r]!.due - (1 - OVERTAKEN) * deadline) at = r + 1;
      else ahead -= this.#left(requests[r]!);
    }
    if (this.length >= limit) {
      request.fail(new TaurecError('overloaded', { got: `${this.length} requests are waiting already`, limit }));
      return undefined;
    }
    const share = lane === 'dear' ? SHARE_BEHIND : SHARE;
    // With nothing ahead of it, a request of any cost is let in: its first piece measures whether there is time for it.
    if (ahead > 0 && pace * (ahead + ms) > share * deadline) {
      request.fail(tooMuch(pace * ahead, ms, share * this.#options.deadline));
      return undefined;
    }
    requests.splice(at, 0, request);
    return request;
  }

  /** Takes requests out that nobody waits for, and fails those that cannot be answered in time any more: their deadline would pass after they had kept others waiting. */
  #drop(lane: Lane): void {
    const requests = this.#lanes[lane];
    const pace = this.#pace(lane);
    const now = this.#now();
    let ahead = 0;
    this.#lanes[lane] = requests.filter((request) => {
      if (request.dropped()) return false;
      const ms = this.#left(request);
      const isMeasured = request.begun || (ahead > 0 && this.#speeds.has(request.kind));
      const isLate = isMeasured && now + pace * (ahead + ms) > request.due;
      if (isLate) request.fail(tooMuch(pace * ahead, ms, this.#options.deadline));
      else ahead += ms;
      return !isLate;
    });
  }

  #takeLight(): Piece[] {
    const requests = this.#lanes.light;
    const pieces: Piece[] = [];
    let units = 0;
    let ms = 0;
    let at = 0;
    const long: WaitingRequest[] = [];
    while (at < requests.length && units < MOST && (units < FEWEST || ms < TARGET_MS)) {
      const request = requests[at++]!;
      const piece = request.next(MOST - units);
      pieces.push(piece);
      units += piece.units;
      ms += this.#ms(piece.kind, piece.work);
      if (request.workLeft > 0) long.push(request);
    }
    this.#lanes.light = [...requests.slice(at), ...long];
    return pieces;
  }

  /** Whole requests in order, or one piece of a long one: what comes meanwhile and costs less goes before its rest. */
  #takeDear(): Piece[] {
    const requests = this.#lanes.dear;
    const pieces: Piece[] = [];
    let ms = 0;
    while (requests.length > 0 && pieces.length < DEAR_PIECES && ms < PIECE_MS) {
      const request = requests[0]!;
      const unit = this.#ms(request.kind, request.unitWork);
      // A piece does at least as much as it costs to begin it.
      const most = Math.max(PIECE_MS, this.#ms(request.kind, request.fixedWork));
      const piece = request.next(Math.max(1, Math.min(MOST, Math.floor(most / unit))));
      pieces.push(piece);
      ms += this.#ms(piece.kind, piece.work);
      if (request.workLeft > 0) break;
      requests.shift();
    }
    this.#clock += ms;
    return pieces;
  }
}

/** The error of a request for which there is no time: milliseconds of the work ahead of it and of its own, and the limit in seconds. */
function tooMuch(ahead: number, own: number, limit: number): TaurecError {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const got = `The request takes ${seconds(own)}, after ${seconds(ahead)} of others`;
  return new TaurecError('overloaded', { got, limit: `${limit} s`, retryAfter: Math.min(60, Math.ceil(ahead / 1000)) });
}

/** A request in the queue or in the thread, until it is answered. It collects the answers to its pieces. */
export class WaitingRequest {
  /** Fails the request at its deadline. */
  timer?: NodeJS.Timeout;
  /** The position of a dear request: its arrival, later by its cost. */
  place = 0;
  /** The time by which it must be answered, on the clock of the queue. */
  due = Infinity;
  readonly kind: WorkKind;
  /** The work of a unit. */
  readonly unitWork: number;
  /** The work of beginning a piece. */
  readonly fixedWork: number;
  readonly #job: ScoringJob;
  readonly #gone: () => boolean;
  readonly #resolve: (json: readonly string[]) => void;
  readonly #reject: (error: unknown) => void;
  readonly #units: number;
  /** The answers so far, in the order of the users. */
  readonly #json: string[] = [];
  /** Units sent to the thread. */
  #sent = 0;
  /** Answers received. */
  #answered = 0;
  #settled = false;

  constructor(
    job: ScoringJob,
    { kind, units, unit, fixed }: Work,
    gone: () => boolean,
    resolve: (json: readonly string[]) => void,
    reject: (error: unknown) => void,
  ) {
    this.#job = job;
    this.kind = kind;
    this.#units = units;
    this.unitWork = unit;
    this.fixedWork = fixed;
    this.#gone = gone;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Work that is not sent yet, in products. */
  get workLeft(): number {
    const left = this.#units - this.#sent;
    return left === 0 ? 0 : left * this.unitWork + this.fixedWork;
  }

  /** Whether the thread has had a piece of it. */
  get begun(): boolean {
    return this.#sent > 0;
  }

  /** Whether the request needs no scoring any more: it is settled (deadline, failed piece), or its client has disconnected. */
  dropped(): boolean {
    if (!this.#settled && this.#gone()) this.fail(new TaurecError('client-gone'));
    return this.#settled;
  }

  /** The next piece. A job for users is cut to at most `most` users; other jobs are never cut. */
  next(most: number): Piece {
    const job = this.#job;
    const first = this.#sent;
    const end = Math.min(this.#units, first + most);
    this.#sent = end;
    return {
      // An uncut job is sent as it is, without a copy.
      job:
        job.type !== 'recommend' || end - first === job.users.length
          ? job
          : { ...job, users: job.users.slice(first, end) },
      units: end - first,
      kind: this.kind,
      work: (end - first) * this.unitWork + this.fixedWork,
      gone: this.#gone,
      fail: (error) => this.fail(error),
      settle: (json) => this.#settle(first, json),
    };
  }

  /** Rejects the request, unless it is settled. Later answers of its pieces are ignored. */
  fail(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.timer);
    this.#reject(error);
  }

  /** Stores the answers of a piece from position `first`. Resolves the request once all answers are in. */
  #settle(first: number, json: readonly string[]): void {
    if (this.#settled) return;
    json.forEach((text, t) => {
      this.#json[first + t] = text;
    });
    this.#answered += json.length;
    if (this.#answered < this.#units) return;
    this.#settled = true;
    clearTimeout(this.timer);
    this.#resolve(this.#json);
  }
}
