import { type Matrix, row } from '../array/matrix.ts';
import type { Engine } from '../engine/engine.ts';
import type { Model } from '../model/model.ts';

/** Which engine ranks, and on how many threads. */
export interface RankingEngineOptions {
  /** Default `auto`: the fastest this machine runs. */
  readonly engine?: 'auto' | 'wasm' | 'reference';
  /** Threads that rank; default: the engine's choice. */
  readonly threads?: number;
  /** Arithmetic of the wasm engine; default `auto`: fused multiply-add where the machine has it. */
  readonly build?: 'auto' | 'simd' | 'simd-fma';
}

/** Opens an engine that holds a model's embeddings and only ranks. Close it when done. */
export async function openRankingEngine(model: Model, options: RankingEngineOptions = {}): Promise<Engine> {
  const { users, items, config } = model;
  // Half of the library's modules are the engines': they are loaded when one is opened.
  const { openEngine } = await import('#open-engine');
  const engine = await openEngine(
    { users: users.rows, items: items.rows, dimension: items.columns, score: config.score },
    options,
  );
  loadEmbeddings(model, engine);
  return engine;
}

/** Writes a model's embeddings into an engine that was opened for its sizes. */
export function loadEmbeddings(model: Model, engine: Engine): void {
  copyRows(model.users, engine.users);
  copyRows(model.items, engine.items);
  engine.itemsChanged();
}

function copyRows(from: Matrix, to: Matrix): void {
  if (from.stride === to.stride) to.data.set(from.data.subarray(0, from.rows * from.stride));
  else for (let r = 0; r < from.rows; r++) row(to, r).set(row(from, r));
}
