import { TaurecError } from '../errors.ts';
import type { ScoringJob } from './scoring-protocol.ts';

/** Target for the longest batch, in seconds: about the longest that a request waits for another client's long request. */
const TARGET = 0.02;
/** Fewest and most units in a batch. The engine multiplies 24 users at a time: fewer waste it. */
const FEWEST = 24;
const MOST = 512;
/** What folding in, a neighbourhood, or a thousand scores cost, in users ranked. Rough: batches only need to be of one order. */
const DEAR = 8;
/** Units that may wait for each request that may. */
const UNITS_A_REQUEST = 16;

/** A part of a waiting request, as it is sent to the scoring thread. */
export interface Piece {
  readonly job: ScoringJob;
  readonly units: number;
  settle(json: readonly string[]): void;
  fail(error: unknown): void;
}

/** The requests that wait for a scoring thread, in order; long ones are handed out a piece at a time, short ones in between. */
export class ScoringQueue {
  readonly #limit: number;
  #requests: WaitingRequest[] = [];
  #units = 0;
  #secondsAUnit = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#requests.length;
  }

  /** Puts a request at the end; rejects it with `overloaded` (and returns nothing) where too much waits. */
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
    if (this.#requests.length > 0 && this.#units + request.unitsLeft > UNITS_A_REQUEST * limit) {
      reject(new TaurecError('overloaded', { got: `${this.#units} lists`, limit: UNITS_A_REQUEST * limit }));
      return undefined;
    }
    this.#units += request.unitsLeft;
    this.#requests.push(request);
    return request;
  }

  /** The pieces of the next batch, taken out of the queue. */
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
      const before = request.unitsLeft;
      const piece = request.next(Math.max(1, Math.min(budget - taken, Math.ceil(budget / 2))));
      pieces.push(piece);
      taken += piece.units;
      this.#units -= before - request.unitsLeft;
      if (request.unitsLeft > 0) long.push(request);
    }
    this.#requests = [...this.#requests.slice(at), ...long];
    return pieces;
  }

  /** Learns from a batch how long a unit takes. */
  learn(pieces: readonly Piece[], seconds: number): void {
    const each =
      seconds /
      Math.max(
        1,
        pieces.reduce((sum, { units }) => sum + units, 0),
      );
    this.#secondsAUnit = this.#secondsAUnit === 0 ? each : 0.8 * this.#secondsAUnit + 0.2 * each;
  }

  failAll(error: unknown): void {
    for (const request of this.#requests) request.fail(error);
    this.#requests = [];
    this.#units = 0;
  }

  #budget(): number {
    const units = this.#secondsAUnit > 0 ? TARGET / this.#secondsAUnit : FEWEST;
    return Math.max(FEWEST, Math.min(MOST, Math.floor(units)));
  }
}

/** A request that has not been sent whole, or not been answered. */
export class WaitingRequest {
  timer?: NodeJS.Timeout;
  readonly #job: ScoringJob;
  readonly #gone: () => boolean;
  readonly #resolve: (json: readonly string[]) => void;
  readonly #reject: (error: unknown) => void;
  readonly #json: string[] = [];
  #sent = 0;
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

  get unitsLeft(): number {
    const job = this.#job;
    if (job.type === 'recommend') return job.users.length - this.#sent;
    if (this.#sent > 0) return 0;
    return job.type === 'score' ? Math.ceil((job.pairs.length * DEAR) / 1000) : DEAR;
  }

  /** Whether all clients that wait for the answer have gone. */
  dropped(): boolean {
    if (!this.#settled && this.#gone()) this.fail(new TaurecError('client-gone'));
    return this.#settled;
  }

  /** The next piece, of at most `most` units where it can be cut. */
  next(most: number): Piece {
    const job = this.#job;
    const first = this.#sent;
    const fail = (error: unknown) => this.fail(error);
    if (job.type !== 'recommend' || job.users.length - first <= most) {
      const units = this.unitsLeft;
      const whole = job.type !== 'recommend' || first === 0;
      this.#sent = job.type === 'recommend' ? job.users.length : 1;
      const rest = whole ? job : part(job, first, job.users.length);
      return { job: rest, units, fail, settle: (json) => this.#settle(first, json) };
    }
    this.#sent = first + most;
    return { job: part(job, first, first + most), units: most, fail, settle: (json) => this.#settle(first, json) };
  }

  fail(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.timer);
    this.#reject(error);
  }

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

function part<J extends { users: readonly string[]; feedback: readonly unknown[] }>(
  job: J,
  first: number,
  end: number,
): J {
  return { ...job, users: job.users.slice(first, end), feedback: job.feedback.slice(first, end) };
}
