import { parentPort, workerData } from 'node:worker_threads';
import { loadLoss } from '../../loss/load-loss.ts';
import type { LossNeeds, LossSource } from '../../loss/loss.ts';
import type { EnginePlan } from '../engine.ts';
import { Crew } from './crew.ts';
import { threadMemory } from './memory.ts';
import { threadWork } from './wasm-engine.ts';

// The program of a helper thread: it loads the loss, reports 'ready', then serves the crew until it is dismissed.

/** The data that a helper thread is started with. */
export interface WorkerStart {
  readonly plan: EnginePlan;
  readonly needs: Required<LossNeeds>;
  readonly thread: number;
  readonly threads: number;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

const { plan, needs, thread, threads, module, memory: wasmMemory } = workerData as WorkerStart;
const memory = threadMemory(plan, threads, module, wasmMemory, needs);
const crew = new Crew(memory.control, memory.failure, threads);
let dismissed = false;
// a thread that dies before it is dismissed would leave the coordinator waiting: poison the crew so that it throws instead
process.on('exit', () => {
  if (!dismissed) crew.poison(thread, 'the thread ended before its work was done');
});
const loss = plan.training && (await loadLoss(plan.training.loss as LossSource));
const work = threadWork(memory, crew, thread, threads, loss);
parentPort!.postMessage('ready');
// blocks this thread's event loop until the crew is dismissed
crew.serve(thread, work.run);
dismissed = true;
