/**
 * Lambert's function W0, the solution w ≥ −1 of w · e^w = x.
 *
 * Halley's iteration from a start within 30% of the solution: three to five steps reach double precision. Next to −1/e the equation itself is ill-conditioned, and so is the
 * last half of the digits. Source: Corless et al., "On the Lambert W function", Advances in Computational Mathematics 5, 1996.
 * @param x at least −1/e; below it, where there is no solution, the value is −1
 */
export function lambertW0(x: number): number {
  // Distance from the branch point, where w = −1 + p − p²/3 + …
  const p = Math.sqrt(Math.max(0, 2 * (Math.E * x + 1)));
  if (p < 1e-7) return -1 + p;
  let w = x < 0 ? -1 + p - (p * p) / 3 : x < 3 ? Math.log1p(x) : Math.log(x) - Math.log(Math.log(x));
  for (let step = 0; step < 20; step++) {
    const e = Math.exp(w);
    const excess = w * e - x;
    const change = excess / (e * (w + 1) - ((w + 2) * excess) / (2 * w + 2));
    w -= change;
    if (!(Math.abs(change) > 1e-15 * Math.abs(w))) break;
  }
  return w;
}
