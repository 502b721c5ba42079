import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { beginOpening, saveModel } from '../../src/model/model-directory.ts';
import { openEngineWith, openRankingEngine } from '../../src/recommender/ranking-engine.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { trainedModel } from '../../src/training/trained-model.ts';

describe('the users of an opened model', () => {
  let folder: string;
  const data = syntheticDataset({ users: 60, items: 40, interactions: 600, seed: 2 });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'taurec-opening-'));
    for (const dimension of [8, 6]) {
      const config = { engine: 'reference', dimension, epochs: 1, neighbors: 'off' } as const;
      const model = trainedModel(data, await trainEmbeddings(data, config));
      for (const precision of ['f32', 'f16'] as const)
        await saveModel(join(folder, `${precision}-${dimension}`), model, { precision });
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  it.each([
    ['f32-8', true],
    ['f16-8', true],
    ['f16-6', true],
    ['f32-6', false],
  ])('are the engine’s own where rows need no padding: %s, %s', async (name, isTaken) => {
    const { model, sound } = await beginOpening(join(folder, name));
    await sound;
    const engine = await openEngineWith(model, { threads: 1 });
    expect(engine.users.data === model.users.data).toBe(isTaken);
    await engine.close();
    const copy = await openRankingEngine(model, { threads: 1 });
    expect(copy.users.data).not.toBe(model.users.data);
    const [opened, copied] = [
      await Recommender.open(join(folder, name), { threads: 1 }),
      Recommender.fromModel(model, copy),
    ];
    expect(opened.recommend('7', { k: 10 })).toEqual(copied.recommend('7', { k: 10 }));
    await Promise.all([opened.close(), copy.close()]);
  });
});
