import { type AnyMatrix, copyRows, isHalf } from '../array/half-matrix.ts';
import type { Matrix } from '../array/matrix.ts';
import type { Engine, RankingEngine } from '../engine/engine.ts';
import type { Model, ServedModel } from '../model/model.ts';
import type { ModelFacts } from '../model/model-facts.ts';

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
export function openRankingEngine<M extends AnyMatrix = Matrix>(
  model: Model<ModelFacts, M>,
  options: RankingEngineOptions = {},
): Promise<Engine<M>> {
  return openEngineOf(model, options);
}

/** As `openRankingEngine`, for a model that only the engine will use: its table of users becomes the engine's where the two have one layout. */
export function openEngineWith(model: ServedModel, options: RankingEngineOptions): Promise<Engine<AnyMatrix>> {
  return openEngineOf(model, options, model.users.data);
}

async function openEngineOf<M extends AnyMatrix>(
  model: Model<ModelFacts, M>,
  options: RankingEngineOptions,
  given?: M['data'],
): Promise<Engine<M>> {
  const { users, items, config } = model;
  // The engines make up half of the library's modules, so they are loaded on demand.
  const { openEngine } = await import('#open-engine');
  const engine = await openEngine<M>(
    {
      ...{ users: users.rows, items: items.rows, dimension: items.columns, score: config.score },
      ...(isHalf(items) && { precision: 'f16' }),
    },
    { ...options, users: given },
  );
  loadEmbeddings(model, engine);
  return engine;
}

/** Copies a model's embeddings into an engine that was opened with the model's sizes; not a table of users that is the engine's. */
export function loadEmbeddings(model: Pick<ServedModel, 'users' | 'items'>, engine: RankingEngine): void {
  if (model.users.data !== engine.users.data) copyRows(model.users, engine.users);
  copyRows(model.items, engine.items);
  // Engines keep derived tables of the items, such as norms.
  engine.itemsChanged();
}
