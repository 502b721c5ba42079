import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Csr, csrDegree, csrFromEntries, csrHas, csrRow } from '../../src/array/csr.ts';
import { row } from '../../src/array/matrix.ts';
import { loadDataset } from '../../src/data/dataset.ts';
import { createLoss } from '../../src/loss/losses.ts';
import { FoldIn } from '../../src/recommender/fold-in.ts';
import { rankLists } from '../../src/recommender/list-ranker.ts';
import { openRankingEngine } from '../../src/recommender/ranking-engine.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { randomModel } from '../support/random-model.ts';

/** NDCG@20 of the listed users, by the definition (docs/evaluation.md). */
function meanNdcg(lists: readonly (readonly { item: number }[])[], users: readonly number[], test: Csr): number {
  const gain = (rank: number) => 1 / Math.log2(rank + 2);
  const ndcg = users.map((user, q) => {
    const found = lists[q]!.reduce((sum, { item }, rank) => sum + (csrHas(test, user, item) ? gain(rank) : 0), 0);
    let ideal = 0;
    for (let rank = 0; rank < Math.min(20, csrDegree(test, user)); rank++) ideal += gain(rank);
    return found / ideal;
  });
  return ndcg.reduce((a, b) => a + b) / users.length;
}

const folder = join(process.env.TAUREC_DATA ?? '', 'movielens-100k');
const present = process.env.TAUREC_DATA !== undefined && existsSync(folder);

describe('fold-in of whole users that training never saw', () => {
  it.skipIf(!present).each(['bsl', 'bce'])(
    '%s: within 10% of the NDCG@20 the same users get when trained (movielens-100k; skipped without $TAUREC_DATA)',
    async (loss) => {
      const data = await loadDataset({ train: join(folder, 'train.tsv.gz'), test: join(folder, 'test.tsv.gz') });
      const { rows, columns } = data.train;
      const test = data.test!;
      const heldOut = (user: number) => user % 5 === 3;
      const users = Array.from({ length: rows }, (_, user) => user).filter(
        (user) => heldOut(user) && csrDegree(data.train, user) > 0 && csrDegree(test, user) > 0,
      );
      const kept = { users: [] as number[], items: [] as number[] };
      for (let user = 0; user < rows; user++) {
        if (heldOut(user)) continue;
        for (const item of csrRow(data.train, user)) {
          kept.users.push(user);
          kept.items.push(item);
        }
      }
      const config = { loss, epochs: 20, dimension: 32, seed: 1 };
      const whole = await trainEmbeddings(data, config);
      const part = await trainEmbeddings({ train: csrFromEntries(rows, columns, kept.users, kept.items) }, config);
      const score = loss === 'bce' ? ('dot' as const) : ('cosine' as const);
      const model = (result: typeof whole) => ({ ...randomModel({ score }), users: result.users, items: result.items });
      const [wholeEngine, partEngine] = [await openRankingEngine(model(whole)), await openRankingEngine(model(part))];
      try {
        const lengths = Array.from({ length: rows }, (_, user) => user)
          .filter((user) => !heldOut(user))
          .map((user) => Math.hypot(...row(part.users, user)));
        const length = score === 'cosine' ? 1 : lengths.reduce((a, b) => a + b) / lengths.length;
        const folding = new FoldIn(partEngine, score, createLoss(whole.config.loss), length);
        const ndcg = (engine: typeof wholeEngine, embedding: (user: number) => Float32Array) => {
          const queries = users.map((user) => ({ embedding: embedding(user), seen: csrRow(data.train, user) }));
          return meanNdcg(
            rankLists(engine, { score: score }, queries, 20, { excluded: new Int32Array(0) }),
            users,
            test,
          );
        };
        const trained = ndcg(wholeEngine, (user) => row(whole.users, user));
        const folded = ndcg(partEngine, (user) => folding.embedding(csrRow(data.train, user)));
        expect(trained).toBeGreaterThan(0.2);
        expect(folded).toBeGreaterThan(0.9 * trained);
      } finally {
        await Promise.all([wholeEngine.close(), partEngine.close()]);
      }
    },
  );
});
