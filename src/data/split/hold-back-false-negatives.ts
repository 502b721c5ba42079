import { type Csr, csrDegree, csrEntryRows, csrFromEntries } from '../../array/csr.ts';
import { sharedFloat32 } from '../../array/shared.ts';
import { TaurecError } from '../../errors.ts';
import { holdRandom } from './hold-random.ts';

/** Training data with false negatives: the remaining positives, and weights for the held-back ones. */
export interface FalseNegatives {
  /** The positives that stay, users × items. */
  readonly train: Csr;
  /** The held-back positives with their weights as negatives, users × items. */
  readonly negativeWeights: Csr;
}

/**
 * Makes false negatives: holds back about `share` of each user's training positives (at least one stays), so that a negative is one of them with probability p.
 * Of N items a user keeps |P| positives, which stay masked, and m are held back. Each held-back item has the weight
 *
 *     w = p / (1 − p) · (N − |P| − m) / m
 *
 * among the user's negatives, so that under a uniform pool the held-back items have the fraction m·w / (m·w + N − |P| − m) = p of the expected weight. With p = 0
 * they are never negatives, as if training knew and masked them. (Plain uniform sampling, w = 1, corresponds to p = m / (N − |P|).) A user without held-back items
 * has no false negatives. Protocol: the false-negative experiments of the DSL paper (Sahyouni et al., arXiv 2602.07206), as this project reads it.
 *
 * @param train users × items
 * @param share fraction of the positives to hold back, 0 < share < 1
 * @param p probability that a negative is false, 0 ≤ p < 1
 * @throws TaurecError `bad-option`
 */
export function holdBackFalseNegatives(train: Csr, share: number, p: number, seed: number): FalseNegatives {
  if (!(share > 0 && share < 1)) fail('false-negative share', share, 'a number between 0 and 1, both excluded');
  if (!(p >= 0 && p < 1)) fail('false-negative probability', p, 'a number ≥ 0 and < 1');
  const users = csrEntryRows(train);
  const held = holdRandom(users, share, seed, 'false-negatives');
  const part = (wanted: 0 | 1) => {
    const chosen = (_: number, e: number) => held[e] === wanted;
    const values = train.values?.filter(chosen);
    return csrFromEntries(train.rows, train.columns, users.filter(chosen), train.indices.filter(chosen), values);
  };
  const heldBack = part(1);
  const values = sharedFloat32(heldBack.indices.length);
  csrEntryRows(heldBack).forEach((u, e) => {
    // The row of `train` has |P| + m entries, so columns − degree is N − |P| − m.
    values[e] = ((p / (1 - p)) * (train.columns - csrDegree(train, u))) / csrDegree(heldBack, u);
  });
  return { train: part(0), negativeWeights: { ...heldBack, values } };
}

function fail(option: string, got: number, expected: string): never {
  throw new TaurecError('bad-option', { option, got, expected });
}
