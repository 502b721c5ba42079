/** What a page does with models of its own: trains in a worker, saves, reopens, zips. Returns plain data, to be compared with Node. */
import * as taurec from 'taurec';
import { shop } from './shop.mjs';

const { Recommender, TrainingPace, train } = taurec;
/** Names of the entry for browsers, with its types. */
const { openModel, saveModel, trainInWorker, zipModel } = /** @type {typeof import('../../../dist/browser.js')} */ (
  /** @type {unknown} */ (taurec)
);

/** @type {import('taurec').TrainConfigInput} */
export const config = {
  ...{ dimension: 12, epochs: 4, batch: { rows: 16, negatives: 20 }, validation: { every: 1, metric: 'ndcg@10' } },
  ...{ seed: 5, threads: 1, build: 'simd' },
};
export const data = () => shop({ validRatio: 0.1 });
/** @param {import('taurec').TrainedModel} model */
const listsOf = (model) => [model.recommend('7', { k: 5, explain: 2 }), model.recommendFor(['3', '11'], { k: 5 })];

/** Trains on this thread and in a worker, and says what came of both. @param {import('taurec').TrainConfigInput} [options] */
export async function trainTwice(options) {
  /** @type {{ type: string, epochs: (number | undefined)[], items: number[] | undefined }} */
  const seen = { type: '', epochs: [], items: undefined };
  /** @type {Set<string>} */
  const types = new Set();
  const here = await train(data(), { ...config, ...options });
  const there = await trainInWorker(
    data(),
    { ...config, ...options },
    {
      onProgress: ({ type }) => void types.add(type),
      snapshots: { perSecond: 1000 },
      onSnapshot({ epoch, items }) {
        seen.epochs.push(epoch);
        seen.items = [items.rows, items.columns, items.data.length];
      },
    },
  );
  const answer = {
    isolated: globalThis.crossOriginIsolated,
    ...{ snapshots: seen.epochs, items: seen.items, types: [...types].sort() },
    here: { users: Array.from(here.model.users.data), lists: listsOf(here), history: plain(here) },
    there: { users: Array.from(there.model.users.data), lists: listsOf(there), history: plain(there) },
  };
  await Promise.all([here.close(), there.close()]);
  return answer;
}

/** The record of a training without times. @param {import('taurec').TrainedModel} model */
const plain = ({ result }) => ({
  history: result.history.map(({ seconds: _, ...epoch }) => epoch),
  ...{ engine: result.engine, epoch: result.epoch, valid: result.valid, config: result.config },
});

/** Pauses at once, goes on by two epochs one at a time, then is aborted while it waits. */
export async function pauseAndAbort() {
  const pace = new TrainingPace();
  pace.pause();
  const controller = new AbortController();
  /** @type {number[]} */
  const waits = [];
  const code = await trainInWorker(data(), config, {
    ...{ pace, signal: controller.signal },
    onProgress(event) {
      if (event.type !== 'paused') return;
      waits.push(event.epoch);
      if (waits.length < 3) pace.step();
      else controller.abort();
    },
  }).catch((error) => error.code);
  return { waits, code };
}

/** The codes of errors: of the page itself, of its function, of the worker, of what cannot be sent. */
export async function faults() {
  /** @param {() => Promise<unknown>} act */
  const faultOf = (act) => act().catch(({ code, message }) => code ?? message);
  const loss = { name: 'mine', parameters: {}, allowsDotScores: true, evaluate: () => 0 };
  return [
    await faultOf(() => trainInWorker(data(), { ...config, loss: /** @type {any} */ (loss) })),
    await faultOf(() => trainInWorker(data(), { ...config, epochs: 0 })),
    await faultOf(() => trainInWorker(data(), { ...config, ...{ negatives: 2 } })),
    await faultOf(() => trainInWorker(data(), { ...config, learningRate: 1e30, score: 'dot', loss: 'bpr' })),
    await faultOf(() => trainInWorker(data(), { ...config, checkpointDirectory: 'x' })),
    await faultOf(() => trainInWorker(data(), { ...config, loss: { module: '/nowhere.js' } })),
    await faultOf(() =>
      trainInWorker(data(), config, {
        onProgress() {
          throw new Error('of the page');
        },
      }),
    ),
  ];
}

/** Trains with a loss of a module, whose address is relative to the page. */
export async function withModule() {
  const model = await trainInWorker(data(), { ...config, epochs: 1, loss: { module: './loss.js' } });
  const answer = { loss: model.result.config.loss, list: model.recommend('7', { k: 3 }).length };
  await model.close();
  return answer;
}

/** @param {Uint8Array} bytes */
const base64 = (bytes) => btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));

/** Trains in a worker, saves in the private file system over an older model, reopens, zips. */
export async function saveAndZip() {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle('films', { create: true });
  const older = await train(data(), { ...config, epochs: 1, neighbors: 'off' });
  await older.save(folder);
  await older.close();
  const model = await trainInWorker(data(), config, { keepState: true });
  await model.save(folder);
  /** @type {Record<string, string>} */
  const files = {};
  for await (const [name, handle] of folder.entries()) {
    if (!(handle instanceof FileSystemFileHandle)) throw new Error(`${name} is no file`);
    files[name] = base64(new Uint8Array(await (await handle.getFile()).arrayBuffer()));
  }
  const lists = listsOf(model);
  const zip = await zipModel(model.model);
  await model.close();
  const reopened = await Recommender.open(folder, { threads: 1, build: 'simd' });
  const again = reopened.recommend('7', { k: 5, explain: 2 });
  await reopened.close();
  const fromZip = await openModel(zip);
  await saveModel(folder, fromZip);
  const code = await saveModel(root, fromZip).catch((error) => error.code);
  return { files, lists, again, code, zip: base64(new Uint8Array(await zip.arrayBuffer())) };
}

/** Saves a model of several MB where little room is left; the older one must stay. */
export async function saveWithoutRoom() {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('full', { create: true });
  const small = await train(data(), { ...config, epochs: 1 });
  await small.save(folder);
  const before = await openModel(folder);
  const large = await train(data(), { ...config, epochs: 1, dimension: 4096, batch: { rows: 4, negatives: 4 } });
  return {
    small,
    large,
    async attempt() {
      const message = await large.save(folder).catch((error) => `${error.code}: ${error.message}`);
      const after = await openModel(folder);
      await Promise.all([small.close(), large.close()]);
      return { message, same: after.config.dimension === before.config.dimension };
    },
  };
}
