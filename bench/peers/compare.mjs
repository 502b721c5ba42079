/**
 * Compares the pair-batch step of taurec with PyTorch's. The programs alternate, one process each per round, so that other work on the machine affects both alike.
 * Options: --rounds (3), --steps (5, PyTorch's steps per round), --threads (2), --python (/usr/bin/python3), --keep-memory (PyTorch's allocator keeps its pages; see README.md).
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    steps: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    python: { type: 'string', default: '/usr/bin/python3' },
    'keep-memory': { type: 'boolean', default: false },
  },
});

/** @typedef {{ msMedian: number, msMin: number, msWithSamplingMedian: number, msWithSamplingMin: number }} Times */

const keepMemory = { MALLOC_MMAP_MAX_: '0', MALLOC_TRIM_THRESHOLD_: String(2 ** 34) };
const peer = join(import.meta.dirname, 'softmax_loss.py');
const sizes = ['--threads', options.threads];
const programs = {
  taurec: [process.execPath, join(import.meta.dirname, '../pair-step.mjs'), ...sizes],
  'pytorch rows': [options.python, peer, 'step', '--variant', 'rows', '--steps', options.steps, ...sizes],
  'pytorch tables': [options.python, peer, 'step', '--variant', 'tables', '--steps', options.steps, ...sizes],
};

/** @type {Map<string, Times[]>} */
const rounds = new Map(Object.keys(programs).map((name) => [name, []]));
for (let round = 0; round < Number(options.rounds); round++) {
  for (const [name, [program, ...args]] of Object.entries(programs)) {
    const env = name !== 'taurec' && options['keep-memory'] ? { ...process.env, ...keepMemory } : process.env;
    const line = execFileSync(program, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'inherit'] });
    rounds.get(name)?.push(JSON.parse(line));
  }
}

/** @param {number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
/** @param {string} name @param {keyof Times} key */
const medianOf = (name, key) => median((rounds.get(name) ?? []).map((times) => times[key]));
/** @param {string} name @param {keyof Times} key */
const minOf = (name, key) => Math.min(...(rounds.get(name) ?? []).map((times) => times[key]));

console.log('ms per step of 1024 pairs × 800 negatives (ratio to taurec), with drawing the negatives | without');
for (const name of rounds.keys()) {
  /** @param {typeof medianOf} summary @param {keyof Times} key */
  const cell = (summary, key) =>
    `${summary(name, key).toFixed(1).padStart(8)} (${(summary(name, key) / summary('taurec', key)).toFixed(1)}×)`;
  const withSampling = `median ${cell(medianOf, 'msWithSamplingMedian')}  min ${cell(minOf, 'msWithSamplingMin')}`;
  const without = `median ${cell(medianOf, 'msMedian')}  min ${cell(minOf, 'msMin')}`;
  console.log(`${name.padEnd(15)} ${withSampling} | ${without}`);
}
