/**
 * Trains the recipes of recipes.mjs through the public library and holds their quality against what is expected.
 *
 *     npm run recipes -- [--ci] [--json] [--threads N] [--seeds N] [names…]
 *
 * One line a recipe; exit code 1 when any misses. `--seeds N`: only the first N seeds of each.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { judge, mean, summaryLine } from './judge.mjs';
import { recipes } from './recipes.mjs';

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    ci: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    threads: { type: 'string', default: '' },
    seeds: { type: 'string', default: 'all' },
  },
});
const unknown = names.filter((name) => !recipes.some((recipe) => recipe.name === name));
if (unknown.length > 0) {
  console.error(`No recipe ${unknown.join(', ')}. Recipes: ${recipes.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
const wanted = recipes.filter(({ name, ci }) => (!options.ci || ci) && (names.length === 0 || names.includes(name)));
const dataFolder = process.env.TAUREC_DATA ?? join(import.meta.dirname, '../../../shared/data');
if (!existsSync(dataFolder)) {
  console.error(`No data: ${dataFolder} does not exist. Set TAUREC_DATA to the folder that holds the data sets.`);
  process.exit(2);
}

/**
 * @typedef {object} Result
 * @property {string} name
 * @property {string} claim
 * @property {boolean} passed
 * @property {string} [failure]
 * @property {import('./judge.mjs').Check[]} checks
 * @property {import('./run-recipe.mjs').RecipeRun[]} runs
 */

/** @type {Result[]} */
const results = [];
for (const recipe of wanted) {
  const seeds = options.seeds === 'all' ? recipe.seeds : recipe.seeds.slice(0, Number(options.seeds));
  /** @type {import('./run-recipe.mjs').RecipeRun[]} */
  const runs = [];
  let failure;
  for (const seed of seeds) {
    if (process.stderr.isTTY) process.stderr.write(`${recipe.name}, seed ${seed} …\r`);
    try {
      runs.push(await runOnce(recipe.name, seed));
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
      break;
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\x1b[2K');
  const checks = failure === undefined ? judge(recipe, runs) : [];
  const passed = failure === undefined && checks.every((check) => check.passed);
  results.push({ name: recipe.name, claim: recipe.claim, passed, failure, checks, runs });
  if (!options.json) console.log(failure ? `FAIL  ${recipe.name}: ${failure}` : summaryLine(recipe, checks, runs));
}

const passed = results.filter((result) => result.passed).length;
const failed = results.length - passed;
if (options.json) console.log(JSON.stringify({ passed, failed, recipes: results.map(withMeans) }, null, 2));
else console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || results.length === 0 ? 1 : 0;

/**
 * @param {string} name
 * @param {number} seed
 * @returns {Promise<import('./run-recipe.mjs').RecipeRun>}
 */
async function runOnce(name, seed) {
  const program = join(import.meta.dirname, 'run-recipe.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, name, String(seed), options.threads]);
  return JSON.parse(stdout);
}

/** @param {Result} result */
function withMeans(result) {
  const { runs } = result;
  const seconds = runs.length > 0 ? mean(runs.map((run) => run.seconds.train)) : undefined;
  const peakBytes = runs.length > 0 ? Math.max(...runs.map((run) => run.peakBytes)) : undefined;
  return { ...result, seconds, peakBytes };
}
