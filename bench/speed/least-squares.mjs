/**
 * The coefficients c that minimise Σ (1 − x·c / y)²: least squares of relative errors, so that small cases count as much as large ones. Solves the normal equations by elimination with pivoting.
 * @param {readonly (readonly number[])[]} inputs One row of numbers per case.
 * @param {readonly number[]} targets
 */
export function relativeLeastSquares(inputs, targets) {
  const size = inputs[0].length;
  // inputs may differ by ten orders of magnitude; in units of their largest values the system is well conditioned
  const units = inputs[0].map((_, j) => Math.max(...inputs.map((x) => Math.abs(x[j]))));
  const rows = inputs.map((x, e) => x.map((value, j) => value / units[j] / targets[e]));
  const system = units.map((_, i) => [
    ...units.map((_, j) => rows.reduce((sum, x) => sum + x[i] * x[j], 0)),
    rows.reduce((sum, x) => sum + x[i], 0),
  ]);
  for (let pivot = 0; pivot < size; pivot++) {
    const best = system
      .slice(pivot)
      .reduce((at, row, k) => (Math.abs(row[pivot]) > Math.abs(system[at][pivot]) ? pivot + k : at), pivot);
    [system[pivot], system[best]] = [system[best], system[pivot]];
    for (let i = 0; i < size; i++) {
      if (i === pivot) continue;
      const factor = system[i][pivot] / system[pivot][pivot];
      for (let j = pivot; j <= size; j++) system[i][j] -= factor * system[pivot][j];
    }
  }
  return system.map((row, i) => row[size] / row[i] / units[i]);
}
