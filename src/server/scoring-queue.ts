import { TaurecError } from '../errors.ts';
import { type ModelSizes, type Work, type WorkKind, workOf } from './request-cost.ts';
import type { Lane, ScoringJob } from './scoring-protocol.ts';

/** Target duration of a batch of light requests, in milliseconds. A list waits about this long for the lists of other clients. */
const TARGET_MS = 15;
/** Minimum and maximum units of a batch of light requests. The engine multiplies 24 users at a time, so a smaller batch would waste part of a block. */
const FEWEST = 24;
const MOST = 512;
/** Requests up to this cost are light, and those up to this multiple of the cost of an ordinary list. */
const LIGHT_MS = 2;
const LIGHT_LISTS = 3;
/** Longest piece of a dear request that the thread does in one go, in milliseconds, and pieces of different requests in a batch. */
const PIECE_MS = 4;
const DEAR_PIECES = 4;
/** The part of the deadline that the requests of a lane may take together; more are refused. The rest is for the other lane, and for errors of the estimates. */
const SHARE = 0.8;
/** A dear request goes behind others that cost less, as if it had arrived later by this multiple of its cost. */
const LATER = 10;
/** Estimates for a product before the first measurement, in milliseconds. */
const FIRST_MS: Readonly<Record<WorkKind, number>> = {
  rank: 3e-7,
  're-rank': 1e-6,
  'fold-in': 3e-7,
  similar: 1e-6,
  score: 1e-6,
};
/** Weight of a new measurement, and the largest factor by which one may raise an estimate: a pause of the machine says nothing about the work. */
const NEW = 0.2;
const RAISE = 4;

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
}

/** A lane: its requests in order, and their estimated time. */
interface Waiting {
  requests: WaitingRequest[];
}

/**
 * The requests that wait for a scoring thread, by cost. Light ones (an ordinary list, similar items, a few scores) wait in one lane, first come, first served. Dear ones (many lists, re-ranked long lists, fold-ins)
 * wait in another, cheap before expensive; the thread does them in pieces between the batches of the first. Costs are counted in products (`workOf`) and turned into milliseconds by
 * the measured time of a product. A lane that holds four fifths of the deadline's worth of work refuses more.
 */
export class ScoringQueue {
  readonly #options: QueueOptions;
  readonly #lanes: Record<Lane, Waiting> = { light: { requests: [] }, dear: { requests: [] } };
  /** Milliseconds of a product by kind; absent before the first measurement. */
  readonly #speeds = new Map<WorkKind, number>();
  /** The order of arrival of dear requests, in milliseconds of work. */
  #clock = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  /** Number of waiting requests. */
  get length(): number {
    return this.#lanes.light.requests.length + this.#lanes.dear.requests.length;
  }

  /** Estimated milliseconds of the requests waiting in a lane. */
  waitingMs(lane: Lane): number {
    return this.#lanes[lane].requests.reduce((sum, request) => sum + this.#ms(request.kind, request.workLeft), 0);
  }

  /** Appends a request. If too much is waiting, rejects it with `overloaded` and returns undefined. */
  add(
    job: ScoringJob,
    gone: () => boolean,
    resolve: (json: readonly string[]) => void,
    reject: (error: unknown) => void,
  ): WaitingRequest | undefined {
    const work = workOf(job, this.#options.sizes);
    return this.#add(new WaitingRequest(job, work, gone, resolve, reject), this.#laneOf(work));
  }

  /** Puts a piece that the thread found dear, a fold-in by feedback, into the dear lane. */
  defer(piece: Piece): void {
    const { sizes } = this.#options;
    const { unit } = workOf({ type: 'for-items', items: [''], request: { k: 10 } }, sizes);
    const work: Work = { kind: 'fold-in', units: piece.units, unit, fixed: 0 };
    const settle = (json: readonly string[]) => piece.settle(json);
    this.#add(new WaitingRequest(piece.job, work, piece.gone, settle, (error) => piece.fail(error)), 'dear');
  }

  /** Takes the pieces of the next batch of a lane out of the queue. */
  take(lane: Lane): Piece[] {
    return lane === 'light' ? this.#takeLight() : this.#takeDear();
  }

  /** Updates the time of a product from a finished batch: an exponential moving average, by each kind's part of the batch. */
  learn(pieces: readonly Piece[], seconds: number): void {
    const expected = new Map<WorkKind, number>();
    let total = 0;
    for (const { kind, work } of pieces) {
      const ms = this.#ms(kind, work);
      expected.set(kind, (expected.get(kind) ?? 0) + ms);
      total += ms;
    }
    if (!(total > 0)) return;
    const ratio = Math.min(RAISE, (1000 * seconds) / total);
    for (const [kind, ms] of expected) {
      const part = ms / total;
      // The first measurement replaces the guess.
      const weight = this.#speeds.has(kind) ? NEW * part : part;
      this.#speeds.set(kind, this.#speed(kind) * (1 + weight * (ratio - 1)));
    }
  }

  /** Fails all waiting requests and empties the queue. */
  failAll(error: unknown): void {
    for (const lane of Object.values(this.#lanes)) {
      for (const request of lane.requests) request.fail(error);
      lane.requests = [];
    }
  }

  #speed(kind: WorkKind): number {
    return this.#speeds.get(kind) ?? FIRST_MS[kind];
  }

  #ms(kind: WorkKind, work: number): number {
    return this.#speed(kind) * work;
  }

  /** Fold-ins are always dear: many of them, each of a millisecond, would fill the light lane. */
  #laneOf({ kind, units, unit, fixed }: Work): Lane {
    if (kind === 'fold-in') return 'dear';
    const { items, dimension } = this.#options.sizes;
    const ordinary = this.#ms('rank', items * dimension);
    return this.#ms(kind, units * unit + fixed) <= Math.max(LIGHT_MS, LIGHT_LISTS * ordinary) ? 'light' : 'dear';
  }

  #add(request: WaitingRequest, lane: Lane): WaitingRequest | undefined {
    const { limit, deadline } = this.#options;
    const { requests } = this.#lanes[lane];
    const most = SHARE * 1000 * deadline;
    const ms = this.#ms(request.kind, request.workLeft);
    request.place = lane === 'light' ? Infinity : this.#clock + Math.min(LATER * ms, most);
    // Behind its equals; a light request goes last.
    const later = requests.findIndex(({ place }) => place > request.place);
    const at = later < 0 ? requests.length : later;
    let ahead = 0;
    for (let r = 0; r < at; r++) ahead += this.#ms(requests[r]!.kind, requests[r]!.workLeft);
    if (this.length >= limit) {
      request.fail(new TaurecError('overloaded', { got: `${this.length} requests`, limit }));
      return undefined;
    }
    // With nothing ahead of it, a request of any cost is accepted.
    if (ahead > 0 && ahead + ms > most) {
      const facts = { got: `Requests of ${(ahead / 1000).toFixed(1)} s`, limit: `${SHARE * deadline} s` };
      request.fail(new TaurecError('overloaded', { ...facts, retryAfter: Math.min(60, Math.ceil(ahead / 1000)) }));
      return undefined;
    }
    requests.splice(at, 0, request);
    return request;
  }

  #takeLight(): Piece[] {
    const lane = this.#lanes.light;
    const pieces: Piece[] = [];
    let units = 0;
    let ms = 0;
    let at = 0;
    const long: WaitingRequest[] = [];
    while (at < lane.requests.length && units < MOST && (units < FEWEST || ms < TARGET_MS)) {
      const request = lane.requests[at++]!;
      if (request.dropped()) continue;
      const piece = request.next(MOST - units);
      pieces.push(piece);
      units += piece.units;
      ms += this.#ms(piece.kind, piece.work);
      if (request.workLeft > 0) long.push(request);
    }
    lane.requests = [...lane.requests.slice(at), ...long];
    return pieces;
  }

  /** One piece of each of the first requests: a short request overtakes the rest of a long one. */
  #takeDear(): Piece[] {
    const lane = this.#lanes.dear;
    const pieces: Piece[] = [];
    const rest: WaitingRequest[] = [];
    for (const request of lane.requests) {
      if (request.dropped()) continue;
      if (pieces.length < DEAR_PIECES) {
        const unit = this.#ms(request.kind, request.unitWork);
        // A piece does at least as much as it costs to begin it.
        const most = Math.max(PIECE_MS, this.#ms(request.kind, request.fixedWork));
        const piece = request.next(Math.max(1, Math.min(MOST, Math.floor(most / unit))));
        pieces.push(piece);
        this.#clock += this.#ms(piece.kind, piece.work);
      }
      if (request.workLeft > 0) rest.push(request);
    }
    lane.requests = rest;
    return pieces;
  }
}

/** A request in the queue or in the thread, until it is answered. It collects the answers to its pieces. */
export class WaitingRequest {
  /** Fails the request at its deadline. */
  timer?: NodeJS.Timeout;
  /** The position of a dear request: its arrival, later by its cost. */
  place = 0;
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
