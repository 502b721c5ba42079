import { type Csr, csrDegree, csrEntryRows, csrFromEntries } from '../../array/csr.ts';
import { sharedFloat32 } from '../../array/shared.ts';
import { TaurecError } from '../../errors.ts';
import { holdRandom } from './hold-random.ts';

/** What to train on when some negatives are false: fewer positives, and weights for those held back. */
export interface FalseNegatives {
  readonly train: Csr;
  readonly negativeWeights: Csr;
}

/**
 * False negatives: holds back about `share` of each user's training positives, at least one stays, and lets a negative be one of them with probability p. Of N items a
 * user keeps |P| positives, which stay masked, and m are held back: each of these weighs
 *
 *     w = p / (1 − p) · (N − |P| − m) / m
 *
 * among the user's negatives, so that under a uniform pool they have the part m·w / (m·w + N − |P| − m) = p of the expected weight. p = 0: they are never negatives,
 * which a training that knows them would see to. (Where nobody looks, w = 1: p = m / (N − |P|).) A user with nothing held back has no false negatives.
 * The protocol of the false-negative experiments in the DSL paper (Sahyouni et al., arXiv 2602.07206), as this project reads it.
 *
 * @param share 0 < share < 1
 * @param p 0 ≤ p < 1
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
    values[e] = ((p / (1 - p)) * (train.columns - csrDegree(train, u))) / csrDegree(heldBack, u);
  });
  return { train: part(0), negativeWeights: { ...heldBack, values } };
}

function fail(option: string, got: number, expected: string): never {
  throw new TaurecError('bad-option', { option, got, expected });
}
