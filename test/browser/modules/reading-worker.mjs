/** The worker of a page: reads the files that it is sent, trains on them, and answers with plain data. */
import { loadDataset, train } from 'taurec/browser';

/**
 * @param {import('taurec/browser').PageSource} files
 * @param {import('taurec/browser').ReadControls} [controls]
 */
export async function readAndTrain(files, controls) {
  const data = await loadDataset({ train: files, split: 'random', seed: 1 }, controls);
  const model = await train(data, {
    dimension: 8,
    epochs: 2,
    batch: { rows: 16, negatives: 20 },
    threads: 1,
    build: 'simd',
  });
  const list = model.recommend('7', { k: 5 });
  await model.close();
  const rows = data.reports?.train?.rows;
  return { rows, sha256: data.sha256, train: data.train, users: [...data.users], list };
}

if ('WorkerGlobalScope' in globalThis) {
  globalThis.onmessage = async ({ data: files }) => {
    /** @type {number[]} */
    const progress = [];
    try {
      const answer = await readAndTrain(files, { onProgress: ({ bytes }) => progress.push(bytes) });
      postMessage({ answer, progress });
    } catch (error) {
      postMessage({ error: String(error) });
    }
  };
}
