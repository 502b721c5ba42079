import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openEngine } from '../../dist/extend.js';
import { TaurecError } from '../../dist/index.js';
import { relativeLeastSquares } from './least-squares.mjs';

/** @typedef {import('./scale-child.mjs').ScaleCase} ScaleCase */
/** @typedef {import('./scale-child.mjs').ScaleRun} ScaleRun */
/** @typedef {{ case: ScaleCase, run?: ScaleRun, failure?: string }} ScaleResult */

/** Interactions of the cases with 50 per user. The cases with 10 per user (sparseSizes) separate the cost of a row from the cost of an interaction. */
const sizes = [1e6, 2e6, 5e6, 10e6, 20e6, 50e6];
const sparseSizes = [1e6, 4e6, 10e6];
/** All cases have the same catalogue: in a larger one the rows of a batch would lie farther apart, which would measure something else. */
const items = 100_000;

/**
 * @param {import('./report.mjs').BenchOptions} options
 * @returns {Promise<import('./report.mjs').Report[]>}
 */
export async function run({ quick, seed }) {
  const results = [];
  const max = quick ? 2e6 : Infinity;
  for (const scaleCase of scaleCases({ max, seed })) results.push(await runCase(scaleCase, 600));
  return scaleReports(results);
}

/**
 * @param {{ max: number, seed: number, threads?: number, dimension?: number }} options `max`: the largest number of interactions.
 * @returns {ScaleCase[]}
 */
export function scaleCases({ max, seed, threads = Math.min(2, availableParallelism()), dimension = 64 }) {
  const cases = (/** @type {number[]} */ counts, /** @type {number} */ perUser) =>
    counts.map((interactions) => {
      const users = interactions / perUser;
      return { users, items, interactions, dimension, threads, seed };
    });
  return [...cases(sizes, 50), ...cases(sparseSizes, 10)].filter(({ interactions }) => interactions <= max);
}

/**
 * Runs one case in its own process, which is ended after `cap` seconds.
 * @param {ScaleCase} scaleCase
 * @param {number} cap
 * @returns {Promise<ScaleResult>}
 */
export async function runCase(scaleCase, cap) {
  const child = join(import.meta.dirname, 'scale-child.mjs');
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [child, JSON.stringify(scaleCase)], {
      timeout: cap * 1000,
    });
    return { case: scaleCase, run: JSON.parse(stdout) };
  } catch (error) {
    const { killed, message } = /** @type {{ killed?: boolean, message: string }} */ (error);
    return { case: scaleCase, failure: killed ? `longer than ${cap} s` : message.trim() };
  }
}

/**
 * @param {ScaleResult} result
 * @returns {import('./report.mjs').Row}
 */
export function scaleRow({ case: { interactions, users, items }, run, failure }) {
  const sizes = { 'interactions M': interactions / 1e6, 'users k': users / 1e3, 'items k': items / 1e3 };
  if (!run) return { ...sizes, failure: failure ?? '' };
  return {
    ...sizes,
    'generate s': run.generateSeconds,
    'open s': run.openSeconds,
    'epoch s': run.epochSeconds,
    'epoch ns/interaction': (1e9 * run.epochSeconds) / interactions,
    'epoch µs/user': (1e6 * run.epochSeconds) / users,
    'data MiB': run.dataBytes / 2 ** 20,
    'peak MiB': run.peakBytes / 2 ** 20,
    'peak B/interaction': run.peakBytes / interactions,
  };
}

/**
 * The cases; and, from five cases on, the cost of an interaction and of a row by a linear fit, and the largest deviation from it.
 * @param {ScaleResult[]} results
 * @returns {Promise<import('./report.mjs').Report[]>}
 */
export async function scaleReports(results) {
  const done = results.flatMap(({ case: scaleCase, run }) => (run ? [{ scaleCase, run }] : []));
  const first = results[0]?.case;
  const reports = [
    {
      title: `scale: one epoch of softmax loss, 256 users × 2048 shared negatives, d ${first?.dimension}, ${first?.threads} threads, ${done[0]?.run.build}`,
      rows: results.map(scaleRow),
      notes: [await limitNote()],
    },
  ];
  // a fit of two or three coefficients needs more cases than that to show a deviation
  if (done.length < 5) return reports;
  const inputs = done.map(({ scaleCase: { interactions, users, items } }) => ({
    interactions,
    users,
    rows: users + items,
  }));
  /** @param {string} what @param {string[]} names @param {number[][]} x @param {number[]} y @param {number[]} scales */
  const fitted = (what, names, x, y, scales) => {
    const coefficients = relativeLeastSquares(x, y);
    const misses = x.map((values, e) => values.reduce((sum, value, j) => sum + value * coefficients[j], 0) / y[e] - 1);
    return {
      what,
      fit: names.map((name, j) => `${(coefficients[j] * scales[j]).toPrecision(3)} ${name}`).join(' + '),
      'farthest case %': 100 * Math.max(...misses.map(Math.abs)),
    };
  };
  const rows = [
    fitted(
      'epoch',
      ['ns per interaction', 'µs per user'],
      inputs.map(({ interactions, users }) => [interactions, users]),
      done.map(({ run }) => run.epochSeconds),
      [1e9, 1e6],
    ),
    fitted(
      'peak memory',
      ['B per interaction', 'B per row (user or item)', 'MiB'],
      inputs.map(({ interactions, rows }) => [interactions, rows, 1]),
      done.map(({ run }) => run.peakBytes),
      [1, 1, 2 ** -20],
    ),
  ];
  return [...reports, { title: 'scale: linear fit over all cases', rows }];
}

/** Opens an engine for a plan that does not fit 4 GiB, and reports the error. */
async function limitNote() {
  const started = performance.now();
  const plan = { users: 10_000_000, items: 10_000_000, dimension: 64, score: /** @type {const} */ ('cosine') };
  try {
    await (await openEngine(plan)).close();
    return 'An engine of 20 million rows × d 64 opened: the 4 GiB limit did not hold.';
  } catch (error) {
    if (!(error instanceof TaurecError)) throw error;
    const { code, message } = error;
    return `Beyond 4 GiB: ${code} after ${(performance.now() - started).toFixed(1)} ms: ${message}`;
  }
}
