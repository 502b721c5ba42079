import { availableParallelism } from 'node:os';
import type { AnyMatrix } from '../array/half-matrix.ts';
import type { Matrix } from '../array/matrix.ts';
import { knownEngineOptions } from './check-plan.ts';
import type { Engine, EnginePlan } from './engine.ts';
import { openReferenceEngine } from './reference/reference-engine.ts';
import { openWasmEngine } from './wasm/open-wasm-engine.ts';

export { enableFusedMultiplyAdd } from './fused-multiply-add.ts';

/** The engine, its threads and its arithmetic. */
export interface EngineOptions {
  /** 'wasm' (the same as 'auto', default), or 'reference': slow, and the definition of every result. */
  readonly engine?: 'auto' | 'wasm' | 'reference';
  /** Number of computing threads, the caller's included, ≥ 1; default: the machine's cores, at most 16. The reference engine always uses one. */
  readonly threads?: number;
  /** The arithmetic of the wasm engine: 'simd-fma' if the machine supports it, else 'simd' ('auto', default), or 'simd' for results that are the same on every machine. */
  readonly build?: 'auto' | 'simd' | 'simd-fma';
  /**
   * Embeddings of the users, which the engine takes over in place of a table of zeros where they have the layout of its own: row after row, as many elements as rows need with padding to a multiple of 4 (32 bits; none in 16 bits), and
   * alone in a buffer of shared memory. The padding must be 0, and the array is the engine's from then on. Otherwise, and by an engine that trains, they are ignored.
   */
  readonly users?: Float32Array | Uint16Array;
}

/**
 * Opens an engine for a plan. Only this file knows which engines exist.
 *
 * M: the matrices of its tables; with `precision: 'f16'` in the plan `AnyMatrix`.
 *
 * @throws TaurecError `unknown-name` if the engine or build is unknown, and the errors of the engine: `bad-option`, `loss-module`, `memory-limit`, `memory-short`, `memory-refused`,
 * `engine-thread`
 */
export async function openEngine<M extends AnyMatrix = Matrix>(
  plan: EnginePlan,
  options: EngineOptions = {},
): Promise<Engine<M>> {
  knownEngineOptions(options);
  if (options.engine === 'reference') return (await openReferenceEngine(plan)) as Engine<AnyMatrix> as Engine<M>;
  const threads = options.threads ?? Math.min(availableParallelism(), 16);
  return openWasmEngine<M>(plan, threads, options.build, options.users);
}
