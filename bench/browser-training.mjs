/** What bench/browser.mjs times, in Node and in a worker of a page. */
import { IdMap, train } from 'taurec';
import { csrFromEntries } from 'taurec/extend';

/**
 * Trains on pairs of user and item, and returns the seconds of the training with the start of its threads, and the first embedding.
 * @param {{ users: number, items: number, rows: number[], columns: number[] }} pairs
 * @param {import('taurec').TrainConfigInput} config
 */
export async function timedTraining({ users, items, rows, columns }, config) {
  const ids = (/** @type {number} */ count) => IdMap.fromIds(Array.from({ length: count }, (_, i) => `${i}`));
  const matrix = csrFromEntries(users, items, rows, columns);
  const started = performance.now();
  const data = { users: ids(users), items: ids(items), train: matrix, source: 'bench', sha256: '' };
  const model = await train(data, config);
  const seconds = (performance.now() - started) / 1000;
  const { engine } = model.result;
  const first = Array.from(model.model.users.data.subarray(0, model.model.users.columns));
  await model.close();
  return { seconds, engine, first };
}

/** Answers messages of a page with the result of `timedTraining`. */
export function timeOnMessage() {
  globalThis.addEventListener('message', async ({ data: [pairs, config] }) => {
    globalThis.postMessage(await timedTraining(pairs, config));
  });
}
