import { TaurecError } from '../errors.ts';
import type { ScoringJob } from './scoring-protocol.ts';

/** Target duration of a batch, in seconds. A short request waits about this long for the long request of another client. */
const TARGET = 0.02;
/** Minimum and maximum budget of a batch, in units. The engine multiplies 24 users at a time, so a smaller batch would waste part of a block. */
const FEWEST = 24;
const MOST = 512;
/** Units of a fold-in, of a list of similar items, or of 1000 scores. A unit is the work of ranking for one user. An estimate is enough: it only has to keep batches within an order of magnitude. */
const DEAR = 8;
/** The units that may wait, as a multiple of the limit of requests: a bound for the work in the queue when requests are long. */
const UNITS_A_REQUEST = 16;

/** A waiting request, or the next part of a long one, as sent to the scoring thread. */
export interface Piece {
  readonly job: ScoringJob;
  readonly units: number;
  settle(json: readonly string[]): void;
  fail(error: unknown): void;
}

/** The requests that wait for a scoring thread, first come, first served. A long request is cut into pieces and requeued after each, so that short requests need not wait for all of it. */
export class ScoringQueue {
  readonly #limit: number;
  #requests: WaitingRequest[] = [];
  /** Units of all waiting requests. */
  #units = 0;
  /** Moving average of the time of a unit; 0 before the first batch. */
  #secondsAUnit = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Number of waiting requests. */
  get length(): number {
    return this.#requests.length;
  }

  /** Appends a request. If too much is waiting, rejects it with `overloaded` and returns undefined. */
  add(
    job: ScoringJob,
    gone: () => boolean,
    resolve: (json: readonly string[]) => void,
    reject: (error: unknown) => void,
  ): WaitingRequest | undefined {
    const limit = this.#limit;
    if (this.#requests.length >= limit) {
      reject(new TaurecError('overloaded', { got: `${this.#requests.length} requests`, limit }));
      return undefined;
    }
    const request = new WaitingRequest(job, gone, resolve, reject);
    // An empty queue accepts a request of any length.
    if (this.#requests.length > 0 && this.#units + request.unitsLeft > UNITS_A_REQUEST * limit) {
      reject(new TaurecError('overloaded', { got: `${this.#units} lists`, limit: UNITS_A_REQUEST * limit }));
      return undefined;
    }
    this.#units += request.unitsLeft;
    this.#requests.push(request);
    return request;
  }

  /** Takes the pieces of the next batch out of the queue. */
  take(): Piece[] {
    const budget = this.#budget();
    const pieces: Piece[] = [];
    const long: WaitingRequest[] = [];
    let taken = 0;
    let at = 0;
    while (at < this.#requests.length && taken < budget) {
      const request = this.#requests[at++]!;
      if (request.dropped()) {
        this.#units -= request.unitsLeft;
        continue;
      }
      // At most half the budget for one request, so that a long one leaves room for others in every batch.
      const before = request.unitsLeft;
      const piece = request.next(Math.max(1, Math.min(budget - taken, Math.ceil(budget / 2))));
      pieces.push(piece);
      taken += piece.units;
      this.#units -= before - request.unitsLeft;
      if (request.unitsLeft > 0) long.push(request);
    }
    // Requests that are not sent completely go to the end of the queue.
    this.#requests = [...this.#requests.slice(at), ...long];
    return pieces;
  }

  /** Updates the time of a unit from a finished batch: an exponential moving average with weight 0.2 for the new value. */
  learn(pieces: readonly Piece[], seconds: number): void {
    const each =
      seconds /
      Math.max(
        1,
        pieces.reduce((sum, { units }) => sum + units, 0),
      );
    this.#secondsAUnit = this.#secondsAUnit === 0 ? each : 0.8 * this.#secondsAUnit + 0.2 * each;
  }

  /** Fails all waiting requests and empties the queue. */
  failAll(error: unknown): void {
    for (const request of this.#requests) request.fail(error);
    this.#requests = [];
    this.#units = 0;
  }

  /** Units for the next batch: as many as fit into `TARGET` seconds, from `FEWEST` to `MOST`. */
  #budget(): number {
    const units = this.#secondsAUnit > 0 ? TARGET / this.#secondsAUnit : FEWEST;
    return Math.max(FEWEST, Math.min(MOST, Math.floor(units)));
  }
}

/** A request in the queue or in the thread, until it is answered. It collects the answers to its pieces. */
export class WaitingRequest {
  /** Fails the request at its deadline. */
  timer?: NodeJS.Timeout;
  readonly #job: ScoringJob;
  readonly #gone: () => boolean;
  readonly #resolve: (json: readonly string[]) => void;
  readonly #reject: (error: unknown) => void;
  /** The answers so far, in the order of the users. */
  readonly #json: string[] = [];
  /** Users sent to the thread; for other jobs 1 once the job is sent. */
  #sent = 0;
  /** Answers received. */
  #answered = 0;
  #settled = false;

  constructor(
    job: ScoringJob,
    gone: () => boolean,
    resolve: (json: readonly string[]) => void,
    reject: (error: unknown) => void,
  ) {
    this.#job = job;
    this.#gone = gone;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Units that are not sent yet. */
  get unitsLeft(): number {
    const job = this.#job;
    if (job.type === 'recommend') return job.users.length - this.#sent;
    if (this.#sent > 0) return 0;
    return job.type === 'score' ? Math.ceil((job.pairs.length * DEAR) / 1000) : DEAR;
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
    const fail = (error: unknown) => this.fail(error);
    if (job.type !== 'recommend' || job.users.length - first <= most) {
      const units = this.unitsLeft;
      // An uncut job is sent as it is, without a copy.
      const whole = job.type !== 'recommend' || first === 0;
      this.#sent = job.type === 'recommend' ? job.users.length : 1;
      const rest = whole ? job : part(job, first, job.users.length);
      return { job: rest, units, fail, settle: (json) => this.#settle(first, json) };
    }
    this.#sent = first + most;
    return { job: part(job, first, first + most), units: most, fail, settle: (json) => this.#settle(first, json) };
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
    if (this.#answered < (this.#job.type === 'recommend' ? this.#job.users.length : 1)) return;
    this.#settled = true;
    clearTimeout(this.timer);
    this.#resolve(this.#json);
  }
}

/** The job for the users from `first` to before `end`. */
function part<J extends { users: readonly string[]; feedback: readonly unknown[] }>(
  job: J,
  first: number,
  end: number,
): J {
  return { ...job, users: job.users.slice(first, end), feedback: job.feedback.slice(first, end) };
}
