import { type Facts, TaurecError } from '../../errors.ts';
import { loadLoss } from '../../loss/load-loss.ts';
import type { LossNeeds } from '../../loss/loss.ts';
import { needsOf } from '../../loss/loss-needs.ts';
import { checkScore } from '../../loss/losses.ts';
import { checkPlan, checkThreads } from '../check-plan.ts';
import type { EnginePlan } from '../engine.ts';
import { Crew } from './crew.ts';
import { layoutOf, threadMemory } from './memory.ts';
import { unsharedKernels } from './unshared-kernels.ts';
import { allocateUserTables, userTableBytes } from './user-rows.ts';
import type { CrewParts } from './wasm-engine.ts';

/** The arithmetic that a caller asks for; `auto`: fused multiply-add if the machine supports it. */
export type WantedBuild = 'auto' | 'simd' | 'simd-fma';

/** A compiled module of the kernels, and whether it uses fused multiply-add. */
interface CompiledKernels {
  readonly module: WebAssembly.Module;
  readonly fused: boolean;
}

/** The bytes of a build of the kernels, for a shared memory: from files in Node, from the bundle in browsers. */
type ReadKernels = (name: 'simd' | 'fma') => Promise<Uint8Array<ArrayBuffer>>;

/**
 * Compiles the requested build.
 *
 * @throws TaurecError `bad-option` if fused multiply-add is requested and the machine does not support it; `wasm-blocked` if the host has no WebAssembly or forbids compilation
 */
async function compileKernels(build: WantedBuild, readShared: ReadKernels, shared: boolean): Promise<CompiledKernels> {
  if (typeof WebAssembly === 'undefined') {
    throw new TaurecError('wasm-blocked', { reason: 'this browser has none, or a setting turns it off.' });
  }
  const read: ReadKernels = async (name) => {
    const bytes = await readShared(name);
    return shared ? bytes : unsharedKernels(bytes);
  };
  if (build !== 'simd') {
    const bytes = await read('fma');
    if (WebAssembly.validate(bytes)) return { module: await compiled(bytes), fused: true };
    if (build === 'simd-fma') {
      throw new TaurecError('bad-option', {
        option: 'build',
        got: build,
        expected: 'a machine with relaxed SIMD',
        remedy:
          "Node 20 has it after enableFusedMultiplyAdd(), later versions by themselves, and so have newer browsers. Build 'auto' takes what there is.",
      });
    }
  }
  return { module: await compiled(await read('simd')), fused: false };
}

/** Compiles a module. If the bytes are valid but compilation fails, a content security policy or the host forbids it. @throws TaurecError `wasm-blocked` */
async function compiled(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    if (!WebAssembly.validate(bytes)) throw cause;
    const reason = (cause as Error).message;
    throw new TaurecError('wasm-blocked', { reason: /[.!?]$/.test(reason) ? reason : `${reason}.` }, { cause });
  }
}

/** The parts of an engine before its helper threads start. */
type PreparedEngine = Omit<CrewParts, 'stop'> & {
  readonly needs: Required<LossNeeds>;
  readonly module: WebAssembly.Module;
  /** Shared, except on one thread where the platform denies that. */
  readonly wasmMemory: WebAssembly.Memory;
};

/**
 * Does everything that comes before the threads start, in Node and in browsers: checks the plan, sizes the memory from it, compiles the kernels, allocates the memory.
 * A loss that is given as an object cannot be sent to other threads: such an engine has one thread, the caller's. The memory is shared wherever the platform has shared memory (docs/decisions/058-browser-workers.md).
 *
 * @param machineBytes memory of the machine; absent where the platform does not say
 * @param users a table of users to take over (`EngineOptions.users`)
 * @throws TaurecError `bad-option`, `unknown-name`, `loss-module`, `wasm-blocked`, `memory-limit`, `memory-short`, `memory-refused`
 */
export async function prepareEngine(
  plan: EnginePlan,
  wantedThreads: number,
  build: WantedBuild,
  read: ReadKernels,
  { machineBytes = Infinity, users: given }: { machineBytes?: number; users?: Float32Array | Uint16Array } = {},
): Promise<PreparedEngine> {
  checkPlan(plan);
  checkThreads(wantedThreads);
  const bareLoss = plan.training !== undefined && 'evaluate' in plan.training.loss;
  const threads = bareLoss ? 1 : wantedThreads;
  const loss = plan.training && (await loadLoss(plan.training.loss));
  if (loss) checkScore(loss, plan.score);
  const needs = needsOf(loss);
  const layout = layoutOf(plan, threads, needs);
  const { users, items, dimension } = plan;
  const userBytes = userTableBytes(plan, layout);
  const facts = { bytes: layout.bytes + userBytes, users, items, dimension };
  // the system hands out memory that it does not have, and ends the process when it is used
  if (userBytes > 0 && facts.bytes > machineBytes)
    throw new TaurecError('memory-short', { ...facts, limit: machineBytes, bytesPerUser: userBytes / users });
  const shared = threads > 1 || hasSharedMemory();
  const { module, fused } = await compileKernels(build, read, shared);
  const { wasmMemory, userTables } = allocated(facts, () => ({
    // of its final size: it never grows, so views of it stay valid
    wasmMemory: new WebAssembly.Memory({ initial: layout.pages, maximum: layout.pages, shared }),
    userTables: allocateUserTables(plan, layout, given),
  }));
  const memory = threadMemory(plan, threads, module, wasmMemory, needs, userTables);
  const crew = new Crew(memory.control, memory.failure, threads);
  return { memory, crew, threads, fused, loss, needs, module, wasmMemory };
}

/** Whether WebAssembly memory may be shared. Browsers deny it to pages that are not cross-origin isolated. */
function hasSharedMemory(): boolean {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }) !== undefined;
  } catch {
    return false;
  }
}

/** What `allocate` returns. @throws TaurecError `memory-refused`, with the facts, where it throws */
function allocated<T>(facts: Facts, allocate: () => T): T {
  try {
    return allocate();
  } catch (cause) {
    throw new TaurecError('memory-refused', facts, { cause });
  }
}
