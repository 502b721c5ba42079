import type { Csr } from '../array/csr.ts';
import type { CoOccurrence } from './co-occurrence.ts';
import type { NearestItems } from './nearest-items.ts';

/**
 * The weights of a sparse linear model, of the kind of SLIM and EASE, in place of similarities. With N the K nearest items of item i, its row s solves
 *
 *     (G_NN + r·I) s = G_Ni
 *
 * where G_jk = n_jk and G_jj = n_j. Weights may be negative. All neighbours predict the item together: two that the same users have share one weight.
 * The cost of an item is about Σ_{j∈N} n_j for the matrix, and K³/3 for each ridge.
 *
 * @param size K, at most the length of the lists
 * @param ridges r > 0, in users
 * @returns for each ridge the weights in the places of `nearest.items`; 0 from place K on
 */
export function ridgeWeights(
  together: CoOccurrence,
  nearest: NearestItems,
  size: number,
  ridges: readonly number[],
): Float32Array[] {
  const { items, counts, holders } = together;
  const weights = ridges.map(() => new Float32Array(items * nearest.size));
  const gram = new Float64Array(size * size);
  const right = new Float64Array(size);
  const work = new Float64Array(size * size);
  const members = holders.values ? new WeighedMembers(holders) : new Members(holders, size);
  for (let i = 0; i < items; i++) {
    const from = i * nearest.size;
    const k = Math.min(size, nearest.count[i]!);
    gram.fill(0);
    for (let p = 0; p < k; p++) {
      const j = nearest.items[from + p]!;
      gram[p * k + p] = counts[j]!;
      // row p of the lower triangle: what neighbour p shares with those before it
      members.join(j, p, gram, p * k);
    }
    right.fill(0);
    members.share(i, right);
    members.clear();
    ridges.forEach((ridge, at) => {
      work.set(gram);
      const solution = weights[at]!.subarray(from, from + k);
      solution.set(right.subarray(0, k));
      solveRidge(work, ridge, solution);
    });
  }
  return weights;
}

/** Which of the neighbours in work each user has, where interactions have no weights: a bit for each place. */
class Members {
  readonly #holders: Csr;
  /** Words of a user: the round that the others are of, and the bits. */
  readonly #words: number;
  /** [users × words] */
  readonly #bits: Int32Array;
  /** The round: bits of others count for nothing. */
  #round = 1;

  /** @param size the most neighbours */
  constructor(holders: Csr, size: number) {
    this.#holders = holders;
    this.#words = 1 + Math.ceil(size / 32);
    this.#bits = new Int32Array(holders.columns * this.#words);
  }

  /** Enters the users of item j as those of place p, and adds n_jq to out[at + q] for every place q that was joined before. */
  join(j: number, p: number, out: Float64Array, at: number): void {
    const { offsets, indices } = this.#holders;
    const bits = this.#bits;
    const words = this.#words;
    const round = this.#round;
    const word = 1 + (p >>> 5);
    const own = 1 << (p & 31);
    const end = offsets[j + 1]!;
    for (let e = offsets[j]!; e < end; e++) {
      const first = indices[e]! * words;
      if (bits[first] !== round) {
        bits[first] = round;
        for (let w = 1; w < words; w++) bits[first + w] = 0;
        bits[first + word] = own;
        continue;
      }
      for (let w = 1; w <= word; w++) count(bits[first + w]!, out, at + ((w - 1) << 5));
      bits[first + word]! |= own;
    }
  }

  /** Adds n_jq to out[q] for every place q that was joined. */
  share(j: number, out: Float64Array): void {
    const { offsets, indices } = this.#holders;
    const bits = this.#bits;
    const words = this.#words;
    const end = offsets[j + 1]!;
    for (let e = offsets[j]!; e < end; e++) {
      const first = indices[e]! * words;
      if (bits[first] === this.#round) for (let w = 1; w < words; w++) count(bits[first + w]!, out, (w - 1) << 5);
    }
  }

  clear(): void {
    this.#round++;
  }
}

/** Adds 1 to out[at + b] for every bit b of a word. */
function count(bits: number, out: Float64Array, at: number): void {
  for (let left = bits; left !== 0; left &= left - 1) out[at + 31 - Math.clz32(left & -left)]! += 1;
}

/** As `Members`, with weights: a linked list for each user. */
class WeighedMembers {
  readonly #holders: Csr;
  /** [users] the last entry of each; −1: none. */
  readonly #last: Int32Array;
  /** Entries: the neighbour's place, the user and the weight, and the entry before it. */
  #place = new Int32Array(1024);
  #user = new Int32Array(1024);
  #before = new Int32Array(1024);
  #weight = new Float64Array(1024);
  #count = 0;

  constructor(holders: Csr) {
    this.#holders = holders;
    this.#last = new Int32Array(holders.columns).fill(-1);
  }

  /** Enters the users of item j as those of place p, and adds n_jq to out[at + q] for every place q that was joined before. */
  join(j: number, p: number, out: Float64Array, at: number): void {
    this.share(j, out, at);
    const { offsets, indices, values } = this.#holders;
    for (let e = offsets[j]!; e < offsets[j + 1]!; e++) {
      if (this.#count === this.#place.length) this.#grow();
      const entry = this.#count++;
      const user = indices[e]!;
      this.#place[entry] = p;
      this.#user[entry] = user;
      this.#weight[entry] = values![e]!;
      this.#before[entry] = this.#last[user]!;
      this.#last[user] = entry;
    }
  }

  /** Adds n_jq to out[at + q] for every place q that was joined. */
  share(j: number, out: Float64Array, at = 0): void {
    const { offsets, indices, values } = this.#holders;
    for (let e = offsets[j]!; e < offsets[j + 1]!; e++) {
      const weight = values![e]!;
      for (let entry = this.#last[indices[e]!]!; entry >= 0; entry = this.#before[entry]!)
        out[at + this.#place[entry]!]! += weight * this.#weight[entry]!;
    }
  }

  clear(): void {
    for (let entry = 0; entry < this.#count; entry++) this.#last[this.#user[entry]!] = -1;
    this.#count = 0;
  }

  #grow(): void {
    const grown = <A extends Int32Array | Float64Array>(old: A): A => {
      const larger = new (old.constructor as new (length: number) => A)(old.length * 2);
      larger.set(old);
      return larger;
    };
    this.#place = grown(this.#place);
    this.#user = grown(this.#user);
    this.#before = grown(this.#before);
    this.#weight = grown(this.#weight);
  }
}

/**
 * Solves (A + r·I) x = b by Cholesky's factorisation, with b in `x` at first. `a` holds the lower triangle of a positive semidefinite matrix [n × n], n the length of `x`, and is overwritten.
 */
export function solveRidge(a: Float64Array, ridge: number, x: Float32Array): void {
  const n = x.length;
  const y = Float64Array.from(x);
  for (let r = 0; r < n; r++) {
    for (let c = 0; c < r; c++) {
      let sum = a[r * n + c]!;
      for (let m = 0; m < c; m++) sum -= a[r * n + m]! * a[c * n + m]!;
      a[r * n + c] = sum / a[c * n + c]!;
    }
    let pivot = a[r * n + r]! + ridge;
    let sum = y[r]!;
    for (let m = 0; m < r; m++) {
      pivot -= a[r * n + m]! * a[r * n + m]!;
      sum -= a[r * n + m]! * y[m]!;
    }
    a[r * n + r] = Math.sqrt(pivot);
    y[r] = sum / a[r * n + r]!;
  }
  for (let r = n - 1; r >= 0; r--) {
    let sum = y[r]!;
    for (let m = r + 1; m < n; m++) sum -= a[m * n + r]! * y[m]!;
    y[r] = sum / a[r * n + r]!;
  }
  x.set(y);
}
