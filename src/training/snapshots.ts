import { type Matrix, matrix } from '../array/matrix.ts';
import type { Engine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { unpadded } from './engine-arrays.ts';
import type { Phase } from './events.ts';

/** The final embeddings at the end of an epoch, as a copy that is the receiver's own. */
export interface Snapshot {
  readonly phase: Phase;
  /** From 1; 0 before the first epoch of a phase. */
  readonly epoch: number;
  /** [items × dimension], not normalised. */
  readonly items: Matrix;
  /** [users × dimension], if asked for. */
  readonly users?: Matrix;
}

/** What snapshots hold, and how many there are. */
export interface SnapshotOptions {
  /** Include the embeddings of the users. Default false. */
  readonly users?: boolean;
  /** Snapshots a second at most, above 0; those between are left out. The first of a phase and its last epoch's always come. Default 10. */
  readonly perSecond?: number;
}

/** @throws TaurecError `bad-option` for a rate that is not above 0 */
export function checkSnapshots({ perSecond }: SnapshotOptions = {}): void {
  if (perSecond === undefined || perSecond > 0) return;
  throw new TaurecError('bad-option', { option: 'snapshots.perSecond', got: perSecond, expected: 'a number above 0' });
}

/** Takes the snapshots of a phase. It only reads the engine, so the result is the same with and without. */
export class Camera {
  readonly #engine: Engine;
  readonly #users: boolean;
  readonly #milliseconds: number;
  readonly #send: (snapshot: Snapshot) => void;
  #last = -Infinity;

  constructor(engine: Engine, { users = false, perSecond = 10 }: SnapshotOptions, send: (snapshot: Snapshot) => void) {
    this.#engine = engine;
    this.#users = users;
    this.#milliseconds = 1000 / perSecond;
    this.#send = send;
  }

  /** The engine is settled after `epoch`; `always`: whatever the rate. */
  take(phase: Phase, epoch: number, always: boolean): void {
    const now = performance.now();
    if (!always && now - this.#last < this.#milliseconds) return;
    this.#last = now;
    const { users, items } = this.#engine.finals;
    const copy = (m: Matrix) => matrix(m.rows, m.columns, unpadded(m));
    this.#send({ phase, epoch, items: copy(items), ...(this.#users && { users: copy(users) }) });
  }
}

/** The memory of matrices that can be handed to another thread without a copy; shared memory needs no handing over. */
export function transferOf(matrices: readonly (Matrix | undefined)[]): ArrayBuffer[] {
  return matrices.flatMap((m) => (m?.data.buffer instanceof ArrayBuffer ? [m.data.buffer] : []));
}
