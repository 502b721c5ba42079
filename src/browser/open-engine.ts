import type { AnyMatrix } from '../array/half-matrix.ts';
import type { Matrix } from '../array/matrix.ts';
import { checkThreads, knownEngineOptions } from '../engine/check-plan.ts';
import type { Engine, EnginePlan } from '../engine/engine.ts';
import type { EngineOptions, openEngine as openEngineInNode } from '../engine/open-engine.ts';
import { openReferenceEngine } from '../engine/reference/reference-engine.ts';
import type { MemberStart } from '../engine/wasm/crew-member.ts';
import { prepareEngine, type WantedBuild } from '../engine/wasm/prepare-engine.ts';
import { WasmEngine } from '../engine/wasm/wasm-engine.ts';
import { TaurecError } from '../errors.ts';
import { startWorker } from './start-worker.ts';

/**
 * Opens an engine in a browser. Its helper threads are Web Workers, which need a page that is cross-origin isolated: elsewhere an engine has one thread, the caller's, for any
 * value of `threads`. The number of threads does not change results. By default there are as many as the browser says the machine has cores, at most 16, or one if a content
 * security policy blocks the workers. Kernels and the program of the workers are part of the bundle, so nothing is fetched.
 *
 * @throws TaurecError as in Node; `worker-start` if `threads` are given and a worker does not start
 */
export const openEngine: typeof openEngineInNode = async <M extends AnyMatrix = Matrix>(
  plan: EnginePlan,
  options: EngineOptions = {},
): Promise<Engine<M>> => {
  knownEngineOptions(options);
  if (options.engine === 'reference') return (await openReferenceEngine(plan)) as Engine<AnyMatrix> as Engine<M>;
  const { threads, build = 'auto' } = options;
  if (threads !== undefined) checkThreads(threads);
  if (!sharesMemory()) return openWasmEngine<M>(plan, 1, build);
  try {
    return await openWasmEngine<M>(plan, threads ?? Math.min(navigator.hardwareConcurrency || 1, 16), build);
  } catch (error) {
    // A page that worked before it was isolated must not fail for threads that nobody asked for.
    if (threads === undefined && error instanceof TaurecError && error.code === 'worker-start')
      return openWasmEngine<M>(plan, 1, build);
    throw error;
  }
};

/** Whether this thread has workers and may send them memory. Cross-origin isolation allows that; so may a flag of the browser, hence the attempt. */
function sharesMemory(): boolean {
  if (typeof Worker === 'undefined') return false;
  try {
    structuredClone(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
    return true;
  } catch {
    return false;
  }
}

async function openWasmEngine<M extends AnyMatrix = Matrix>(
  plan: EnginePlan,
  wantedThreads: number,
  build: WantedBuild,
): Promise<WasmEngine<M>> {
  const { needs, module, wasmMemory, ...parts } = await prepareEngine(plan, wantedThreads, build, kernelBytes);
  const { crew, threads } = parts;
  const { userTables } = parts.memory;
  const workers: Worker[] = [];
  const stop = async () => {
    crew.dismiss();
    for (const worker of workers) worker.terminate();
  };
  const startHelper = async (program: string, thread: number) => {
    const start: MemberStart = { plan, needs, thread, threads, module, memory: wasmMemory, userTables };
    const worker = await startWorker('a thread of the engine', program, start);
    // A worker that dies says so, unlike one that has no memory left: the crew then waits for it in vain and gives up (crew.ts).
    worker.onerror = ({ message }) => crew.poison(thread, message);
    workers.push(worker);
  };
  if (threads > 1) {
    const { program } = await import('./crew-worker-text.js');
    const starts = Array.from({ length: threads - 1 }, (_, i) => startHelper(program, i + 1));
    const failed = (await Promise.allSettled(starts)).find((start) => start.status === 'rejected');
    if (failed) {
      await stop();
      throw failed.reason;
    }
  }
  return new WasmEngine<M>({ ...parts, stop });
}

/** The compiled kernels from the bundle, where they are modules with base64 text. Only the chosen build is loaded. */
async function kernelBytes(name: 'simd' | 'fma'): Promise<Uint8Array<ArrayBuffer>> {
  const { base64 } = await (name === 'simd'
    ? import('../engine/wasm/kernels-simd.js')
    : import('../engine/wasm/kernels-fma.js'));
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
