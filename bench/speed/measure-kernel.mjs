import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import { kernelCases } from './kernel-cases.mjs';
import { median, minimum, sink } from './timing.mjs';

/** @typedef {'simd' | 'simd-fma'} Build */

/** Bytes of one thread's part of the memory. */
const share = 64 * 2 ** 20;

/** The builds that this machine can run. @returns {Promise<Build[]>} */
export async function runnableBuilds() {
  return WebAssembly.validate(await kernelBytes('simd-fma')) ? ['simd', 'simd-fma'] : ['simd'];
}

/**
 * Runs a kernel on the given number of threads at once, each on its own data. Returns the best and the median round in units (flop or elements) per second, all
 * threads together. A round lasts until the slowest thread is done.
 * @param {string} name Of a kernel case.
 * @param {{ build: Build, threads: number, rounds: number, warmup: number, seed: number, secondsPerRound?: number }} options
 */
export async function measureKernel(name, { build, threads, rounds, warmup, seed, secondsPerRound = 0.01 }) {
  const module = await WebAssembly.compile(await kernelBytes(build));
  // pages of 64 KiB; one more, because the first 64 bytes stay free (address 0 means absent)
  const pages = ((threads * share) >> 16) + 1;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  // a first, short run determines how many calls make a round
  const job = { module, memory, name, seed };
  const [probe] = await runThreads({ ...job, threads: 1, rounds: 3, warmup: 2, calls: 1 });
  const calls = Math.max(1, Math.round(secondsPerRound / minimum(probe)));
  const times = await runThreads({ ...job, threads, rounds, warmup, calls });
  // a round's time is that of its slowest thread
  const slowest = times[0].map((_, round) => Math.max(...times.map((own) => own[round])));
  const work = threads * calls * kernelCases[name].work;
  return { best: work / minimum(slowest), median: work / median(slowest) };
}

/**
 * Runs a job on its number of threads, each on its own part of the memory.
 * @param {Omit<import('./kernel-worker.mjs').KernelJob, 'gate' | 'from'>} job
 * @returns {Promise<number[][]>} Seconds by thread and round.
 */
function runThreads(job) {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const threads = Array.from({ length: job.threads }, (_, thread) => {
    const workerData = { ...job, gate, from: 64 + thread * share };
    const worker = new Worker(new URL('./kernel-worker.mjs', import.meta.url), { workerData });
    return new Promise((resolve, reject) => {
      worker.once('message', ({ times, witness }) => {
        sink(witness);
        resolve(times);
      });
      worker.once('error', reject);
    });
  });
  return Promise.all(threads);
}

/** @param {Build} build */
export function kernelBytes(build) {
  return readFile(new URL(`../../dist/engine/wasm/kernels-${build === 'simd' ? 'simd' : 'fma'}.wasm`, import.meta.url));
}
