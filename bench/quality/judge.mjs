/** Holds the runs of a recipe against its expected metrics. */

/** @typedef {import('./recipes.mjs').Recipe} Recipe */
/** @typedef {import('./run-recipe.mjs').RecipeRun} RecipeRun */

/**
 * One metric under one protocol: mean and standard deviation over the seeds.
 * @typedef {{ protocol: string, metric: string, mean: number, spread: number, expected: number, tolerance: number, passed: boolean }} Check
 */

/**
 * @param {Pick<Recipe, 'expected' | 'tolerance'>} recipe
 * @param {Pick<RecipeRun, 'metrics'>[]} runs
 * @returns {Check[]}
 */
export function judge({ expected, tolerance }, runs) {
  return Object.entries(expected).flatMap(([protocol, metrics]) =>
    Object.entries(metrics).map(([metric, target]) => {
      const values = runs.map((run) => run.metrics[/** @type {'clean' | 'irbench'} */ (protocol)]?.[metric] ?? NaN);
      const allowed = 'absolute' in tolerance ? tolerance.absolute : tolerance.relative * target;
      const passed = Math.abs(mean(values) - target) <= allowed;
      return {
        protocol,
        metric,
        mean: mean(values),
        spread: spread(values),
        expected: target,
        tolerance: allowed,
        passed,
      };
    }),
  );
}

/**
 * @param {Recipe} recipe
 * @param {Check[]} checks
 * @param {RecipeRun[]} runs
 */
export function summaryLine(recipe, checks, runs) {
  const passed = checks.every((check) => check.passed);
  const parts = checks.map((check) => {
    const { protocol, metric, expected, tolerance } = check;
    const miss = check.passed ? '' : check.mean < expected ? ' TOO LOW' : ' ABOVE WHAT IS EXPECTED';
    const range = runs.length > 1 ? ` ± ${digits(check.spread)}` : '';
    return `${protocol} ${metric} ${digits(check.mean)}${range} (expected ${digits(expected)} ± ${digits(tolerance)}${miss})`;
  });
  const seconds = mean(runs.map((run) => run.seconds.train));
  const megabytes = Math.max(...runs.map((run) => run.peakBytes)) / 2 ** 20;
  const cost = `${seconds.toFixed(1)} s to train, peak ${megabytes.toFixed(0)} MiB, ${runs.length} seed${runs.length > 1 ? 's' : ''}`;
  return [`${passed ? 'pass' : 'FAIL'}  ${recipe.name}`, ...parts, cost].join(' | ');
}

/** @param {readonly number[]} values */
export function mean(values) {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/**
 * The standard deviation of a sample; 0 for one value.
 * @param {readonly number[]} values
 */
export function spread(values) {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

/** @param {number} value */
function digits(value) {
  return value.toFixed(4).replace(/^0/, '');
}
