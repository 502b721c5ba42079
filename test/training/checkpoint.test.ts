import { mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Csr, csrFromEntries } from '../../src/array/csr.ts';
import { writeSafetensors } from '../../src/model/safetensors.ts';
import { parseTrainConfig, type TrainConfigInput } from '../../src/training/config.ts';
import type { TrainEvent } from '../../src/training/events.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import type { TrainingData } from '../../src/training/training.ts';
import { runTraining } from '../../src/training/training-run.ts';
import { everyNeed } from '../contracts/loss-state-contract.ts';
import { rejectionOf } from '../support/error-of.ts';
import { expectSameModel } from '../support/same-model.ts';
import { checkerboard, smallConfig } from '../support/training-case.ts';

const board = checkerboard(24, 20);
/** The board's shape, one interaction short. */
const other = { train: withoutLast(board.train), valid: withoutLast(board.valid) };
/** User 0 sees item 1 thrice, and its own item 2 as any other. */
const weighted = { ...board, negativeWeights: csrFromEntries(24, 20, [0, 0], [1, 2], [3, 1]) };
const ownBackbone = {
  module: fileURLToPath(new URL('modules/own-backbone.mjs', import.meta.url)),
  export: 'OwnBackbone',
};
const everyEpoch = { ...smallConfig, checkpointEvery: 1 } satisfies TrainConfigInput;

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-checkpoint-'));
  file = join(folder, 'checkpoint.safetensors');
});
afterEach(() => rm(folder, { recursive: true }));

/** A run in this thread with checkpoints, stopped in the first step after `stopAfter` of them. */
async function run(config: TrainConfigInput, stopAfter = Infinity, resume = false, data: TrainingData = board) {
  const events: TrainEvent[] = [];
  const result = await runTraining(data, parseTrainConfig(config), {
    onEvent: (event) => void events.push(event),
    aborted: () => events.filter((event) => event.type === 'checkpoint').length >= stopAfter,
    checkpointDirectory: folder,
    resume,
  });
  return { ...result, events };
}

describe('a resumed run', () => {
  const cases: [string, TrainConfigInput][] = [
    ['Adam', {}],
    ['SGD', { optimizer: 'sgd' }],
    [
      'dropout, warm-up, decay',
      { embeddingDropout: 0.2, schedule: { name: 'cosine', warmup: 0.3 }, decoupledWeightDecay: 0.1 },
    ],
    ['pair batches', { batch: { kind: 'pair', rows: 71, negatives: 5 } }],
    ['patience', { validation: { metric: 'ndcg@3', patience: 2 }, epochs: 40 }],
    ['a width that the wasm engine pads', { dimension: 5 }],
    ['a backbone', { backbone: { name: 'lightgcn', layers: 2 }, dimension: 5, embeddingDropout: 0.2 }],
    ['a backbone with parameters', { backbone: ownBackbone }],
    ['a backbone with noise', { backbone: { name: 'xsimgcl', contrastNodes: 10 }, dimension: 5 }],
    ['a loss with states of its own', { loss: everyNeed, learningRate: 0.003 }],
    ['a temperature by user', { loss: { name: 'bsl', options: { userTau: 5, tau: 0.1 } } }],
    ['learned thresholds', { loss: { name: 'talos', options: { k: 3, thresholdRate: 0.02 } } }],
  ];
  for (const engine of ['reference', 'wasm'] as const) {
    it.each(cases)(`continues bit for bit on engine ${engine}: %s`, async (_, part) => {
      const config = { ...everyEpoch, threads: 1, ...part, engine };
      const straight = await run(config);
      await rm(file);
      const stopped = await rejectionOf(run(config, 2));
      expect(stopped.code).toBe('aborted');
      const resumed = await run({ ...config, threads: 2 }, Infinity, true);
      expect(resumed.events[0]).toMatchObject({ type: 'start', resumed: 2 });
      expectSameModel(resumed, straight);
      const untimed = ({ history }: typeof straight) => history.map(({ seconds: _seconds, ...record }) => record);
      expect(untimed(resumed)).toEqual(untimed(straight));
      expect(resumed.epoch).toBe(straight.epoch);
      expect(resumed.reason).toBe(straight.reason);
    });
  }

  it.each(['reference', 'wasm'] as const)('continues bit for bit with weights of negatives: %s', async (engine) => {
    const config = { ...everyEpoch, threads: 1, engine };
    const plain = await run(config);
    await rm(file);
    const straight = await run(config, Infinity, false, weighted);
    expect(straight.items.data).not.toEqual(plain.items.data);
    await rm(file);
    await rejectionOf(run(config, 2, false, weighted));
    expectSameModel(await run(config, Infinity, true, weighted), straight);
  });

  it.each([
    ['in the search', 2],
    ['in the refit', 6 + 1],
  ])('refits as the straight run does, when stopped %s', async (_, stopAfter) => {
    const config = { ...everyEpoch, refit: true };
    const straight = await run(config);
    expect(straight.epoch).toBeGreaterThan(1);
    await rm(file);
    await rejectionOf(run(config, stopAfter));
    const resumed = await run(config, Infinity, true);
    expectSameModel(resumed, straight);
    expect(resumed.refitted).toBe(true);
  });

  it.each([{}, { backbone: 'lightgcn' }])('that was over gives its result without a step: %o', async (part) => {
    const config = { ...everyEpoch, ...part };
    const straight = await run(config);
    const resumed = await run(config, Infinity, true);
    expectSameModel(resumed, straight);
    expect(resumed.events.map((event) => event.type)).toEqual(['start', 'neighbors', 'end']);
  });

  it('starts afresh where there is no checkpoint, with a notice', async () => {
    const resumed = await run(everyEpoch, Infinity, true);
    expect(resumed.events[0]).toMatchObject({ type: 'notice', message: expect.stringContaining(file) });
    expectSameModel(resumed, await run(everyEpoch));
  });

  it('needs a folder', async () => {
    const error = await rejectionOf(trainEmbeddings(board, smallConfig, { resume: true }));
    expect(error.facts).toMatchObject({ option: 'resume' });
  });
});

describe('a stopped run', () => {
  it('keeps the last checkpoint and names it; the signal reaches the coordinator', async () => {
    const straight = await trainEmbeddings(board, { ...everyEpoch, epochs: 30 });
    const controller = new AbortController();
    const onProgress = (event: TrainEvent) => event.type === 'checkpoint' && event.epoch === 2 && controller.abort();
    const options = { checkpointDirectory: folder, signal: controller.signal, onProgress };
    const error = await rejectionOf(trainEmbeddings(board, { ...everyEpoch, epochs: 30 }, options));
    expect(error.code).toBe('aborted');
    expect(error.facts.checkpoint).toBe(file);
    expect(error.message).toContain(file);
    const resume = { checkpointDirectory: folder, resume: true };
    expectSameModel(await trainEmbeddings(board, { ...everyEpoch, epochs: 30 }, resume), straight);
  });

  it('names none before the first', async () => {
    const error = await rejectionOf(run(everyEpoch, 0));
    expect(error.facts).toMatchObject({ epoch: 1, step: 1, checkpoint: undefined });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('the file', () => {
  it('is written as often as the configuration says, and at the end, in one piece', async () => {
    const { events } = await run({ ...smallConfig, epochs: 5, checkpointEvery: 2 });
    const epochs = events.filter((event) => event.type === 'checkpoint').map((event) => event.epoch);
    expect(epochs).toEqual([2, 4, 5]);
    expect(await readdir(folder)).toEqual(['checkpoint.safetensors']);
  });

  it.each<[string, TrainConfigInput, Partial<TrainingData>]>([
    ['config', { ...everyEpoch, learningRate: 0.02 }, {}],
    ['config', { ...everyEpoch, loss: { name: 'bsl', tau: 0.3 } }, {}],
    ['data', everyEpoch, { train: other.train }],
    ['data', everyEpoch, { valid: other.valid }],
    ['data', everyEpoch, weighted],
    ['engine', { ...everyEpoch, engine: 'wasm' }, {}],
  ])('of another %s is refused', async (what, config, data) => {
    await run(everyEpoch);
    const before = await readFile(file);
    const error = await rejectionOf(run(config, Infinity, true, { ...board, ...data }));
    expect(error.code).toBe('checkpoint-mismatch');
    expect(error.facts.what).toBe(what);
    expect(error.message).toContain(file);
    expect(await readFile(file)).toEqual(before);
  });

  it('of other weights of negatives is refused', async () => {
    await run(everyEpoch, Infinity, false, weighted);
    const negativeWeights = { ...weighted.negativeWeights, values: Float32Array.of(3, 0) };
    for (const data of [board, { ...board, negativeWeights }]) {
      expect((await rejectionOf(run(everyEpoch, Infinity, true, data))).facts.what).toBe('data');
    }
  });

  it('may be continued with other threads and another checkpoint interval', async () => {
    await run(everyEpoch);
    await expect(run({ ...everyEpoch, threads: 2, checkpointEvery: 3 }, Infinity, true)).resolves.toBeDefined();
  });

  it('cut short, or of another kind, is an error', async () => {
    await run(everyEpoch);
    await truncate(file, 1000);
    expect((await rejectionOf(run(everyEpoch, Infinity, true))).code).toBe('bad-safetensors');
    await writeFile(file, 'no checkpoint at all');
    expect((await rejectionOf(run(everyEpoch, Infinity, true))).code).toBe('bad-safetensors');
    await writeSafetensors(file, { users: { shape: [1], data: new Float32Array(1) } });
    expect((await rejectionOf(run(everyEpoch, Infinity, true))).code).toBe('bad-checkpoint');
  });
});

function withoutLast(m: Csr): Csr {
  const offsets = m.offsets.map((end) => Math.min(end, m.indices.length - 1));
  return { ...m, offsets, indices: m.indices.slice(0, -1) };
}

describe('a full disk', () => {
  /** Lets writes to files fail while `full()`, as on a disk without space. */
  async function fillDisk(code: string, full: () => boolean): Promise<void> {
    const handle = await open(folder);
    const prototype = Object.getPrototypeOf(handle) as { write(...args: unknown[]): Promise<unknown> };
    await handle.close();
    const { write } = prototype;
    vi.spyOn(prototype, 'write').mockImplementation(function (this: unknown, ...args: unknown[]) {
      if (full()) return Promise.reject(Object.assign(new Error(`${code}: no space`), { code }));
      return write.apply(this, args);
    });
  }
  afterEach(() => vi.restoreAllMocks());

  it.each(['ENOSPC', 'EDQUOT'])(
    'does not end a run (%s): it says so, and the last good checkpoint stays',
    async (code) => {
      const straight = await run({ ...everyEpoch, epochs: 5 });
      await rm(file);
      const events: TrainEvent[] = [];
      let kept: Buffer | undefined;
      await fillDisk(code, () => events.some(({ type }) => type === 'checkpoint'));
      const result = await runTraining(board, parseTrainConfig({ ...everyEpoch, epochs: 5 }), {
        onEvent(event) {
          events.push(event);
        },
        aborted: () => false,
        checkpointDirectory: folder,
        pause: async () => {
          kept ??= await readFile(file).catch(() => undefined);
        },
      });
      expectSameModel(result, straight);
      const notices = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
      expect(notices.filter((message) => message.startsWith('Cannot write the checkpoint'))).toHaveLength(4);
      expect(notices.at(-1)).toMatch(
        /checkpoint of epoch 5 to .*checkpoint.safetensors: no space left on the disk .*the last one, .*, is kept/,
      );
      expect((await readFile(file)).equals(kept!)).toBe(true);
      expect(await readdir(folder)).toEqual(['checkpoint.safetensors']);
      vi.restoreAllMocks();
      expectSameModel(await run({ ...everyEpoch, epochs: 5 }, Infinity, true), straight);
    },
  );

  it('without an earlier checkpoint says that there is none; another fault ends the run', async () => {
    let code = 'ENOSPC';
    await fillDisk('ENOSPC', () => true);
    const { events } = await run({ ...everyEpoch, epochs: 2 });
    expect(JSON.stringify(events)).toContain('there is no earlier one');
    expect(await readdir(folder)).toEqual([]);
    vi.restoreAllMocks();
    code = 'EACCES';
    await fillDisk(code, () => true);
    await expect(run({ ...everyEpoch, epochs: 2 })).rejects.toMatchObject({ code });
  });
});
