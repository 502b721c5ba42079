import { loadavg } from 'node:os';
import { join } from 'node:path';
import { openEngine } from '../../dist/engine/open-engine.js';
import { evaluate } from '../../dist/evaluation/evaluator.js';
import { embeddingRanker } from '../../dist/evaluation/rankers.js';
import { loadDataset } from '../../dist/index.js';
import { trainEmbeddings } from '../../dist/lab.js';

/** @typedef {import('../../dist/index.js').TrainConfigInput} Config */

/**
 * Trains on all of train, as the last epoch leaves it, and reads the test set once. The processor time of a training is measured beside that of `plain` in the same process, whose first epochs are trained before it and whose whole
 * time follows from them: the ratio of the two depends less on the load than either.
 * @param {string} folder of the data set @param {Config} config @param {Config | undefined} plain @param {number} seed
 */
export async function final(folder, config, plain, seed) {
  const [train, test] = ['train', 'test'].map((part) => join(folder, `${part}.tsv.gz`));
  const data = await loadDataset({ train, test, seed });
  const shared = { neighbors: /** @type {const} */ ('off'), seed, threads: 1 };
  const { train: interactions, test: held } = data;
  if (!held) throw new Error('no test part');
  // The start of an engine costs the same for one epoch and for more.
  const more = 5;
  const plainFor = (/** @type {number} */ epochs) =>
    timed(() => trainEmbeddings({ train: interactions }, { ...shared, ...plain, epochs }));
  const [one, several] = plain ? [await plainFor(1), await plainFor(1 + more)] : [];
  const perEpoch = one && several && (several.seconds - one.seconds) / more;
  const full = await timed(() => trainEmbeddings({ train: interactions }, { ...shared, ...config }));
  const { users, items } = full.result;
  const sizes = {
    users: users.rows,
    items: items.rows,
    dimension: users.columns,
    score: /** @type {const} */ ('cosine'),
  };
  const engine = await openEngine(sizes, { threads: 1 });
  try {
    for (const [table, values] of /** @type {const} */ ([
      [engine.users, users],
      [engine.items, items],
    ]))
      for (let r = 0; r < table.rows; r++)
        table.data.set(values.data.subarray(r * values.stride, r * values.stride + values.columns), r * table.stride);
    const { metrics } = await evaluate(embeddingRanker(engine), {
      train: interactions,
      test: held,
      protocol: 'clean',
      ks: [20],
    });
    return {
      ndcg: Number(metrics['ndcg@20'].toPrecision(5)),
      recall: Number(metrics['recall@20'].toPrecision(5)),
      ...{
        seconds: full.seconds,
        wall: full.wall,
        ...(perEpoch && { plainSeconds: Number((perEpoch * (plain?.epochs ?? 100)).toFixed(1)) }),
      },
      load: loadavg().map((x) => Number(x.toFixed(1))),
    };
  } finally {
    await engine.close();
  }
}

/** Processor and wall-clock seconds of a task. @template T @param {() => Promise<T>} task */
async function timed(task) {
  const [cpu, started] = [process.cpuUsage(), performance.now()];
  const result = await task();
  const { user, system } = process.cpuUsage(cpu);
  return {
    result,
    seconds: Number(((user + system) / 1e6).toFixed(1)),
    wall: Number(((performance.now() - started) / 1000).toFixed(1)),
  };
}
