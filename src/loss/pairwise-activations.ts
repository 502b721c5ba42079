/** log σ of an activation σ ≥ 0 and its derivative σ'/σ. σ increases, with σ(0) = 1. */
export interface LogActivation {
  /** log σ(d) */
  value(d: number): number;
  /** σ'(d)/σ(d) */
  slope(d: number): number;
}

/** Lower bound of σ. Below it the derivative is 0; the bound keeps the logarithm finite. */
const LEAST_ACTIVATION = 1e-6;

/** The activations of the pairwise softmax loss by name. */
export const pairwiseActivations = {
  /** σ(d) = tanh d + 1 = 2/(1 + e^−2d); positive everywhere, so it needs no lower bound. */
  tanh: {
    value: (d) => Math.LN2 - Math.log1p(Math.exp(-2 * d)),
    slope: (d) => 2 / (1 + Math.exp(2 * d)),
  },
  /** σ(d) = max(d + 1, 0) */
  relu: {
    value: (d) => Math.log(Math.max(d + 1, LEAST_ACTIVATION)),
    slope: (d) => (d + 1 > LEAST_ACTIVATION ? 1 / (d + 1) : 0),
  },
  /** σ(d) = atan d + 1 */
  atan: {
    value: (d) => Math.log(Math.max(Math.atan(d) + 1, LEAST_ACTIVATION)),
    slope: (d) => {
      const sigma = Math.atan(d) + 1;
      return sigma > LEAST_ACTIVATION ? 1 / (sigma * (1 + d * d)) : 0;
    },
  },
} satisfies Record<string, LogActivation>;

/** The name of an activation. */
export type PairwiseActivation = keyof typeof pairwiseActivations;

/** The names of the activations. */
export const activationNames = Object.keys(pairwiseActivations) as [PairwiseActivation, ...PairwiseActivation[]];
