import { parentPort, workerData } from 'node:worker_threads';
import { loadLoss } from '../../loss/load-loss.ts';
import type { LossNeeds, LossSource } from '../../loss/loss.ts';
import type { EnginePlan } from '../engine.ts';
import { Crew } from './crew.ts';
import { threadMemory } from './memory.ts';
import { threadWork } from './wasm-engine.ts';

/** What a helper thread is started with. */
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
process.on('exit', () => {
  if (!dismissed) crew.poison(thread, 'the thread ended before its work was done');
});
const loss = plan.training && (await loadLoss(plan.training.loss as LossSource));
const work = threadWork(memory, crew, thread, threads, loss);
parentPort!.postMessage('ready');
crew.serve(thread, work.run);
dismissed = true;
