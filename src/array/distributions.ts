/** Distribution functions: Student's t, and the normal distribution with its inverse. No table and no dependency. */

/**
 * The two-sided p value of Student's t: the probability of a value at least as far from 0 as `t`.
 *
 * P = I_x(ν/2, 1/2) with x = ν/(ν + t²), the regularised incomplete beta function. Accurate to 1e-10 for any ν ≥ 1, even with millions of users.
 */
export function studentTails(t: number, degreesOfFreedom: number): number {
  if (t === 0) return 1;
  const a = degreesOfFreedom / 2;
  const ratio = (t / degreesOfFreedom) * t;
  // x and y = 1 − x, each computed directly: a difference of nearly equal numbers would lose digits.
  const x = 1 / (1 + ratio);
  const y = 1 / (1 + 1 / ratio);
  // x^a (1 − x)^½ / B(a, ½), with B(a, ½) = Γ(a)·√π / Γ(a + ½).
  const front = (Math.exp(-a * Math.log1p(ratio)) * Math.sqrt(y) * gammaRatio(a)) / Math.sqrt(Math.PI);
  // The fraction converges quickly below the mean of Beta(a, ½); above it, the fraction of the complement does.
  if (x < (a + 1) / (a + 2.5)) return (front * betaFraction(x, a, 0.5)) / a;
  return 1 - (front * betaFraction(y, 0.5, a)) / 0.5;
}

/** Γ(a + ½)/Γ(a): an asymptotic series for a ≥ 20, the recurrence below. It subtracts no large logarithms, so no digits are lost. */
function gammaRatio(a: number): number {
  let factor = 1;
  let b = a;
  for (; b < 20; b++) factor *= b / (b + 0.5);
  const r = 1 / (b * b);
  const log = (-1 / 8 + r * (1 / 192 + r * (-1 / 640 + r * (17 / 14336 - (r * 31) / 18432)))) / b;
  return factor * Math.sqrt(b) * Math.exp(log);
}

/** The continued fraction of the incomplete beta function, by Lentz's method; about √max(a, b) terms. Source: Press et al., Numerical Recipes, 6.4. */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  // Lentz's method divides by partial results, so an exact 0 is replaced.
  const away = (value: number) => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let sum = d;
  for (let m = 1; m < 1e6; m++) {
    let step = 1;
    // The even and the odd coefficient of term m.
    for (const term of [
      (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)),
      (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)),
    ]) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      step = d * c;
      sum *= step;
    }
    if (Math.abs(step - 1) < 1e-15) break;
  }
  return sum;
}

/** Φ(z), the distribution function of the standard normal distribution. */
export function normalCdf(z: number): number {
  return 0.5 * (1 + erf(z / Math.SQRT2));
}

/** Φ⁻¹(p): a rational start and two steps of Halley's method. Outside (0, 1) it returns ±141, further out than any double can tell from 0 or 1. */
export function normalQuantile(p: number): number {
  const twice = 2 * p;
  if (twice <= 0 || twice >= 2) return Math.sign(twice - 1) * 100 * Math.SQRT2;
  // By symmetry only the smaller tail is inverted: erfc(x) = tail.
  const tail = twice < 1 ? twice : 2 - twice;
  const t = Math.sqrt(-2 * Math.log(tail / 2));
  let x = -Math.SQRT1_2 * ((2.30753 + t * 0.27061) / (1 + t * (0.99229 + t * 0.04481)) - t);
  for (let step = 0; step < 2; step++) {
    const excess = 1 - erf(x) - tail;
    x += excess / ((2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) - x * excess);
  }
  return Math.SQRT2 * (twice < 1 ? -x : x);
}

/** Chebyshev coefficients of erfc, accurate to 1.2e-16. Source: Press et al., Numerical Recipes, 6.2. */
const chebyshev = [
  -1.3026537197817094, 0.6419697923564902, 0.019476473204185836, -0.00956151478680863, -9.46595344482036e-4,
  3.66839497852761e-4, 4.2523324806907e-5, -2.0278578112534e-5, -1.624290004647e-6, 1.30365583558e-6, 1.5626441722e-8,
  -8.5238095915e-8, 6.529054439e-9, 5.059343495e-9, -9.91364156e-10, -2.27365122e-10, 9.6467911e-11, 2.394038e-12,
  -6.886027e-12, 8.94487e-13, 3.13092e-13, -1.12708e-13, 3.81e-16, 7.106e-15, -1.523e-15, -9.4e-17, 1.21e-16, -2.8e-17,
];

/** erf(x), by Clenshaw's recurrence on the coefficients. */
function erf(x: number): number {
  const size = Math.abs(x);
  const t = 2 / (2 + size);
  const s = 4 * t - 2;
  let d = 0;
  let before = 0;
  for (let j = chebyshev.length - 1; j > 0; j--) [d, before] = [s * d - before + chebyshev[j]!, d];
  const rest = t * Math.exp(-size * size + 0.5 * (chebyshev[0]! + s * d) - before);
  return x < 0 ? rest - 1 : 1 - rest;
}
