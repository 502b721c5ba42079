import { type Csr, csrTranspose } from '../array/csr.ts';
import { invertPositiveDefinite } from '../array/symmetric-inverse.ts';

/** A regression: rows with features, targets and weights. */
export interface Regression {
  /** [rows × features] with values. */
  readonly features: Csr;
  /** [rows × targets] by rows. */
  readonly targets: Float64Array;
  /** [rows] ω ≥ 0. */
  readonly weights: Float64Array;
}

/** The coefficients of a regression; those of all other features are 0. */
export interface Coefficients {
  /** [n] features, ascending. */
  readonly features: Int32Array;
  /** [n × targets] by rows. */
  readonly values: Float64Array;
}

/**
 * Ridge regression with weighted rows, in closed form:
 *
 *     W = argmin Σ_i ω_i ‖y_i − Wᵀx_i‖² + λ‖W‖² = (XᵀΩX + λI)⁻¹ XᵀΩY = XᵀΩ^½ (Ω^½XXᵀΩ^½ + λI)⁻¹ Ω^½Y
 *
 * by the smaller of the two matrices: the features that occur, or the rows. The inverse of n × n takes n³/2 multiplications.
 * @param lambda λ > 0
 */
export function ridge(problem: Regression, lambda: number): Coefficients {
  const features = occurring(problem.features);
  const isPrimal = features.length <= problem.features.rows;
  return { features, values: isPrimal ? primal(problem, features, lambda) : dual(problem, features, lambda) };
}

/**
 * For each λ the error of leave-one-out cross-validation, Σ_i ω_i‖e_i‖² / Σ_i ω_i, where e_i is the error of row i by the regression of all other rows. It takes one inverse for each λ and no regression without a row:
 * √ω_i·e_i = α_i / (K⁻¹)_ii with K = Ω^½XXᵀΩ^½ + λI and α = K⁻¹Ω^½Y (Allen's PRESS).
 */
export function leaveOneOutErrors(problem: Regression, lambdas: readonly number[]): number[] {
  const { weights } = problem;
  const rows = weights.length;
  const width = problem.targets.length / rows;
  const total = weights.reduce((a, b) => a + b, 0);
  const { kernel, targets } = dualForm(problem);
  return lambdas.map((lambda) => {
    const inverse = inverted(kernel.slice(), rows, lambda);
    const alpha = product(inverse, targets, rows);
    let sum = 0;
    for (let e = 0; e < alpha.length; e++) {
      const r = Math.floor(e / width);
      sum += (alpha[e]! / inverse[r * rows + r]!) ** 2;
    }
    return sum / total;
  });
}

/** The features that have an entry, ascending. */
function occurring({ columns, indices }: Csr): Int32Array {
  const occurs = new Uint8Array(columns);
  for (const feature of indices) occurs[feature] = 1;
  return Int32Array.from(occurs.keys()).filter((feature) => occurs[feature] === 1);
}

/** (XᵀΩX + λI)⁻¹ XᵀΩY over the listed features. */
function primal({ features, targets, weights }: Regression, columns: Int32Array, lambda: number): Float64Array {
  const n = columns.length;
  const width = targets.length / weights.length;
  const placeOf = new Int32Array(features.columns);
  columns.forEach((feature, at) => {
    placeOf[feature] = at;
  });
  const gram = new Float64Array(n * n);
  const right = new Float64Array(n * width);
  const { offsets, indices } = features;
  const values = features.values!;
  for (let r = 0; r < features.rows; r++) {
    for (let e = offsets[r]!; e < offsets[r + 1]!; e++) {
      const at = placeOf[indices[e]!]!;
      const value = weights[r]! * values[e]!;
      // Features ascend: the lower triangle.
      for (let f = offsets[r]!; f <= e; f++) gram[at * n + placeOf[indices[f]!]!]! += value * values[f]!;
      for (let t = 0; t < width; t++) right[at * width + t]! += value * targets[r * width + t]!;
    }
  }
  return product(inverted(gram, n, lambda), right, n);
}

/** XᵀΩ^½α of the listed features, α = (Ω^½XXᵀΩ^½ + λI)⁻¹ Ω^½Y. */
function dual(problem: Regression, columns: Int32Array, lambda: number): Float64Array {
  const { kernel, targets, byFeature } = dualForm(problem);
  const rows = problem.weights.length;
  const width = targets.length / rows;
  const alpha = product(inverted(kernel, rows, lambda), targets, rows);
  const { offsets, indices } = byFeature;
  const coefficients = new Float64Array(columns.length * width);
  columns.forEach((feature, at) => {
    for (let e = offsets[feature]!; e < offsets[feature + 1]!; e++) {
      const factor = byFeature.values![e]! * Math.sqrt(problem.weights[indices[e]!]!);
      for (let t = 0; t < width; t++) coefficients[at * width + t]! += factor * alpha[indices[e]! * width + t]!;
    }
  });
  return coefficients;
}

/** The lower triangle of Ω^½XXᵀΩ^½, Ω^½Y, and Xᵀ. */
function dualForm({ features, targets, weights }: Regression) {
  const n = features.rows;
  const roots = weights.map(Math.sqrt);
  const byFeature = csrTranspose(features);
  const { offsets, indices } = byFeature;
  const values = byFeature.values!;
  const kernel = new Float64Array(n * n);
  for (let c = 0; c < features.columns; c++) {
    for (let e = offsets[c]!; e < offsets[c + 1]!; e++) {
      const value = values[e]! * roots[indices[e]!]!;
      // Rows ascend: the lower triangle.
      for (let f = offsets[c]!; f <= e; f++)
        kernel[indices[e]! * n + indices[f]!]! += value * values[f]! * roots[indices[f]!]!;
    }
  }
  const width = targets.length / Math.max(1, n);
  return { kernel, targets: targets.map((y, e) => y * roots[Math.floor(e / width)]!), byFeature };
}

/** (A + λI)⁻¹ in place of A, a positive semidefinite matrix given by its lower triangle. */
function inverted(a: Float64Array, n: number, lambda: number): Float64Array {
  for (let i = 0; i < n; i++) a[i * n + i]! += lambda;
  const steps = invertPositiveDefinite(a, n);
  while (!steps.next().done);
  return a;
}

/** A·B: [n × n] by [n × width]. */
function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const width = b.length / Math.max(1, n);
  const out = new Float64Array(b.length);
  for (let i = 0; i < n; i++) {
    const end = (i + 1) * width;
    for (let j = 0, from = 0; j < n; j++) {
      const factor = a[i * n + j]!;
      for (let at = i * width; at < end; at++) out[at]! += factor * b[from++]!;
    }
  }
  return out;
}
