/** A thread that runs one kernel round after round; all threads begin each round together. */
import { parentPort, workerData } from 'node:worker_threads';
import { instantiate } from '../../dist/engine/wasm/kernels.js';
import { Arena } from './arena.mjs';
import { kernelCases } from './kernel-cases.mjs';

/**
 * @typedef {object} KernelJob
 * @property {WebAssembly.Module} module
 * @property {WebAssembly.Memory} memory
 * @property {Int32Array} gate Threads that have arrived, over all rounds.
 * @property {string} name Of a kernel case.
 * @property {number} threads
 * @property {number} from First byte of this thread's part of the memory.
 * @property {number} seed
 * @property {number} rounds
 * @property {number} warmup
 * @property {number} calls Calls per round.
 */

/** @type {KernelJob} */
const { module, memory, gate, name, threads, from, seed, rounds, warmup, calls } = workerData;
const call = kernelCases[name].prepare(instantiate(module, memory), new Arena(memory, from, seed));
const times = [];
let result = 0;
// V8 first runs quickly compiled code and replaces it by optimised code while the kernel runs: wait until it has
const settled = performance.now() + 400;
while (performance.now() < settled) result = call();
for (let round = 0; round < warmup + rounds; round++) {
  // a barrier: each thread adds 1 per round and spins until all have arrived; sleeping would start the threads apart
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < (round + 1) * threads);
  const started = performance.now();
  for (let c = 0; c < calls; c++) result = call();
  const ended = performance.now();
  if (round >= warmup) times.push((ended - started) / 1000);
}
// a result leaves the thread, so that no compiler may leave out the work
parentPort?.postMessage({ times, witness: new Float32Array(memory.buffer, result, 1)[0] });
