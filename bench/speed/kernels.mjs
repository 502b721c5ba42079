import { availableParallelism } from 'node:os';
import { kernelCases, productCases } from './kernel-cases.mjs';
import { multiplyAddLimit } from './limit.mjs';
import { measureKernel, runnableBuilds } from './measure-kernel.mjs';

const limitNotes = [
  'limit: 128-bit multiply-adds whose operands stay in registers, on one thread, best round. share of limit: best / limit; the goal is 0.7 at least.',
];

/**
 * Each kernel alone, with each build, on one thread and on two threads at once; for the products also the limit of the machine, measured right before, and their share of it.
 * @param {import('./report.mjs').BenchOptions} options
 * @returns {Promise<import('./report.mjs').Report[]>}
 */
export async function run({ quick, seed }) {
  const builds = await runnableBuilds();
  const effort = quick ? { rounds: 5, warmup: 2 } : { rounds: 40, warmup: 5 };
  /** @type {{ flop: import('./report.mjs').Row[], element: import('./report.mjs').Row[] }} */
  const rows = { flop: [], element: [] };
  for (const [name, { unit }] of Object.entries(kernelCases)) {
    for (const build of builds) {
      const limit = productCases.includes(name) ? await multiplyAddLimit(build, effort.rounds) : undefined;
      const one = await measureKernel(name, { build, threads: 1, seed, ...effort });
      const two = await measureKernel(name, { build, threads: 2, seed, ...effort });
      const shown = (/** @type {number} */ rate) => (unit === 'flop' ? rate / 1e9 : 1e9 / rate);
      rows[unit].push({
        kernel: name,
        build,
        '1 thread': shown(one.median),
        best: shown(one.best),
        '2 threads': shown(two.median),
        'best of 2': shown(two.best),
        gain: `${(two.median / one.median).toFixed(2)}×`,
        ...(limit && { limit: shown(limit.best), 'share of limit': one.best / limit.best }),
      });
    }
  }
  const few = availableParallelism() < 2 ? ['This machine has one core: two threads share it.'] : [];
  return [
    {
      title: 'kernels, GFLOP/s, by the median round and the best (threads together)',
      rows: rows.flop,
      notes: [...limitNotes, ...few],
    },
    {
      title: 'kernels, ns per element, by the median round and the best (threads together)',
      rows: rows.element,
      notes: few,
    },
  ];
}
