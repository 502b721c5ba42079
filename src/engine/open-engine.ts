import { availableParallelism } from 'node:os';
import { knownEngineOptions } from './check-plan.ts';
import type { Engine, EnginePlan } from './engine.ts';
import { openReferenceEngine } from './reference/reference-engine.ts';
import { openWasmEngine } from './wasm/open-wasm-engine.ts';

export { enableFusedMultiplyAdd } from './fused-multiply-add.ts';

/** Which engine computes, and how. */
export interface EngineOptions {
  /** 'wasm' ('auto', default) or 'reference', the slow definition. */
  readonly engine?: 'auto' | 'wasm' | 'reference';
  /** Threads that compute, the caller's included; default: the machine's cores, at most 16. The reference engine always uses one. */
  readonly threads?: number;
  /** The arithmetic of the wasm engine: 'simd-fma' where the machine has it ('auto', default), or plain 'simd' for results that repeat on any machine. */
  readonly build?: 'auto' | 'simd' | 'simd-fma';
}

/**
 * Opens an engine for the plan: the only place that knows the engines.
 *
 * @throws TaurecError as the engines do; `unknown-name` for an engine or build that is none of the listed
 */
export async function openEngine(plan: EnginePlan, options: EngineOptions = {}): Promise<Engine> {
  knownEngineOptions(options);
  if (options.engine === 'reference') return openReferenceEngine(plan);
  const threads = options.threads ?? Math.min(availableParallelism(), 16);
  return openWasmEngine(plan, threads, options.build);
}
