import { TaurecError } from '../errors.ts';
import type { Model, ModelConfig } from '../model/model.ts';
import type { ScoredRows } from './scored-rows.ts';

/** What one export is about. */
export interface Exported {
  readonly model: Model<ModelConfig> | Model;
  readonly scored: ScoredRows;
  /** True when what users have seen goes along. */
  readonly seen: boolean;
  /** Called for each row that is done, users and items alike. Throws `aborted` on request. */
  readonly step: () => void;
  /** Called for each pair of user and seen item. Throws `aborted` on request. */
  readonly pair: () => void;
}

export const EXPORT_FORMAT = 'taurec-embeddings';

/** What a reader must know of an export, as JSON. */
export function manifestOf({ model, scored, seen }: Exported): Record<string, unknown> {
  return {
    format: EXPORT_FORMAT,
    version: 1,
    users: scored.users.rows,
    items: scored.items.rows,
    /** Columns of both tables. */
    columns: scored.items.columns,
    /** The score that the model was trained with. */
    modelScore: model.config.score,
    score: scored.formula,
    normalized: scored.normalized,
    biasColumn: scored.biasColumn,
    itemBias: scored.itemBias !== undefined,
    seen,
  };
}

/** Stops on request, looked at every 1024 calls. */
export function stopper(signal?: AbortSignal): () => void {
  let calls = 0;
  return () => {
    if (++calls % 1024 === 0 && signal?.aborted) throw new TaurecError('aborted');
  };
}

/** Counts rows for a progress display, and stops on request. */
export function stepper(
  total: number,
  onProgress?: (rows: number, total: number) => void,
  signal?: AbortSignal,
): () => void {
  let done = 0;
  return () => {
    done++;
    if (done % 1024 !== 0 && done !== total) return;
    if (signal?.aborted) throw new TaurecError('aborted');
    onProgress?.(done, total);
  };
}
