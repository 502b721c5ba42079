import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { afterAll, describe, expect, test } from 'vitest';
import { openModel, saveModel } from '../../src/browser/open-model.ts';
import { zipModel } from '../../src/browser/zip-model.ts';
import type { Dataset } from '../../src/data/build-dataset.ts';
import type { Model } from '../../src/model/model.ts';
import { openModel as openInNode, saveModel as saveInNode } from '../../src/model/model-directory.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { train } from '../../src/training/train.ts';
import { rejectionOf } from '../support/error-of.ts';
import { emptyTree, type Limit, memoryFolder, type Tree } from '../support/memory-folder.ts';
import { randomModel } from '../support/random-model.ts';
import { shop } from './modules/shop.mjs';

const folder = mkdtempSync(join(tmpdir(), 'taurec-page-models-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The versions that both programs state: a browser has no version of Node. */
const versions = { taurec: '0.0.0', node: '20' };
const stated = (model: Model): Model => ({ ...model, config: { ...model.config, versions } });

/** A trained model with everything that a model can have: a catalogue and what it tells, titles, neighbours, a validation part, the training state. */
async function trainedOfShop(): Promise<Model> {
  const trained = await train(shop({ validRatio: 0.1 }) as unknown as Dataset, {
    dimension: 8,
    epochs: 2,
    neighbors: 5,
    threads: 1,
    keepState: true,
  });
  await trained.close();
  return stated(trained.model);
}

/** The model, to be stored in 16 bits. */
const ofHalves = (model: Model): Model => ({ ...model, config: { ...model.config, precision: 'f16' } });

const models: [name: string, model: () => Model | Promise<Model>][] = [
  ['with everything', trainedOfShop],
  ['plain', () => randomModel({ users: 5, items: 7 })],
  ['with biases, titles, a validation part', () => randomModel({ biased: true, titles: true, validation: true })],
  ['with neighbours', () => randomModel({ users: 30, items: 20, neighbors: true })],
  ['of 16 bits, with everything', async () => ofHalves(await trainedOfShop())],
  ['of 16 bits, with biases', () => ofHalves(randomModel({ users: 5, items: 7, dimension: 3, biased: true }))],
];

/** The files of a folder by name. */
const filesIn = (path: string) =>
  Object.fromEntries(readdirSync(path).map((name) => [name, new Uint8Array(readFileSync(join(path, name)))]));

describe.each(models)('a model %s', (name, make) => {
  const path = join(folder, name.replaceAll(' ', '-'));

  test('has in a folder of the browser, and in a zip, the bytes that Node writes', async () => {
    const model = await make();
    await saveInNode(path, model);
    const expected = filesIn(path);
    const tree = emptyTree();
    await saveModel(memoryFolder(tree), model);
    expect(Object.fromEntries(tree.files)).toEqual(expected);
    expect(tree.folders.size).toBe(0);
    const zip = await zipModel(model);
    expect(unzipSync(new Uint8Array(await zip.arrayBuffer()))).toEqual(expected);
    expect(await (await zipModel(model)).arrayBuffer()).toEqual(await zip.arrayBuffer());
  });

  test('opens from both as Node opens it, training state included', async () => {
    const model = await make();
    const tree = emptyTree();
    await saveModel(memoryFolder(tree), model);
    const expected = await openInNode(path, { trainingState: true });
    expect(await openModel(memoryFolder(tree), { trainingState: true })).toEqual(expected);
    expect(await openModel(await zipModel(model), { trainingState: true })).toEqual(expected);
    expect(await openModel(memoryFolder(tree))).not.toHaveProperty('trainingState');
  });

  test('comes out of a zip as Node and any program of safetensors read it', async () => {
    const at = join(folder, `${name.replaceAll(' ', '-')}-unzipped`);
    const entries = unzipSync(new Uint8Array(await (await zipModel(await make())).arrayBuffer()));
    for (const [file, bytes] of Object.entries(entries)) {
      mkdirSync(dirname(join(at, file)), { recursive: true });
      writeFileSync(join(at, file), bytes);
    }
    expect(await openInNode(at)).toEqual(await openInNode(path));
  });
});

describe('a save in a folder of a browser', () => {
  const [older, newer] = [
    randomModel({ neighbors: true, users: 12, items: 10 }),
    randomModel({ seed: 2, titles: true }),
  ];
  /** The folder with the older model, its index and a file of the user. */
  async function start(): Promise<Tree> {
    const tree = emptyTree();
    await saveModel(memoryFolder(tree), older);
    tree.files.set('index-0123456789abcdef.usearch', new Uint8Array(3));
    tree.files.set('notes.txt', new Uint8Array(2));
    return tree;
  }
  const embeddingsOf = async (tree: Tree) => (await openModel(memoryFolder(tree))).users.data;

  for (const canMove of [true, false]) {
    for (const refuses of ['always', 'once'] as const) {
      const end = refuses === 'always' ? 'the page ends' : 'the storage is full';
      test(`leaves the old or the new model wherever ${end}${canMove ? '' : ', without moves'}`, async () => {
        const seen = new Set<string>();
        for (let changes = 0; ; changes++) {
          const tree = await start();
          const limit: Limit = { changes, error: 'QuotaExceededError', refuses };
          const fault = await saveModel(memoryFolder(tree, limit, canMove), newer).catch((error: unknown) => error);
          const got = await embeddingsOf(tree);
          const isNew = got.length === newer.users.data.length;
          expect(got).toEqual(isNew ? newer.users.data : older.users.data);
          seen.add(`${isNew ? 'new' : 'old'}${fault ? ', refused' : ''}`);
          if (fault) expect(fault).toMatchObject({ code: 'cannot-write' });
          // The next save finds its way, whatever the last one left.
          await saveModel(memoryFolder(tree, undefined, canMove), newer);
          expect(await embeddingsOf(tree)).toEqual(newer.users.data);
          expect([...tree.files.keys()].sort()).toEqual(
            ['config.json', 'embeddings.safetensors', 'ids.safetensors', 'notes.txt', 'seen.safetensors'].sort(),
          );
          expect(tree.folders.size).toBe(0);
          if (!fault) break;
        }
        expect([...seen].sort()).toEqual(expect.arrayContaining(['new', 'old, refused']));
      });
    }
  }

  test('says that the storage is full, and what to do', async () => {
    const limit: Limit = { changes: 3, error: 'QuotaExceededError', refuses: 'once' };
    const error = await rejectionOf(saveModel(memoryFolder(emptyTree(), limit), newer));
    expect(error.message).toMatch(/^films: cannot be written: the storage .* is full.*\. Remove models .* zip/);
  });

  test('keeps other files and their digests', async () => {
    const path = join(folder, 'with-test-part');
    const others = { 'test.csv': async (at: string) => writeFileSync(at, 'user,item\n') };
    await saveInNode(path, older, { others });
    const tree = emptyTree();
    for (const [name, bytes] of Object.entries(filesIn(path))) tree.files.set(name, bytes);
    await saveModel(memoryFolder(tree), newer);
    await saveInNode(path, newer);
    expect(Object.fromEntries(tree.files)).toEqual(filesIn(path));
    expect(Object.keys((await openModel(memoryFolder(tree))).config.files!)).toContain('test.csv');
  });

  test('refuses a folder of something else, and what is no folder', async () => {
    const tree = emptyTree();
    tree.files.set('thesis.doc', new Uint8Array(1));
    await expect(saveModel(memoryFolder(tree), newer)).rejects.toMatchObject({ code: 'not-a-model' });
    expect([...tree.files.keys()]).toEqual(['thesis.doc']);
    await expect(saveModel('models/films' as never, newer)).rejects.toMatchObject({ code: 'bad-option' });
    await expect(saveInNode(memoryFolder(tree) as never, newer)).rejects.toMatchObject({ code: 'bad-option' });
    await expect(Recommender.open(memoryFolder(tree))).rejects.toMatchObject({ code: 'bad-option' });
  });
});

describe('a place that is no model', () => {
  const zipOf = async (change: (files: Record<string, Uint8Array>) => Record<string, Uint8Array>, level: 0 | 9 = 0) => {
    const entries = unzipSync(new Uint8Array(await (await zipModel(randomModel())).arrayBuffer()));
    return new File([zipSync(change(entries), { level }) as Uint8Array<ArrayBuffer>], 'films.zip');
  };
  const codeOf = (place: Parameters<typeof openModel>[0]) => rejectionOf(openModel(place));

  test('a zip with the folder itself is fine, also with what macOS adds', async () => {
    const zip = await zipOf((files) => ({
      '__MACOSX/films/._config.json': new Uint8Array(5),
      ...Object.fromEntries(Object.entries(files).map(([name, bytes]) => [`home/films/${name}`, bytes])),
    }));
    expect((await openModel(zip)).users.data).toEqual(randomModel().users.data);
  });

  test('a zip without config.json, another file, an empty folder', async () => {
    const without = await zipOf(({ 'config.json': _, ...rest }) => rest);
    expect(await codeOf(without)).toMatchObject({
      code: 'no-model',
      message: expect.stringMatching(/films\.zip.*the zip has no config\.json/),
    });
    const text = new File(['user,item\n'], 'log.csv');
    expect(await codeOf(text)).toMatchObject({
      code: 'no-model',
      message: expect.stringMatching(/log\.csv.*it is not a zip file/),
    });
    expect(await codeOf(memoryFolder(emptyTree()))).toMatchObject({
      code: 'no-model',
      message: expect.stringMatching(/it has no config\.json/),
    });
    expect(await codeOf(7 as never)).toMatchObject({ code: 'bad-option' });
  });

  test('a zip that would fill the memory is not unpacked; files that are not of a model never are', async () => {
    const zeros = new Uint8Array(2 ** 26);
    const bomb = await zipOf((files) => ({ ...files, 'embeddings.safetensors': zeros }), 9);
    expect(bomb.size).toBeLessThan(2 ** 20);
    await expect(openModel(bomb)).rejects.toMatchObject({
      code: 'damaged-file',
      message: expect.stringMatching(/its files take more than 100 times its size/),
    });
    const beside = await zipOf((files) => ({ ...files, 'film.bin': zeros }), 9);
    expect((await openModel(beside)).users.data).toEqual(randomModel().users.data);
  });

  test('a zip cut short anywhere, or with another bit anywhere in its files, is an error', async () => {
    const whole = new Uint8Array(await (await zipOf((files) => files)).arrayBuffer());
    for (let end = 2; end < whole.length; end += 97) {
      const { code } = await codeOf(new Blob([whole.slice(0, end)]));
      expect(['damaged-file', 'no-model', 'bad-safetensors']).toContain(code);
    }
    const lacks = await zipOf(({ 'ids.safetensors': _, ...rest }) => rest);
    expect(await codeOf(lacks)).toMatchObject({
      code: 'bad-safetensors',
      message: expect.stringMatching(/ids\.safetensors.*it does not exist/),
    });
    const entries = unzipSync(whole);
    for (const name of Object.keys(entries)) {
      for (let at = 0; at < entries[name]!.length; at += 41) {
        const changed = await zipOf((files) => {
          files[name]![at]! ^= 4;
          return files;
        });
        expect(['damaged-file', 'no-model', 'bad-model', 'bad-safetensors', 'newer-model']).toContain(
          (await codeOf(changed)).code,
        );
      }
    }
  });
});
