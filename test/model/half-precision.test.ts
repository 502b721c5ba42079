import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { matrix, row } from '../../src/array/matrix.ts';
import { importEmbeddings } from '../../src/exchange/import-embeddings.ts';
import type { Model } from '../../src/model/model.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { openSafetensors, writeSafetensors } from '../../src/model/safetensors.ts';
import { rejectionOf } from '../support/error-of.ts';
import { draws } from '../support/property-seed.ts';
import { randomModel } from '../support/random-model.ts';
import { roundedModel } from '../support/rounded-model.ts';

let folder: string;
let directory: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-half-'));
  directory = join(folder, 'model');
});
afterEach(() => rm(folder, { recursive: true }));

function expectTables(got: Model, expected: Model) {
  for (const table of ['users', 'items'] as const)
    for (let r = 0; r < expected[table].rows; r++) expect(row(got[table], r)).toEqual(row(expected[table], r));
  expect(got.itemBias).toEqual(expected.itemBias);
}

/** The model with the moments that Adam leaves. */
const withState = (model: Model): Model => {
  const { users, items } = model;
  const like = (m: typeof users) => ({ shape: [m.rows, m.columns], data: m.data.map((x) => x / 3) });
  const arrays = {
    ...{ 'optimizer.usersM': like(users), 'optimizer.usersV': like(users) },
    ...{ 'optimizer.itemsM': like(items), 'optimizer.itemsV': like(items) },
  };
  return { ...model, trainingState: { epochs: 2, steps: 5, arrays } };
};

describe('embeddings of 16 bits', () => {
  it('open as the values that they were rounded to, and stay 16 bits when the model is saved again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(9),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        fc.nat(),
        async (users, items, dimension, biased, seed) => {
          const model = randomModel({ users, items, dimension, biased, seed });
          await saveModel(directory, model, { precision: 'f16' });
          const opened = await openModel(directory);
          expect(opened.config).toMatchObject({ ...model.config, precision: 'f16', version: 3 });
          expectTables(opened, roundedModel(model));
          const bytes = await readFile(join(directory, 'embeddings.safetensors'));
          await saveModel(directory, opened);
          expect(await readFile(join(directory, 'embeddings.safetensors'))).toEqual(bytes);
          await saveModel(directory, opened, { precision: 'f32' });
          const wide = await openModel(directory);
          expect([wide.config.version, wide.config.precision]).toEqual([1, undefined]);
          expectTables(wide, roundedModel(model));
        },
      ),
      draws(25),
    );
  });

  it('take half the bytes', async () => {
    const model = randomModel({ users: 50, items: 70, dimension: 16 });
    const size = async () => (await stat(join(directory, 'embeddings.safetensors'))).size;
    await saveModel(directory, model);
    const whole = await size();
    await saveModel(directory, model, { precision: 'f16' });
    expect(whole - (await size())).toBe(2 * (50 + 70) * 16);
  });

  it('the training state keeps the exact embeddings, those of a backbone as they are', async () => {
    const model = withState(randomModel({ seed: 5 }));
    await saveModel(directory, model, { precision: 'f16' });
    const opened = await openModel(directory, { trainingState: true });
    const { users, items } = opened.trainingState!.arrays;
    expect([users!.data, items!.data]).toEqual([model.users.data, model.items.data]);
    // saved once more, the state does not turn to the rounded ones
    await saveModel(directory, opened);
    const again = await openModel(directory, { trainingState: true });
    expect(again.trainingState).toEqual(opened.trainingState);
    const base = { shape: [model.users.rows, 2], data: new Float32Array(model.users.rows * 2).fill(7) };
    const arrays = { ...model.trainingState!.arrays, users: base, items: users! };
    await saveModel(directory, { ...model, trainingState: { ...model.trainingState!, arrays } }, { precision: 'f16' });
    const graph = await openModel(directory, { trainingState: true });
    expect(graph.trainingState!.arrays.users!.data).toEqual(base.data);
  });

  it('an element that 16 bits cannot hold is refused by its row, and nothing is written', async () => {
    const model = randomModel({ users: 3, items: 4 });
    await saveModel(directory, model);
    const before = await readFile(join(directory, 'config.json'));
    for (const [table, id] of [
      ['users', 'u2'],
      ['items', 'i3'],
    ] as const) {
      const m = matrix(model[table].rows, 3, model[table].data.slice());
      row(m, m.rows - 1)[1] = -65520;
      const error = await rejectionOf(saveModel(directory, { ...model, [table]: m }, { precision: 'f16' }));
      expect(error.code).toBe('half-overflow');
      expect(error.message).toContain(`"${id}" has -65520 in column 1`);
      expect(error.message).toContain('--precision f32');
      row(m, m.rows - 1)[1] = Math.fround(65519.99);
      await saveModel(join(folder, 'largest'), { ...model, [table]: m }, { precision: 'f16' });
    }
    expect(await readFile(join(directory, 'config.json'))).toEqual(before);
    const wrong = await rejectionOf(saveModel(directory, model, { precision: 'f8' as 'f16' }));
    expect(wrong.message).toBe("Option precision: got \"f8\", expected 'f32' or 'f16'.");
  });

  it('NaN and infinity are found when the model is opened', async () => {
    await saveModel(directory, randomModel({ biased: true }), { precision: 'f16' });
    const path = join(directory, 'embeddings.safetensors');
    const config = JSON.parse(await readFile(join(directory, 'config.json'), 'utf8'));
    // as a model of a version that wrote no digests
    const { files: _files, digest: _digest, ...rest } = config;
    await writeFile(join(directory, 'config.json'), JSON.stringify(rest));
    const { tensors, metadata } = await openSafetensors(path);
    const items = tensors.get('items')!;
    const data = (items.data as Uint16Array).slice();
    data[7] = 0xfc00;
    await writeSafetensors(path, { ...Object.fromEntries(tensors), items: { ...items, data } }, metadata);
    await expect(openModel(directory)).rejects.toThrow(
      'tensor "items", row 2, column 1: -Infinity, expected a finite number',
    );
  });

  it('can be imported from the file of another program', async () => {
    const file = join(folder, 'vectors.safetensors');
    const table = (...bits: number[]) => ({ shape: [2, 2], type: 'F16' as const, data: Uint16Array.from(bits) });
    await writeSafetensors(file, { users: table(0x3c00, 0xc000, 1, 0), items: table(0x7bff, 0x3800, 0x3555, 0x8000) });
    const { model } = await importEmbeddings({ users: file, items: file, score: 'dot' });
    expect(Array.from(model.users.data)).toEqual([1, -2, 2 ** -24, 0]);
    expect(Array.from(model.items.data)).toEqual([65504, 0.5, (1 + 0x155 / 1024) / 4, -0]);
  });
});
