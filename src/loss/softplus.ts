/** softplus(x) = log(1 + exp(x)). The exponent is never positive, so nothing overflows. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** sigmoid(x) = 1 / (1 + exp(−x)), the derivative of softplus, without overflow. */
export function sigmoid(x: number): number {
  const e = Math.exp(-Math.abs(x));
  return x >= 0 ? 1 / (1 + e) : e / (1 + e);
}

/** softplus(−x), the positive side of a log loss. */
export const negatedSoftplus = (x: number): number => softplus(-x);
/** −σ(−x), its derivative. */
export const negatedSigmoid = (x: number): number => -sigmoid(-x);
