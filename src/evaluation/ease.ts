import * as z from 'zod';
import type { Csr } from '../array/csr.ts';
import { inverseWorkingBytes, invertPositiveDefinite } from '../array/symmetric-inverse.ts';
import { TaurecError } from '../errors.ts';
import { checkOptions, option, positive } from '../option.ts';
import { inSlices, type WorkOptions } from './in-slices.ts';
import { scoreRanker, type UserRanker } from './rankers.ts';

/** The declarations of the options of `easeRanker`. */
export const easeShape = {
  /** λ, the ridge: the weight of the squared weights, > 0. Default 300. */
  ridge: option(positive.default(300), {
    flag: '--ease-ridge <number>',
    help: 'L2 regularisation of EASE',
    group: 'Baselines:',
  }),
  /** GiB that the matrix and the work on it may take. Default 2, enough for 16,000 items. */
  memory: option(positive.default(2), {
    flag: '--ease-memory <GiB>',
    help: 'most memory for EASE, which takes 8 bytes × items²',
    group: 'Baselines:',
  }),
};

const schema = z.object(easeShape);

/** Options of `easeRanker`. */
export interface EaseOptions extends Readonly<z.input<typeof schema>>, WorkOptions {}

/** Bytes of a GiB. */
const GIB = 1024 ** 3;

/**
 * A ranker by EASE, a dense linear model of items by items. The score of item j is Σ_{i ∈ P_u} B_ij, where B minimises ‖X − X·B‖² + λ‖B‖² under diag B = 0:
 * B = I − P·diag(1/diag P) with P = (XᵀX + λI)⁻¹. X holds 1 for each training interaction; interaction weights are ignored.
 * Building takes items³/2 multiplications and 8 bytes × items². It yields to the event loop about every 50 ms. Source: Steck, WWW 2019.
 * @throws TaurecError `bad-option`, `baseline-memory` before any work, `aborted`
 */
export async function easeRanker(train: Csr, options: EaseOptions = {}): Promise<UserRanker> {
  const { ridge } = checkOptions(schema, options);
  const refusal = easeRefusal(train.columns, options);
  if (refusal) throw refusal;
  const n = train.columns;
  const inverse = squareMatrix(n);
  addGram(train, inverse);
  for (let i = 0; i < n; i++) inverse[i * n + i]! += ridge;
  if (!(await inSlices(invertPositiveDefinite(inverse, n), options))) {
    const expected = 'a larger number: XᵀX + ridge·I is singular in double precision';
    throw new TaurecError('bad-option', { option: 'ridge', got: ridge, expected });
  }
  // B_ij = −P_ij / P_jj for i ≠ j, and P is symmetric.
  const scale = Float64Array.from({ length: n }, (_, j) => -1 / inverse[j * n + j]!);
  for (let i = 0; i < n; i++) inverse[i * n + i] = 0;
  return scoreRanker(n, (user, scores) => {
    scores.fill(0);
    for (let e = train.offsets[user]!; e < train.offsets[user + 1]!; e++) {
      const from = train.indices[e]! * n;
      for (let j = 0; j < n; j++) scores[j]! += inverse[from + j]!;
    }
    for (let j = 0; j < n; j++) scores[j]! *= scale[j]!;
  });
}

/** The error with which EASE is refused for `items` items, with bytes, limit and remedy; undefined if its memory suffices. @throws TaurecError `bad-option` */
export function easeRefusal(items: number, options: EaseOptions = {}): TaurecError | undefined {
  const limit = checkOptions(schema, options).memory * GIB;
  const bytes = 8 * items * items + inverseWorkingBytes(items);
  return bytes > limit ? new TaurecError('baseline-memory', { baseline: 'ease', items, bytes, limit }) : undefined;
}

/** An n × n matrix of zeros. @throws TaurecError `baseline-memory` if the system refuses the memory */
function squareMatrix(n: number): Float64Array {
  try {
    return new Float64Array(n * n);
  } catch (cause) {
    throw new TaurecError('baseline-memory', { baseline: 'ease', items: n, bytes: 8 * n * n }, { cause });
  }
}

/** Adds XᵀX to the lower triangle of an n × n matrix. */
function addGram(train: Csr, matrix: Float64Array): void {
  const n = train.columns;
  for (let user = 0; user < train.rows; user++) {
    for (let e = train.offsets[user]!; e < train.offsets[user + 1]!; e++) {
      const from = train.indices[e]! * n;
      // A row is ascending, so its items up to e are those of the lower triangle.
      for (let f = train.offsets[user]!; f <= e; f++) matrix[from + train.indices[f]!]!++;
    }
  }
}
