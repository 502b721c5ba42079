import { notNegative, type OptionSet, option, type RawOptions } from '../option.ts';
import { lambertW0 } from './lambert-w.ts';
import type { EpochStates, Loss, RowContext, ScoreRow, StateUpdate } from './loss.ts';
import { weightedMean, weightSum } from './weighted-mean.ts';

/** The option of the losses that can have a temperature by user. */
export const userTau = option(notNegative.default(0), {
  flag: '--user-tau [number]',
  bare: 1,
  help: 'strength of a temperature by user (sl, bsl): 0 is one temperature for all, 1 as published',
});

/** @throws TaurecError `bad-option` for a temperature by user together with τ = Infinity, which no factor changes */
export function checkUserTau(options: OptionSet, given: RawOptions, strength: number, tau: number): void {
  if (strength > 0 && tau === Infinity)
    options.fail(given, 'userTau', '0 with tau "inf"', 'Leave userTau out, or use a finite tau.');
}

/** The user state: the sum of the row values L of this epoch, their number, and L_u − L̄ of the epoch before. */
const SUM = 0;
const ROWS = 1;
const EXCESS = 2;
const LENGTH = 3;

/** The largest argument of W0: it bounds τ_u to 190 τ0. */
const LARGEST = 1000;

/**
 * The factor τ_u/τ0 of a temperature of the negatives by user, a constant to the gradient (docs/losses/user-temperature.md):
 *
 *     τ_u = τ0 · exp( W0( clip( strength · (L_u − L̄)/2, −1/e, 1000 ) ) )      so τ_u ≥ τ0/e
 *     L_u = mean over the user's rows in the epoch before of E_i{−s_i} + log Σ_j w_j exp(s_j);   L̄ = mean of L_u over the users who had rows
 *
 * W0: Lambert's function; `strength` is the paper's 1/w. A user without rows in the epoch before has τ0: everybody in the first epoch, new users in an update, and fold-in.
 * Also adds L of the row to the user's next state. Rows without negatives or positives do not count.
 * Source: Chen et al., "Adap-τ: Adaptively modulating embedding magnitude for recommendation", WWW 2023.
 */
export function temperatureFactor(strength: number, row: ScoreRow, context: RowContext): number {
  const { user, userUpdate } = context.states!;
  const n = weightSum(row.negatives.length, row.negativeWeights);
  if (n > 0 && weightSum(row.positives.length, row.positiveWeights) > 0) {
    const logSum = context.logExpectationExp(row.negatives, 1, row.negativeWeights) + Math.log(n);
    userUpdate[SUM] = logSum - weightedMean(row.positives, row.positiveWeights);
    userUpdate[ROWS] = 1;
  }
  return Math.exp(lambertW0(Math.min((strength * user[EXCESS]!) / 2, LARGEST)));
}

/** The states that `temperatureFactor` needs, for a loss to take as its own. */
export const userTemperatureStates = {
  needs: { userState: LENGTH },

  updateStates({ users }: StateUpdate): void {
    for (const { state, sum } of users) {
      state[SUM]! += sum[SUM]!;
      state[ROWS]! += sum[ROWS]!;
    }
  },

  startEpoch({ users }: EpochStates): void {
    let total = 0;
    let seen = 0;
    for (let u = 0; u < users.length; u += LENGTH) {
      if (users[u + ROWS] === 0) continue;
      total += users[u + SUM]! / users[u + ROWS]!;
      seen++;
    }
    for (let u = 0; u < users.length; u += LENGTH) {
      const rows = users[u + ROWS]!;
      users[u + EXCESS] = rows === 0 ? 0 : users[u + SUM]! / rows - total / seen;
      users[u + SUM] = 0;
      users[u + ROWS] = 0;
    }
  },
} satisfies Pick<Loss, 'needs' | 'updateStates' | 'startEpoch'>;
