import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { firstNotFinite } from '../../src/array/finite.ts';
import { matrix } from '../../src/array/matrix.ts';
import { openModel as openByAddress } from '../../src/browser/open-model.ts';
import { checkModel } from '../../src/cli/check-model.ts';
import { createModel } from '../../src/model/model.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { ReadingCheck } from '../../src/model/reading-check.ts';
import { openSafetensors, writeSafetensors } from '../../src/model/safetensors.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { rejectionOf } from '../support/error-of.ts';
import { draws } from '../support/property-seed.ts';
import { randomModel } from '../support/random-model.ts';
import { check, completeModel, flipModel } from './damage-case.ts';

let folder: string;
let directory: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-damage-'));
  directory = join(folder, 'model');
});
afterEach(() => rm(folder, { recursive: true }));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The model as a version without digests wrote it. */
async function withoutDigests(at: string): Promise<void> {
  const path = join(at, 'config.json');
  const { files: _files, digest: _digest, ...config } = JSON.parse(await readFile(path, 'utf8'));
  await writeFile(path, JSON.stringify(config));
}

describe('a complete model', () => {
  let complete: Awaited<ReturnType<typeof completeModel>>;
  beforeAll(async () => {
    complete = await completeModel();
  });
  afterAll(() => rm(complete.folder, { recursive: true }));

  it('is whole, and every file is checked', async () => {
    const found = await checkModel(complete.directory);
    const names = (await readdir(complete.directory)).sort();
    expect(found).toMatchObject({ whole: true, digests: true });
    expect(found.files.map(({ name }) => name).sort()).toEqual(names);
    expect(names.length).toBe(8);
    expect(found.files.filter(({ state }) => state !== 'whole')).toEqual([]);
  });

  it('lists the SHA-256 of its files', async () => {
    const { files } = JSON.parse(await readFile(join(complete.directory, 'config.json'), 'utf8'));
    expect(Object.keys(files).length).toBe(5);
    for (const [name, digest] of Object.entries(files)) {
      const bytes = await readFile(join(complete.directory, name));
      expect(digest).toEqual({ bytes: bytes.length, sha256: sha256(bytes) });
    }
  });

  it('a flipped bit anywhere is an error that names the file', async () => {
    const { flips, missed } = await flipModel(complete.directory, 12, 20240513);
    expect(missed).toEqual([]);
    expect(flips).toBe(8 * (12 + 2));
    await check(complete.directory);
  });
});

describe('the files of a model', () => {
  it('of a version without digests open; the check says that there are none', async () => {
    await saveModel(directory, randomModel({ titles: true }));
    await withoutDigests(directory);
    expect((await openModel(directory)).items.rows).toBe(9);
    const found = await checkModel(directory);
    expect(found).toMatchObject({ whole: true, digests: false });
    expect(found.files.map(({ state }) => state)).toEqual(['no-digest', 'no-digest', 'no-digest', 'no-digest']);
  });

  it('a list of digests without a seal is refused', async () => {
    await saveModel(directory, randomModel());
    const path = join(directory, 'config.json');
    const { digest: _digest, ...config } = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify(config));
    expect(await rejectionOf(openModel(directory))).toMatchObject({ code: 'damaged-file', facts: { path } });
  });

  it('that are missing, added or of another model are named', async () => {
    await saveModel(directory, randomModel({ seed: 1 }));
    await saveModel(join(folder, 'other'), randomModel({ seed: 2 }));
    await writeFile(join(directory, 'training.safetensors'), 'from elsewhere');
    await expect(openModel(directory, { trainingState: true })).rejects.toThrow(
      /training.safetensors: it is not part of this model: config.json does not list it/,
    );
    await expect(check(directory)).rejects.toThrow(/1 of 5 files cannot be used: training.safetensors: it is not part/);
    await rm(join(directory, 'training.safetensors'));
    // The same sizes: only the digest tells.
    await rename(join(folder, 'other/embeddings.safetensors'), join(directory, 'embeddings.safetensors'));
    expect(await rejectionOf(openModel(directory))).toMatchObject({ code: 'damaged-file' });
    await rm(join(directory, 'seen.safetensors'));
    await expect(check(directory)).rejects.toThrow(
      /embeddings.safetensors: its SHA-256 is .*; seen.safetensors: missing/,
    );
  });

  it('that stay when a model is replaced keep their digests', async () => {
    const others = { 'test.csv': (path: string) => writeFile(path, 'user,item\n1,2\n') };
    await saveModel(directory, randomModel({ seed: 1 }), { others });
    await saveModel(directory, randomModel({ seed: 2 }));
    await check(directory);
    await writeFile(join(directory, 'test.csv'), 'user,item\n1,3\n');
    await expect(check(directory)).rejects.toThrow(/1 of 5 files cannot be used: test.csv/);
    await saveModel(directory, randomModel({ seed: 3 }), { others: { 'test.csv': undefined } });
    expect(await readdir(directory)).not.toContain('test.csv');
    await check(directory);
  });

  it('follow the umask', async () => {
    const before = process.umask(0o027);
    try {
      await saveModel(directory, randomModel());
    } finally {
      process.umask(before);
    }
    for (const name of await readdir(directory)) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o640);
    expect((await stat(directory)).mode & 0o777).toBe(0o750);
  });

  it.skipIf(process.platform === 'win32').each(['config.json', 'embeddings.safetensors', 'seen.safetensors'])(
    'a FIFO or a device in the place of %s is refused',
    async (name) => {
      await saveModel(directory, randomModel());
      const path = join(directory, name);
      await rm(path);
      execFileSync('mkfifo', [path]);
      await expect(openModel(directory)).rejects.toThrow(new RegExp(`${name}.*it is a FIFO, expected a file`));
      await rm(path);
      await symlink('/dev/zero', path);
      await expect(openModel(directory)).rejects.toThrow(new RegExp(`${name}.*it is a device, expected a file`));
      await rm(path);
      await mkdir(path);
      await expect(openModel(directory)).rejects.toThrow(name);
    },
  );
});

describe('numbers that are not finite', () => {
  it('are found wherever they are', () => {
    const special = fc.constantFrom(Number.NaN, Infinity, -Infinity);
    const finite = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 40 }), fc.nat(60), special, (values, at, value) => {
        const data = Float32Array.from(values);
        expect(firstNotFinite(data)).toBe(-1);
        if (at < data.length) data[at] = value;
        expect(firstNotFinite(data)).toBe(at < data.length ? at : -1);
        expect(firstNotFinite(data, 0, at)).toBe(-1);
      }),
    );
    expect(firstNotFinite(Float32Array.of(3.4e38, -3.4e38, 1e-45, 0, -0))).toBe(-1);
  });

  it.each([Number.NaN, Infinity, -Infinity])('%s is refused when a model is made, saved and opened', async (value) => {
    const model = randomModel({ items: 5, dimension: 3 });
    const items = matrix(5, 3, model.items.data.slice());
    items.data[7] = value;
    const { popularity: _popularity, ...parts } = model;
    const message = `items, row 2, column 1: ${value}, expected a finite number`;
    expect(() => createModel({ ...parts, items })).toThrow(message);
    await expect(saveModel(directory, { ...model, items })).rejects.toThrow(message);
    // A model of a version that did not check.
    await saveModel(directory, model);
    const path = join(directory, 'embeddings.safetensors');
    const table = ({ rows, columns, data }: typeof items) => ({ shape: [rows, columns], data });
    await writeSafetensors(path, { users: table(model.users), items: table(items) });
    await withoutDigests(directory);
    const error = await rejectionOf(openModel(directory));
    expect(error.code).toBe('bad-model');
    expect(error.message).toContain(`embeddings.safetensors: tensor "items", row 2, column 1: ${value}`);
    expect((await rejectionOf(Recommender.open(directory, { engine: 'reference' }))).code).toBe('bad-model');
    await expect(check(directory)).rejects.toThrow(/row 2, column 1/);
  });
});

describe('the check of a file that is being read', () => {
  it('finds the same in this thread and in its own, in pieces of any length', async () => {
    const inThread = new ReadingCheck(Infinity);
    const here = new ReadingCheck(0);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 10_000 }), { maxLength: 4 }),
        fc.uint8Array({ maxLength: 20 }),
        fc.array(fc.nat(20_000), { maxLength: 5 }),
        async (contents, head, cuts) => {
          // a tensor of floats from each
          let bytes = 0;
          const parts = contents.map((content) => {
            const buffer = new SharedArrayBuffer(content.length - (content.length % 4));
            new Uint8Array(buffer).set(content.subarray(0, buffer.byteLength));
            const begin = bytes;
            bytes += buffer.byteLength;
            return { begin, end: bytes, buffer };
          });
          const finite = parts.map((part, n) => ({ ...part, name: `${n}`, type: 'F32' as const, at: 0 }));
          const bad = parts.flatMap(({ buffer }, n) => {
            const element = new Float32Array(buffer).findIndex((x) => !Number.isFinite(x));
            return element < 0 ? [] : [{ tensor: `${n}`, element }];
          });
          const expected = {
            sha256: sha256(Buffer.concat([head, ...parts.map(({ buffer }) => new Uint8Array(buffer))])),
            ...(bad.length > 0 && { notFinite: bad[0] }),
          };
          for (const check of [inThread, here]) {
            const reading = check.begin([head], parts, { hash: true, finite });
            const ends = cuts.filter((cut) => cut < bytes).sort((a, b) => a - b);
            for (const end of [...ends, bytes]) reading.read(end);
            expect(await reading.result()).toEqual(expected);
          }
        },
      ),
      draws(60),
    );
    inThread.close();
  });

  it('of a large model finds a flipped bit in each of its files', async () => {
    // More than the 4 MiB from which a thread checks.
    await saveModel(directory, randomModel({ users: 200, items: 30_000, dimension: 48, density: 0.001 }));
    expect((await openModel(directory)).items.rows).toBe(30_000);
    for (const name of ['embeddings', 'ids', 'seen']) {
      const path = join(directory, `${name}.safetensors`);
      const whole = await readFile(path);
      const flipped = Buffer.from(whole);
      flipped[flipped.length - 3]! ^= 2;
      await writeFile(path, flipped);
      await expect(openModel(directory)).rejects.toThrow(`${name}.safetensors`);
      await expect(Recommender.open(directory, { threads: 1 })).rejects.toThrow(`${name}.safetensors`);
      await writeFile(path, whole);
    }
    await (await Recommender.open(directory, { threads: 1 })).close();
  });

  it('a signed file contains its own digest', async () => {
    const path = join(folder, 'signed.safetensors');
    const written = await writeSafetensors(
      path,
      { a: { shape: [2], data: Float32Array.of(1, 2) } },
      {},
      { signed: true },
    );
    const { metadata } = await openSafetensors(path, { signed: true });
    expect(metadata.sha256).toBe(written.sha256);
    const zeros = (await readFile(path, 'latin1')).replace(written.sha256, '0'.repeat(64));
    expect(sha256(Buffer.from(zeros, 'latin1'))).toBe(written.sha256);
    expect(written.bytes).toBe(zeros.length);
  });
});

describe('in a browser', () => {
  /** Serves the folder to `fetch`, with one bit of a file flipped. */
  function serve(flipped?: string) {
    vi.stubGlobal('fetch', async (url: string) => {
      const name = new URL(url).pathname.split('/').at(-1)!;
      const bytes = await readFile(join(directory, name));
      if (name === flipped) bytes[bytes.length - 9]! ^= 1;
      return new Response(bytes);
    });
  }
  afterEach(() => vi.unstubAllGlobals());

  it.each(['with Web Crypto', 'without'])('digests are checked %s', async (crypto) => {
    await saveModel(directory, randomModel({ titles: true }));
    if (crypto === 'without') vi.stubGlobal('crypto', {});
    serve();
    expect((await openByAddress('http://localhost/model')).items.rows).toBe(9);
    for (const name of ['config.json', 'embeddings.safetensors', 'ids.safetensors', 'seen.safetensors']) {
      serve(name);
      await expect(openByAddress('http://localhost/model')).rejects.toThrow(name);
    }
  });
});
