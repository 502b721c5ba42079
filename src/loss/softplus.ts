/** softplus(x) = log(1 + exp(x)), without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** sigmoid(x) = 1 / (1 + exp(−x)), the derivative of softplus. */
export function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/** softplus(−x) and its derivative: the positives' side of a log-loss. */
export const negatedSoftplus = (x: number): number => softplus(-x);
export const negatedSigmoid = (x: number): number => -sigmoid(-x);
