import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Matrix } from '../../src/array/matrix.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { parseTrainConfig, type TrainConfigInput } from '../../src/training/config.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { trainedModel } from '../../src/training/trained-model.ts';
import type { WarmStart } from '../../src/training/training.ts';
import { runTraining } from '../../src/training/training-run.ts';
import { everyNeed } from '../contracts/loss-state-contract.ts';
import { rejectionOf } from '../support/error-of.ts';
import { expectSameModel } from '../support/same-model.ts';
import { checkerboard, smallConfig } from '../support/training-case.ts';

const { train: board, valid } = checkerboard(24, 20);
const dataset = syntheticDataset({ users: 24, items: 20, interactions: 200, seed: 3 });
const ownBackbone = {
  module: fileURLToPath(new URL('modules/own-backbone.mjs', import.meta.url)),
  export: 'OwnBackbone',
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-state-'));
});
afterEach(() => rm(folder, { recursive: true }));

const run = (config: TrainConfigInput, warmStart?: WarmStart, data = dataset.train) =>
  runTraining({ train: data }, parseTrainConfig(config), {
    onEvent: () => {},
    aborted: () => false,
    keepState: true,
    warmStart,
  });

describe('a model that was saved and goes on', () => {
  const cases: [string, TrainConfigInput][] = [
    ['Adam', {}],
    ['SGD', { optimizer: 'sgd' }],
    ['dropout and decay', { embeddingDropout: 0.2, decoupledWeightDecay: 0.1 }],
    ['pair batches', { batch: { kind: 'pair', rows: 71, negatives: 5 } }],
    ['a width that the wasm engine pads', { dimension: 5 }],
    ['a backbone', { backbone: { name: 'lightgcn', layers: 2 }, dimension: 5, embeddingDropout: 0.2 }],
    ['a backbone with parameters', { backbone: ownBackbone }],
    ['a backbone with noise', { backbone: { name: 'xsimgcl', contrastNodes: 10 }, dimension: 5 }],
    ['a loss with states of its own', { loss: everyNeed, learningRate: 0.003 }],
    ['a temperature by user', { loss: { name: 'bsl', options: { userTau: 5, tau: 0.1 } } }],
    ['learned thresholds', { loss: { name: 'talos', options: { k: 3, thresholdRate: 0.02 } } }],
  ];
  for (const engine of ['reference', 'wasm'] as const) {
    it.each(cases)(`is bit for bit the one that was trained in one run, on engine ${engine}: %s`, async (_, part) => {
      const config = { ...smallConfig, threads: 1, schedule: 'constant', ...part, engine } satisfies TrainConfigInput;
      const straight = await run({ ...config, epochs: 4 });
      const half = await run({ ...config, epochs: 2 });
      await saveModel(folder, trainedModel(dataset, half));
      const opened = await openModel(folder, { trainingState: true });
      const state = opened.trainingState!;
      const tensor = ({ rows, columns, data }: Matrix) => ({ shape: [rows, columns], data });
      const arrays = { users: tensor(opened.users), items: tensor(opened.items), ...state.arrays };
      const rest = await run({ ...config, epochs: 2, threads: 2 }, { ...state, arrays });
      expectSameModel(rest, straight);
      expect(rest.trainingState).toEqual(straight.trainingState);
    });
  }
});

describe('the training state', () => {
  it('is that of the chosen epoch, also of a run that was stopped and resumed', async () => {
    const config = {
      ...smallConfig,
      epochs: 12,
      learningRate: 0.05,
      schedule: 'constant',
      checkpointEvery: 1,
    } as const;
    const whole = await trainEmbeddings({ train: board, valid }, config, { keepState: true });
    expect(whole.epoch).toBeLessThan(whole.epochs);
    const alone = await run({ ...config, epochs: whole.epoch }, undefined, board);
    expect(whole.trainingState).toEqual(alone.trainingState);
    expect(whole.trainingState!.steps).toBe(whole.steps);

    let checkpoints = 0;
    const stopped = rejectionOf(
      runTraining({ train: board, valid }, parseTrainConfig(config), {
        onEvent: (event) => {
          if (event.type === 'checkpoint') checkpoints++;
        },
        aborted: () => checkpoints >= whole.epochs - 1,
        keepState: true,
        checkpointDirectory: folder,
      }),
    );
    expect((await stopped).code).toBe('aborted');
    const options = { keepState: true, checkpointDirectory: folder, resume: true };
    const resumed = await trainEmbeddings({ train: board, valid }, config, options);
    expect(resumed.trainingState).toEqual(whole.trainingState);
  });

  it('is kept on request alone, and read on request alone', async () => {
    expect((await trainEmbeddings(dataset, smallConfig)).trainingState).toBeUndefined();
    const result = await trainEmbeddings(dataset, smallConfig, { keepState: true });
    await saveModel(folder, trainedModel(dataset, result));
    expect(await readdir(folder)).toContain('training.safetensors');
    expect((await openModel(folder)).trainingState).toBeUndefined();
    expect((await openModel(folder, { trainingState: true })).trainingState).toEqual(result.trainingState);
  });

  it('goes with the model: one without it that is saved in the same place leaves none behind', async () => {
    await saveModel(folder, trainedModel(dataset, await trainEmbeddings(dataset, smallConfig, { keepState: true })));
    await saveModel(folder, trainedModel(dataset, await trainEmbeddings(dataset, smallConfig)));
    expect(await readdir(folder)).not.toContain('training.safetensors');
    expect((await openModel(folder, { trainingState: true })).trainingState).toBeUndefined();
  });

  it('holds the weights of the interactions', async () => {
    const log = dataset.train;
    const values = Float32Array.from(log.indices, (_, e) => 1 + (e % 3));
    const weighted = { ...dataset, train: { ...log, values } };
    const model = trainedModel(weighted, await trainEmbeddings(weighted, smallConfig, { keepState: true }));
    expect(model.trainingState!.interactionWeights).toEqual(values);
  });
});
