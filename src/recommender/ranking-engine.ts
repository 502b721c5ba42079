import { type Matrix, row } from '../array/matrix.ts';
import type { Engine } from '../engine/engine.ts';
import type { Model } from '../model/model.ts';

/** The engine that ranks, and its threads. */
export interface RankingEngineOptions {
  /** Default `auto`: the fastest engine that this machine supports. */
  readonly engine?: 'auto' | 'wasm' | 'reference';
  /** The number of threads; default: the engine decides. */
  readonly threads?: number;
  /** The build of the wasm engine; default `auto`: the one with fused multiply-add if the machine supports it. */
  readonly build?: 'auto' | 'simd' | 'simd-fma';
}

/**
 * Opens an engine that holds a model's embeddings. It can rank but not train. Close it when done.
 * @throws TaurecError `bad-option`, `memory-limit`, `memory-short`, `memory-refused` and `wasm-blocked`, as the engine does
 */
export async function openRankingEngine(model: Model, options: RankingEngineOptions = {}): Promise<Engine> {
  const { users, items, config } = model;
  // The engines make up half of the library's modules, so they are loaded on demand.
  const { openEngine } = await import('#open-engine');
  const engine = await openEngine(
    { users: users.rows, items: items.rows, dimension: items.columns, score: config.score },
    options,
  );
  loadEmbeddings(model, engine);
  return engine;
}

/** Copies a model's embeddings into an engine that was opened with the model's sizes. */
export function loadEmbeddings(model: Model, engine: Engine): void {
  copyRows(model.users, engine.users);
  copyRows(model.items, engine.items);
  // Engines keep derived tables of the items, such as norms.
  engine.itemsChanged();
}

/** Copies the rows of a matrix to one of the same size, whose padding may differ. */
export function copyRows(from: Matrix, to: Matrix): void {
  if (from.stride === to.stride) to.data.set(from.data.subarray(0, from.rows * from.stride));
  else for (let r = 0; r < from.rows; r++) row(to, r).set(row(from, r));
}
