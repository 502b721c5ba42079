import { describe, expect, test } from 'vitest';
import { csrHas } from '../../src/array/csr.ts';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { trainedModel } from '../../src/training/trained-model.ts';

const dataset = syntheticDataset({ users: 40, items: 30, interactions: 400, validRatio: 0.1, seed: 2 });
const config = { epochs: 2, dimension: 4, threads: 1, seed: 7, loss: { name: 'bsl', options: { tau1: Infinity } } };

describe('trainedModel', () => {
  test('holds the ids, titles and seen items of the data: train and validation, each once', async () => {
    const model = trainedModel(dataset, await trainEmbeddings(dataset, config));
    expect(model.seen.indices.length).toBe(dataset.train.indices.length + dataset.valid!.indices.length);
    for (let u = 0; u < 40; u++) {
      for (let i = 0; i < 30; i++) {
        expect(csrHas(model.seen, u, i)).toBe(csrHas(dataset.train, u, i) || csrHas(dataset.valid!, u, i));
      }
    }
    expect([...model.validation!.indices]).toEqual([...dataset.valid!.indices]);
    expect([...model.userIds]).toEqual([...dataset.users]);
    expect(model.titles!.at(3)).toBe(dataset.titles![3]);
    expect(model.popularity.reduce((a, b) => a + b)).toBe(model.seen.indices.length);
  });

  test('says how it came about; Infinity as JSON has it', async () => {
    const result = await trainEmbeddings(dataset, config);
    const test = { protocol: 'clean', values: { 'ndcg@20': 0.5 } };
    const { config: facts } = trainedModel(dataset, result, { test });
    expect(facts).toMatchObject({
      score: 'cosine',
      loss: { name: 'bsl', options: { tau1: 'inf' } },
      seed: 7,
      data: { source: dataset.source, sha256: dataset.sha256 },
      epochs: result.epoch,
      steps: result.steps,
      chosen: { by: 'ndcg@20', on: 'valid', epoch: result.epoch, value: result.valid!['ndcg@20'] },
      metrics: { valid: { protocol: 'clean', values: { ...result.valid } }, test },
    });
  });

  test('after a refit nothing is left for validation', async () => {
    const model = trainedModel(dataset, await trainEmbeddings(dataset, { ...config, refit: true }));
    expect(model.validation).toBeUndefined();
    expect(model.seen.indices.length).toBe(dataset.train.indices.length + dataset.valid!.indices.length);
  });

  test('without validation nothing was chosen', async () => {
    const model = trainedModel(
      { ...dataset, valid: undefined },
      await trainEmbeddings({ train: dataset.train }, config),
    );
    expect(model.config.chosen).toBeUndefined();
    expect(model.config.metrics).toEqual({});
    expect([...model.seen.indices]).toEqual([...dataset.train.indices]);
  });
});
