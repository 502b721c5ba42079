import { readFile } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { AnyMatrix } from '../../array/half-matrix.ts';
import type { Matrix } from '../../array/matrix.ts';
import { TaurecError } from '../../errors.ts';
import { threadProgram } from '../../platform/thread-program.ts';
import type { EnginePlan } from '../engine.ts';
import type { Crew } from './crew.ts';
import type { MemberStart } from './crew-member.ts';
import { prepareEngine, type WantedBuild } from './prepare-engine.ts';
import { WasmEngine } from './wasm-engine.ts';

export { enableFusedMultiplyAdd } from '../fused-multiply-add.ts';

/**
 * Opens the WebAssembly engine: sizes the memory from the plan, compiles the kernels once (with fused multiply-add if the machine supports it) and starts the helper
 * threads. Takes over `users` as `EngineOptions` says. A loss that is given as an object cannot be sent to other threads: such an engine has one thread, the caller's.
 *
 * @throws TaurecError `bad-option`, `unknown-name`, `loss-module`; `memory-limit`, `memory-short`, `memory-refused` before anything starts; `engine-thread` when a helper thread cannot start
 */
export async function openWasmEngine<M extends AnyMatrix = Matrix>(
  plan: EnginePlan,
  wantedThreads: number,
  build: WantedBuild = 'auto',
  users?: Float32Array | Uint16Array,
): Promise<WasmEngine<M>> {
  const readKernels = (name: string) => readFile(new URL(`./kernels-${name}.wasm`, import.meta.url));
  // the limit of a control group, where there is one, which may be less than the machine has
  const machineBytes = Math.min(totalmem(), process.constrainedMemory() || Infinity);
  const prepared = await prepareEngine(plan, wantedThreads, build, readKernels, { machineBytes, users });
  const { needs, module, wasmMemory, ...parts } = prepared;
  const { crew, threads } = parts;
  const { userTables } = parts.memory;
  const workers: Worker[] = [];
  const stop = async () => {
    crew.dismiss();
    await Promise.all(workers.map((worker) => worker.terminate()));
  };
  try {
    const starts = Array.from({ length: threads - 1 }, (_, i) => {
      const start: MemberStart = { plan, needs, thread: i + 1, threads, module, memory: wasmMemory, userTables };
      const worker = new Worker(threadProgram('engine/wasm/crew-worker', plan.training?.loss), { workerData: start });
      // an engine that nobody closed must not keep the program running
      worker.unref();
      workers.push(worker);
      return ready(worker, crew, i + 1);
    });
    await Promise.all(starts);
  } catch (error) {
    await stop();
    throw error;
  }
  return new WasmEngine<M>({ ...parts, stop });
}

/** Resolves when the helper thread has reported that it is ready; afterwards an unexpected end of the thread poisons the crew. */
function ready(worker: Worker, crew: Crew, thread: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => {
      crew.poison(thread, reason);
      reject(new TaurecError('engine-thread', { thread, reason }));
    };
    worker.once('message', () => resolve());
    worker.on('error', (error) => fail(error instanceof Error ? error.message : String(error)));
    // an exit code of 0 is a failure too: no thread may end before it is dismissed
    worker.on('exit', (code) => fail(`exit code ${code}`));
  });
}
