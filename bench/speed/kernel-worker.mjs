/** A thread that runs one kernel round after round, each round begun together with the other threads. */
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
 * @property {number} from Where this thread's part of the memory begins.
 * @property {number} seed
 * @property {number} rounds
 * @property {number} warmup
 * @property {number} calls Calls a round.
 */

/** @type {KernelJob} */
const { module, memory, gate, name, threads, from, seed, rounds, warmup, calls } = workerData;
const call = kernelCases[name].prepare(instantiate(module, memory), new Arena(memory, from, seed));
const times = [];
let result = 0;
// V8 runs a quick translation first and changes to the optimised one while a kernel is running: wait for that
const settled = performance.now() + 400;
while (performance.now() < settled) result = call();
for (let round = 0; round < warmup + rounds; round++) {
  Atomics.add(gate, 0, 1);
  while (Atomics.load(gate, 0) < (round + 1) * threads);
  const started = performance.now();
  for (let c = 0; c < calls; c++) result = call();
  const ended = performance.now();
  if (round >= warmup) times.push((ended - started) / 1000);
}
// what the kernel wrote leaves the thread, so that none of it was for nothing
parentPort?.postMessage({ times, witness: new Float32Array(memory.buffer, result, 1)[0] });
