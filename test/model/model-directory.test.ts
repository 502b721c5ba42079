import { spawnSync } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { csrHas, csrRow } from '../../src/array/csr.ts';
import { matrix, row } from '../../src/array/matrix.ts';
import { createModel, type Model, trainedItems } from '../../src/model/model.ts';
import { checkModelTarget, isSameModel, openModel, saveModel } from '../../src/model/model-directory.ts';
import { writeSafetensors } from '../../src/model/safetensors.ts';
import { replaceFolder } from '../../src/platform/replace-folder.ts';
import { rejectionOf } from '../support/error-of.ts';
import { draws } from '../support/property-seed.ts';
import { randomModel } from '../support/random-model.ts';

const files = ['config.json', 'embeddings.safetensors', 'ids.safetensors', 'seen.safetensors'];
let folder: string;
let directory: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-model-'));
  directory = join(folder, 'model');
});
afterEach(() => rm(folder, { recursive: true }));

const ids = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1, maxLength: 12 });

function expectSame(opened: Model, saved: Model) {
  expect(opened.config).toMatchObject(saved.config);
  for (const table of ['users', 'items'] as const) {
    expect(opened[table].rows).toBe(saved[table].rows);
    for (let r = 0; r < saved[table].rows; r++) expect(row(opened[table], r)).toEqual(row(saved[table], r));
  }
  expect(opened.itemBias).toEqual(saved.itemBias);
  expect([...opened.userIds]).toEqual([...saved.userIds]);
  expect([...opened.itemIds]).toEqual([...saved.itemIds]);
  for (const id of saved.itemIds) expect(opened.itemIds.indexOf(id)).toBe(saved.itemIds.indexOf(id));
  expect(opened.seen).toEqual({ ...saved.seen, values: undefined });
  expect(opened.validation).toEqual(saved.validation && { ...saved.validation, values: undefined });
  expect(opened.popularity).toEqual(saved.popularity);
  for (let i = 0; i < saved.items.rows; i++) expect(opened.titles?.at(i)).toBe(saved.titles?.at(i));
}

describe('model directory', () => {
  it('opens what was saved, whatever the ids', async () => {
    await fc.assert(
      fc.asyncProperty(
        ids,
        ids,
        fc.boolean(),
        fc.boolean(),
        fc.boolean(),
        fc.integer(),
        async (userIds, itemIds, titles, validation, biased, seed) => {
          const saved = randomModel({ userIds, itemIds, titles, validation, biased, seed });
          await saveModel(directory, saved);
          expectSame(await openModel(directory), saved);
        },
      ),
      draws(25),
    );
    expect((await readdir(directory)).sort()).toEqual(files);
    expect(await readdir(folder)).toEqual(['model']);
  });

  it('writes rows without their padding', async () => {
    const saved = randomModel({ items: 5, dimension: 3 });
    const padded = matrix(5, 3, new Float32Array(5 * 8).fill(9), 8);
    for (let r = 0; r < 5; r++) row(padded, r).set(row(saved.items, r));
    await saveModel(directory, { ...saved, items: padded });
    expectSame(await openModel(directory), saved);
  });

  it('config.json says how the model came about', async () => {
    const model = randomModel({ score: 'dot' });
    const { versions, ...config } = model.config;
    await saveModel(directory, { ...model, config: { ...config, training: { tau: Number.POSITIVE_INFINITY } } });
    const written = JSON.parse(await readFile(join(directory, 'config.json'), 'utf8'));
    expect(written).toMatchObject({
      format: 'taurec-model',
      version: 1,
      users: 4,
      items: 9,
      dimension: 3,
      score: 'dot',
    });
    expect(written.interactions).toBe(model.seen.indices.length);
    expect(written.training).toEqual({ tau: 'inf' });
    expect(written.versions.taurec).toBe(JSON.parse(await readFile('package.json', 'utf8')).version);
    expect(written.versions.node).toBe(process.versions.node);
    expect(versions).toBeDefined();
  });

  it('arrays are views of shared memory', async () => {
    await saveModel(directory, randomModel());
    const { users, items, seen, userIds } = await openModel(directory);
    const arrays = [users.data, items.data, seen.offsets, seen.indices, userIds.bytes, userIds.order];
    for (const { buffer } of arrays) expect(buffer).toBeInstanceOf(SharedArrayBuffer);
    // each of its own: an engine takes over the users without keeping the items a second time
    expect(new Set(arrays.map(({ buffer }) => buffer)).size).toBe(arrays.length);
  });

  it('replaces an older model and keeps what else lies in its folder', async () => {
    await saveModel(directory, randomModel({ items: 5 }));
    await writeFile(join(directory, 'notes.txt'), 'mine');
    await saveModel(directory, randomModel({ items: 6 }));
    expect((await openModel(directory)).items.rows).toBe(6);
    expect(await readFile(join(directory, 'notes.txt'), 'utf8')).toBe('mine');
    expect(await readdir(folder)).toEqual(['model']);
  });

  it('saves into a missing, an empty, or a folder of checkpoints', async () => {
    await saveModel(join(folder, 'a', 'b', 'model'), randomModel());
    expect((await openModel(join(folder, 'a', 'b', 'model'))).items.rows).toBe(9);
    await mkdir(join(directory, 'checkpoints'), { recursive: true });
    await saveModel(directory, randomModel());
    expect((await readdir(directory)).sort()).toEqual(['checkpoints', ...files]);
  });

  it('refuses to overwrite anything else, and leaves it as it was', async () => {
    await mkdir(directory);
    await writeFile(join(directory, 'config.json'), '{"format":"other"}');
    await writeFile(join(directory, 'thesis.tex'), 'years of work');
    await expect(saveModel(directory, randomModel())).rejects.toThrow(
      /is not a taurec model: it holds config.json, thesis.tex/,
    );
    expect(await readFile(join(directory, 'thesis.tex'), 'utf8')).toBe('years of work');
    expect(await readdir(folder)).toEqual(['model']);
    await expect(checkModelTarget(join(directory, 'thesis.tex'))).rejects.toMatchObject({ code: 'not-a-model' });
  });

  it('refuses every file cut short, wherever it is cut', async () => {
    const model = randomModel({ titles: true, validation: true });
    await saveModel(directory, model);
    for (const file of files) {
      const path = join(directory, file);
      const whole = await readFile(path);
      // Every section of a file is hit: steps are shorter than the shortest.
      for (let length = 0; length < whole.length - 1; length += 5) {
        await writeFile(path, whole);
        await truncate(path, length);
        await expect(openModel(directory), `${file} at ${length}`).rejects.toThrow(file);
      }
      await writeFile(path, whole);
    }
    expectSame(await openModel(directory), model);
  });

  it('follows a symbolic link to a model, which stays', async () => {
    const [older, newer] = [randomModel({ seed: 1 }), randomModel({ seed: 2 })];
    await saveModel(join(folder, 'release'), older);
    await writeFile(join(folder, 'release/test.csv'), 'kept');
    await symlink(join(folder, 'release'), directory);
    await saveModel(directory, newer);
    expect((await lstat(directory)).isSymbolicLink()).toBe(true);
    expect((await readdir(folder)).sort()).toEqual(['model', 'release']);
    expect(await readFile(join(folder, 'release/test.csv'), 'utf8')).toBe('kept');
    expectSame(await openModel(directory), newer);
  });

  it('knows two paths to one model', async () => {
    await saveModel(directory, randomModel({}));
    await symlink(directory, join(folder, 'link'));
    await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
    const version = {
      name: 'v1',
      published: new Date(0).toISOString(),
      users: 1,
      items: 1,
      interactions: 1,
      metrics: {},
    };
    const versions = { format: 'taurec-versions', current: 'v1', versions: [version], history: [] };
    await mkdir(join(folder, 'versions'));
    await writeFile(join(folder, 'versions/versions.json'), JSON.stringify(versions));
    await saveModel(join(folder, 'versions/v1'), randomModel({}));
    const same = (one: string, other: string) => isSameModel(join(folder, one), join(folder, other));
    expect(await same('model', 'link/../link')).toBe(true);
    expect(await same('link', 'model')).toBe(true);
    expect(await same('versions', 'versions/v1')).toBe(true);
    expect(await same('model', 'versions')).toBe(false);
    expect(await same('model', 'dangling')).toBe(false);
    expect(await same('model', 'new')).toBe(false);
  });

  it('a replacement that fails leaves everything as it was', async () => {
    const [finished, target] = [join(folder, 'finished'), join(folder, 'target')];
    for (const name of [finished, target]) await mkdir(name);
    for (const name of ['a', 'b', 'old']) await writeFile(join(target, name), name);
    let asked = 0;
    const isReplaced = (name: string) => {
      if (++asked === 3) throw new Error('no');
      return name === 'old';
    };
    await expect(replaceFolder(target, finished, isReplaced)).rejects.toThrow('no');
    expect((await readdir(target)).sort()).toEqual(['a', 'b', 'old']);
    expect(await readdir(finished)).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(['finished', 'target']);
  });

  describe('between the two renames of saveModel', () => {
    /** A process that has ended. */
    const dead = spawnSync(process.execPath, ['--version']).pid;
    const [older, newer] = [randomModel({ seed: 1 }), randomModel({ seed: 2 })];
    const aside = (pid: number, digits: string) => `${directory}.${pid}-${digits}.tmp`;
    async function killed(pid: number) {
      await saveModel(directory, older);
      await writeFile(join(directory, 'checkpoint.tck'), 'kept');
      await rename(directory, aside(pid, 'ffffffff'));
      await saveModel(directory, newer);
      await rename(directory, aside(pid, '00000000'));
    }

    it('a kill leaves the newer model, and what lay beside the older', async () => {
      await killed(dead);
      expectSame(await openModel(directory), newer);
      expect(await readdir(folder)).toEqual(['model']);
      expect(await readFile(join(directory, 'checkpoint.tck'), 'utf8')).toBe('kept');
    });

    it('a kill while another folder is half written leaves the older model', async () => {
      await saveModel(directory, older);
      await rename(directory, aside(dead, 'ffffffff'));
      await mkdir(aside(dead, '00000000'));
      expectSame(await openModel(directory), older);
    });

    it('nothing is moved while the writer lives', async () => {
      await killed(process.pid);
      const names = await readdir(folder);
      const error = await rejectionOf(openModel(directory));
      expect(error.code).toBe('no-model');
      for (const name of names) expect(error.message).toContain(name);
      expect(await readdir(folder)).toEqual(names);
    });
  });

  it('names the file that is missing', async () => {
    await expect(openModel(directory)).rejects.toThrow(/model: not a taurec model: it has no config.json/);
    await saveModel(directory, randomModel());
    await rm(join(directory, 'seen.safetensors'));
    await expect(openModel(directory)).rejects.toThrow(
      /seen.safetensors: not a readable safetensors file: it does not exist/,
    );
  });

  it.each<[string, string, string, RegExp]>([
    ['a foreign config', '{"format":"gguf"}', 'no-model', /format "gguf", expected "taurec-model"/],
    ['no object', 'null', 'no-model', /format undefined/],
    ['no JSON', 'a: 1', 'bad-model', /config.json: not JSON/],
    ['a newer version', '{"format":"taurec-model","version":4}', 'newer-model', /version 4, this taurec reads up to 3/],
    ['missing fields', '{"format":"taurec-model","version":1}', 'bad-model', /dimension: /],
  ])('refuses %s', async (_, config, code, message) => {
    await saveModel(directory, randomModel());
    await writeFile(join(directory, 'config.json'), config);
    await expect(openModel(directory)).rejects.toMatchObject({ code });
    await expect(openModel(directory)).rejects.toThrow(message);
  });

  it('refuses files that do not fit one another', async () => {
    await saveModel(directory, randomModel({ items: 9 }));
    const other = join(folder, 'other');
    await saveModel(other, randomModel({ items: 8 }));
    for (const file of files.slice(1)) {
      const own = await readFile(join(directory, file));
      await writeFile(join(directory, file), await readFile(join(other, file)));
      await expect(openModel(directory), file).rejects.toThrow(file);
      await writeFile(join(directory, file), own);
    }
  });

  it('refuses indices that point outside', async () => {
    const model = randomModel({ users: 1, items: 2, density: 1 });
    await saveModel(directory, model);
    const list = (data: Int32Array) => ({ shape: [data.length], data });
    const popularity = list(model.popularity);
    const path = join(directory, 'seen.safetensors');
    await writeSafetensors(path, {
      'seen.offsets': list(new Int32Array([0, 2])),
      'seen.indices': list(new Int32Array([0, 2])),
      popularity,
    });
    await expect(openModel(directory)).rejects.toThrow(
      /seen.safetensors: seen items: entry 1 is 2, expected a number below 2/,
    );
    await writeSafetensors(path, {
      'seen.offsets': list(new Int32Array([1, 2])),
      'seen.indices': list(new Int32Array([0, 1])),
      popularity,
    });
    await expect(openModel(directory)).rejects.toThrow(
      /seen.safetensors: seen items: offsets run from 1 to 2, expected 0 to 2/,
    );
  });

  it('trainedItems are the seen ones that were not held out', () => {
    const model = randomModel({ validation: true });
    const trained = trainedItems(model);
    for (let user = 0; user < 4; user++) {
      const expected = Array.from(csrRow(model.seen, user)).filter((item) => !csrHas(model.validation!, user, item));
      expect(Array.from(csrRow(trained, user))).toEqual(expected);
    }
    expect(trained.indices.length).toBe(model.seen.indices.length - model.validation!.indices.length);
    expect(trainedItems(randomModel())).toEqual(randomModel().seen);
  });

  it('createModel refuses parts that do not fit', () => {
    const model = randomModel();
    expect(() => createModel({ ...model, items: matrix(3, 3) })).toThrow(/number of item ids: 9, expected 3/);
    expect(() => createModel({ ...model, users: matrix(4, 2) })).toThrow(
      /columns of the user embeddings: 2, expected 3/,
    );
    const biased = (...bias: number[]) => createModel({ ...model, itemBias: Float32Array.from(bias) });
    expect(() => biased(1, 2)).toThrow(/number of item biases: 2, expected 9/);
    expect(() => biased(0, 0, Number.NaN, 0, 0, 0, 0, 0, 0)).toThrow(/bias of item 2: NaN, expected a finite number/);
  });
});
