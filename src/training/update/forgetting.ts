import type { Csr } from '../../array/csr.ts';
import { csrFromEntries, csrRow } from '../../array/csr.ts';
import { evaluate } from '../../evaluation/evaluator.ts';
import { cutOff } from '../../evaluation/metrics.ts';
import { embeddingRanker } from '../../evaluation/rankers.ts';
import { type Model, trainedItems } from '../../model/model.ts';
import { openRankingEngine, type RankingEngineOptions } from '../../recommender/ranking-engine.ts';

/** How well a model's held-out interactions are found before and after an update: what it forgot. */
export interface Forgetting {
  /** As 'ndcg@20'; protocol `clean`. */
  readonly metric: string;
  /** Users with held-out interactions. */
  readonly users: number;
  readonly before: number;
  readonly after: number;
}

/** Both models on the validation part of the old one, with the same interactions masked. Undefined where there is none. */
export async function forgetting(
  old: Model,
  updated: Model,
  metric: string,
  options: RankingEngineOptions & { readonly signal?: AbortSignal },
): Promise<Forgetting> {
  const train = trainedItems(updated);
  const { rows, columns } = old.seen;
  const before = await measure(old, within(train, rows, columns), old.validation!, metric, options);
  const after = await measure(updated, train, updated.validation!, metric, options);
  return { metric, users: after.users, before: before.metrics[metric]!, after: after.metrics[metric]! };
}

async function measure(
  model: Model,
  train: Csr,
  test: Csr,
  metric: string,
  { signal, threads, engine: name }: RankingEngineOptions & { readonly signal?: AbortSignal },
) {
  const engine = await openRankingEngine(model, { threads, engine: name });
  try {
    const ranker = embeddingRanker(engine, model.itemBias);
    return await evaluate(ranker, { train, test, protocol: 'clean', ks: [cutOff(metric)], signal });
  } finally {
    await engine.close();
  }
}

/** The part of a matrix within its first rows and columns. */
function within(m: Csr, rows: number, columns: number): Csr {
  const rowOf: number[] = [];
  const columnOf: number[] = [];
  for (let r = 0; r < rows; r++) {
    for (const c of csrRow(m, r)) {
      if (c >= columns) continue;
      rowOf.push(r);
      columnOf.push(c);
    }
  }
  return csrFromEntries(rows, columns, rowOf, columnOf);
}
