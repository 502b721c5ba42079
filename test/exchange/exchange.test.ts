import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { csrEntryRows } from '../../src/array/csr.ts';
import { row } from '../../src/array/matrix.ts';
import type { Interactions } from '../../src/data/interactions.ts';
import { openReferenceEngine } from '../../src/engine/reference/reference-engine.ts';
import { type EmbeddingFormat, exportEmbeddings } from '../../src/exchange/export-embeddings.ts';
import { type ImportEmbeddingsOptions, importEmbeddings } from '../../src/exchange/import-embeddings.ts';
import { npyHead } from '../../src/exchange/npy-format.ts';
import { floatText, MOST_JSON_NUMBERS } from '../../src/exchange/write-json.ts';
import type { Model } from '../../src/model/model.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { writeSafetensors } from '../../src/model/safetensors.ts';
import { Recommender } from '../../src/recommender/recommender.ts';
import { rejectionOf } from '../support/error-of.ts';
import { draws } from '../support/property-seed.ts';
import { type RandomModelOptions, randomModel } from '../support/random-model.ts';
import { expectSameModel } from '../support/same-model.ts';

let folder: string;
let number = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-exchange-'));
});
afterAll(() => rm(folder, { recursive: true }));
const fresh = (name = '') => join(folder, `${number++}${name}`);

async function written(name: string, content: string | Uint8Array): Promise<string> {
  const path = fresh(name);
  await writeFile(path, content);
  return path;
}

/** Where an export's tables are, as `importEmbeddings` takes them. */
function sources(format: EmbeddingFormat, path: string): Pick<ImportEmbeddingsOptions, 'users' | 'items' | 'userIds'> {
  const ids = { userIds: join(path, 'user-ids.jsonl'), itemIds: join(path, 'item-ids.jsonl') };
  const both = (file: string) => ({ users: file, items: file });
  const itemBias = join(path, 'itemBias.npy');
  if (format === 'npy')
    return { users: join(path, 'users.npy'), items: join(path, 'items.npy'), ...ids, ...{ itemBias } };
  if (format === 'safetensors') return { ...both(join(path, 'embeddings.safetensors')), ...ids };
  if (format === 'parquet') return { users: join(path, 'users.parquet'), items: join(path, 'items.parquet') };
  return both(path);
}

/** The model's seen items as a log. */
function logOf({ seen, userIds, itemIds }: Model): Interactions | undefined {
  if (seen.indices.length === 0) return undefined;
  const report = { rows: seen.indices.length, duplicates: 0, skipped: 0, belowMinRating: 0 };
  return { userIds, itemIds, users: csrEntryRows(seen), items: seen.indices, report, sha256: '00', source: 'made up' };
}

async function roundTrip(model: Model, format: EmbeddingFormat, raw: boolean): Promise<Model> {
  const path = fresh(format === 'json' ? '.json' : '');
  await exportEmbeddings(model, path, { format, raw });
  const { itemBias, ...rest } = sources(format, path) as ImportEmbeddingsOptions;
  const given = { ...rest, ...(model.itemBias && itemBias && { itemBias }) };
  const imported = await importEmbeddings({ ...given, score: model.config.score, train: logOf(model) });
  await rm(path, { recursive: true });
  expect(imported.report).toMatchObject({
    numbered: { users: false, items: false },
    interactions: model.seen.indices.length,
    unknown: { interactions: 0, users: 0, items: 0 },
  });
  return imported.model;
}

async function listsOf(model: Model) {
  const { users, items, config } = model;
  const plan = { users: users.rows, items: items.rows, dimension: items.columns, score: config.score };
  const recommender = Recommender.fromModel(model, await openReferenceEngine(plan));
  return [...model.userIds].map((user) => recommender.recommend(user, { k: 20 }));
}

const id = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter((text) => text.trim() !== '');
const ids = fc.uniqueArray(id, { minLength: 1, maxLength: 12, selector: (text) => Buffer.from(text).toString() });
const models = fc
  .record({
    userIds: ids,
    itemIds: ids,
    dimension: fc.integer({ min: 1, max: 9 }),
    score: fc.constantFrom<('cosine' | 'dot')[]>('cosine', 'dot'),
    seed: fc.nat(1000),
    biased: fc.boolean(),
    titles: fc.boolean(),
  })
  .map((options: RandomModelOptions) => randomModel(options));

describe.each<EmbeddingFormat>(['npy', 'safetensors', 'parquet', 'json'])('%s there and back', (format) => {
  // Opening DuckDB costs most of a second.
  const runs = draws(format === 'parquet' ? 6 : 25);

  it('raw: the same bits, ids, biases and lists', async () => {
    await fc.assert(
      fc.asyncProperty(models, async (model) => {
        const back = await roundTrip(model, format, true);
        expectSameModel(back, model);
        expect([...back.userIds]).toEqual([...model.userIds]);
        expect([...back.itemIds]).toEqual([...model.itemIds]);
        expect(back.itemBias).toEqual(model.itemBias);
        expect(back.popularity).toEqual(model.popularity);
        expect((await listsOf(back)).map((list) => list.map(({ id, score }) => ({ id, score })))).toEqual(
          (await listsOf(model)).map((list) => list.map(({ id, score }) => ({ id, score }))),
        );
      }),
      runs,
    );
  });

  it('as scored: an inner product, plus the bias, is the score', async () => {
    await fc.assert(
      fc.asyncProperty(models, fc.boolean(), async (model, foldBias) => {
        const path = fresh(format === 'json' ? '.json' : '');
        await exportEmbeddings(model, path, { format, foldBias });
        const { itemBias, ...rest } = sources(format, path) as ImportEmbeddingsOptions;
        const own = !foldBias && model.itemBias;
        const { model: back } = await importEmbeddings({ ...rest, ...(own && itemBias && { itemBias }), score: 'dot' });
        expect(back.users.columns).toBe(model.users.columns + (foldBias ? 1 : 0));
        expect(back.itemBias !== undefined).toBe(own !== undefined && own !== false);
        const product = (a: ArrayLike<number>, b: ArrayLike<number>) =>
          Array.from(a, (x, c) => x * b[c]!).reduce((sum, x) => sum + x, 0);
        for (let u = 0; u < model.users.rows; u++) {
          for (let i = 0; i < model.items.rows; i++) {
            const [x, y] = [row(model.users, u), row(model.items, i)];
            const length = model.config.score === 'cosine' ? Math.sqrt(product(x, x) * product(y, y)) : 1;
            const expected = product(x, y) / length + (model.itemBias?.[i] ?? 0);
            const got = product(row(back.users, u), row(back.items, i)) + (back.itemBias?.[i] ?? 0);
            expect(got).toBeCloseTo(expected, 4);
          }
        }
      }),
      runs,
    );
  });
});

test('an imported model is saved, opened and folds people in', async () => {
  for (const score of ['cosine', 'dot'] as const) {
    const model = randomModel({ score, users: 20, items: 30, dimension: 4, biased: true });
    const path = fresh();
    await saveModel(path, await roundTrip(model, 'safetensors', true));
    const opened = await openModel(path);
    expect(opened.config).toMatchObject({ backbone: 'imported', score, epochs: 0, training: {} });
    expect(opened.config.loss).toEqual(score === 'cosine' ? { name: 'sl', options: { tau: 0.2 } } : { name: 'bpr' });
    const recommender = await Recommender.open(path, { engine: 'reference' });
    const liked = model.itemIds.idOf(3);
    const items = recommender.recommendFor([liked], { k: 5 });
    expect(items).toHaveLength(5);
    expect(items.map(({ id }) => id)).not.toContain(liked);
    await recommender.close();
  }
});

test('floatText gives every 32-bit float back, bit for bit', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
      expect(Object.is(Math.fround(JSON.parse(floatText(x))), x)).toBe(true);
    }),
    draws(2000),
  );
});

describe('NumPy files of other makes', () => {
  /** A .npy file as NumPy would write it. */
  function npy(descr: string, shape: readonly number[], fortran: boolean, values: readonly number[], version = 1) {
    const tuple = `(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`;
    const dict = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': ${tuple}, }\n`;
    const head = Buffer.alloc(version === 1 ? 10 : 12);
    head.set([0x93, ...Buffer.from('NUMPY'), version, 0]);
    if (version === 1) head.writeUInt16LE(dict.length, 8);
    else head.writeUInt32LE(dict.length, 8);
    const size = Number(descr.slice(2));
    const data = Buffer.alloc(values.length * size);
    values.forEach((value, at) => {
      const method = `${size === 8 ? 'writeDouble' : 'writeFloat'}${descr[0] === '>' ? 'BE' : 'LE'}` as 'writeFloatLE';
      data[method](value, at * size);
    });
    return Buffer.concat([head, Buffer.from(dict), data]);
  }
  const load = async (users: Uint8Array) => {
    const items = await written('.npy', npy('<f4', [1, 3], false, [1, 1, 1]));
    return (await importEmbeddings({ users: await written('.npy', users), items, score: 'dot' })).model.users;
  };

  it('any byte order, width, array order and version', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.float(short), fc.float(short), fc.float(short)), { minLength: 1, maxLength: 6 }),
        fc.constantFrom('<f4', '>f4', '<f8', '>f8'),
        fc.boolean(),
        fc.constantFrom(1, 2, 3),
        async (rows, descr, fortran, version) => {
          const values = fortran ? [0, 1, 2].flatMap((c) => rows.map((numbers) => numbers[c]!)) : rows.flat();
          const users = await load(npy(descr, [rows.length, 3], fortran, values, version));
          expect(Array.from(users.data)).toEqual(rows.flat());
        },
      ),
      draws(40),
    );
  });

  it('.npz, by name', async () => {
    const array = (values: number[]) => new Uint8Array(npy('<f4', [1, 2], false, values));
    const packed = zipSync({ 'user_factors.npy': array([1, 2]), 'other.npy': array([3, 4]) });
    const file = await written('.npz', packed);
    const { model } = await importEmbeddings({ users: file, items: `${file}#other`, score: 'dot' });
    expect([Array.from(model.users.data), Array.from(model.items.data)]).toEqual([
      [1, 2],
      [3, 4],
    ]);
    const error = await rejectionOf(importEmbeddings({ users: `${file}#none`, items: file, score: 'dot' }));
    expect(error.message).toContain('it has no array called none; its arrays: user_factors, other.');
  });

  it.each<[string, RegExp, () => Uint8Array]>([
    ['integers', /type '<i8', expected floats/, () => npy('<i8', [1, 3], false, [1, 2, 3])],
    [
      'cut short',
      /cut short: 8 bytes of numbers, expected 12 for <f4 \[1, 3\]/,
      () => npy('<f4', [1, 3], false, [1, 2]),
    ],
    ['too long', /16 bytes of numbers, expected 12/, () => npy('<f4', [1, 3], false, [1, 2, 3, 4])],
    ['a head cut short', /header is incomplete/, () => npyHead('<f4', [1, 3]).subarray(0, 40)],
    ['one dimension', /shape is \[3\], expected two dimensions/, () => npy('<f4', [3], false, [1, 2, 3])],
    [
      'NaN',
      /row 1, column 2: got NaN, expected a finite 32-bit float/,
      () => npy('<f4', [2, 3], false, [1, 2, 3, 4, 5, Number.NaN]),
    ],
    ['too large for 32 bits', /row 0, column 1: got Infinity/, () => npy('<f8', [1, 3], false, [1, 1e300, 3])],
    ['other columns', /3 numbers, expected 2, as in/, () => npy('<f4', [1, 2], false, [1, 2])],
    ['no rows', /0 rows of 3 numbers/, () => npy('<f4', [0, 3], false, [])],
    ['records', /records/, () => Buffer.from(npy('<f4', [1, 3], false, [1, 2, 3])).fill('[', 18, 20)],
  ])('%s: an error with file and what was expected', async (_, message, file) => {
    const error = await rejectionOf(load(file()));
    expect(error.code).toBe('bad-embeddings');
    expect(error.message).toMatch(message);
  });
});

const short = { noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 } as const;

describe('texts', () => {
  const items = () => written('.csv', 'id,x,y\ni1,1,2\n');
  const usersOf = async (name: string, text: string, userIds?: string) => {
    const users = await written(name, text);
    const { model, report } = await importEmbeddings({ users, items: await items(), userIds, score: 'dot' });
    return { ids: [...model.userIds], numbers: Array.from(model.users.data), numbered: report.numbered.users };
  };
  const expected = { ids: ['a', 'b,"c'], numbers: [1, -2, 0.5, 3e-5].map(Math.fround), numbered: false };

  it.each([
    ['CSV', '.csv', 'a,1,-2\n"b,""c",0.5,3e-5\n'],
    ['CSV with names', '.csv', '\uFEFFx,user_id,y\r\n1,a,-2\r\n0.5,"b,""c",3e-5\r\n'],
    ['TSV', '.tsv', 'a\t1\t-2\n"b,""c"\t0.5\t3e-5'],
    ['CSV with a list in a field', '.csv', 'id,embedding\na,"[1, -2]"\n"b,""c","[0.5 3e-5]"\n'],
    ['word2vec', '.txt', '2 2\na 1 -2 \n"b,""c" 0.5 3e-5 \n'],
    ['JSON lines', '.jsonl', '{"id":"a","embedding":[1,-2]}\n\n{"id":"b,\\"c","embedding":[0.5,3e-5]}\n'],
    ['JSON lines, other names', '.txt', '{"vector":[1,-2],"item":"a"}\n{"vector":[0.5,3e-5],"item":"b,\\"c"}\n'],
    ['JSON', '.json', '[{"id":"a","embedding":[1,-2]},{"id":"b,\\"c","embedding":[0.5,3e-5]}]'],
  ])('%s', async (_, name, text) => {
    expect(await usersOf(name, text)).toEqual(expected);
  });

  it('ids in a file of their own', async () => {
    for (const [name, text] of [
      ['.txt', 'a\r\nb,"c\r\n'],
      ['.json', '["a", "b,\\"c"]'],
      ['.jsonl', '"a"\n"b,\\"c"'],
    ] as const)
      expect(await usersOf('.csv', '1,-2\n0.5,3e-5\n', await written(name, text))).toEqual(expected);
  });

  it('no ids at all: the numbers of the rows', async () => {
    const array = Buffer.concat([npyHead('<f4', [2, 2]), Buffer.from(new Float32Array([1, 2, 3, 4]).buffer)]);
    const users = await written('.npy', array);
    const { model, report } = await importEmbeddings({ users, items: await items(), score: 'dot' });
    expect([...model.userIds]).toEqual(['0', '1']);
    expect(report.numbered).toEqual({ users: true, items: false });
  });

  it.each<[string, string, string, RegExp]>([
    ['no number', '.csv', 'a,1,2\nb,1,x\n', /line 2, column 3: got "x", expected a number/],
    ['a blank', '.csv', 'id,x,y\na,1,\n', /line 2, column y: got "", expected a number/],
    ['a row too short', '.csv', 'a,1,2\nb,1\n', /line 2 has 1 numbers, expected 2/],
    ['an id twice', '.csv', 'a,1,2\nb,1,3\na,1,3\n', /the id "a" is in rows 0 and 2, expected distinct ids/],
    ['a blank id', '.csv', 'a,1,2\n" ",1,3\n', /row 1 has a blank id/],
    ['no JSON', '.jsonl', '{"id":"a","embedding":[1,2]}\n{"id"', /line 2: not JSON/],
    ['no list', '.jsonl', '{"id":"a","embedding":"x"}', /line 1 has no list of numbers/],
    ['null in a list', '.jsonl', '{"id":"a","embedding":[1,null]}', /line 1 has no list of numbers/],
    ['an id that is no text', '.jsonl', '{"id":1.5,"embedding":[1,2]}', /line 1: the id is 1.5, expected a string/],
    [
      'ids in some rows',
      '.jsonl',
      '{"embedding":[1,2]}\n{"id":"a","embedding":[1,2]}',
      /line 2: only some rows have a value for id/,
    ],
    ['nothing', '.csv', '', /the file is empty/],
    ['something else called .npy', '.npy', 'a,1,2\n', /does not start like a .npy file/],
    ['something else called .safetensors', '.safetensors', 'a,1,2,3,4,5\n', /not a readable safetensors file/],
    ['something else called .parquet', '.parquet', 'a,1,2\n', /does not start like a .parquet file/],
    ['a Parquet file cut short', '.parquet', 'PAR1abcdefg', /not readable as Parquet/],
    ['an .npz file cut short', '.npz', 'PK\x03\x04abc', /not a readable .npz file/],
  ])('%s', async (_, name, text, message) => {
    const error = await rejectionOf(usersOf(name, text));
    expect(error.code).toBe('bad-embeddings');
    expect(error.message).toMatch(message);
  });

  it.each<[string, string, RegExp]>([
    ['.txt', 'a\n', /1 ids, expected 2, one for each row of/],
    ['.json', '{"a": 1}', /it is not a list, expected a JSON list of ids/],
    ['.txt', 'a\na\n', /the id "a" is in rows 0 and 1/],
  ])('ids that do not fit: %s %s', async (name, text, message) => {
    expect((await rejectionOf(usersOf('.csv', '1,2\n3,4\n', await written(name, text)))).message).toMatch(message);
  });
});

describe('what an import refuses', () => {
  const options = async (): Promise<ImportEmbeddingsOptions> => ({
    users: await written('.csv', 'a,1,2\n'),
    items: await written('.csv', 'x,1,2\ny,2,3\n'),
    score: 'cosine',
  });
  it.each<[string, RegExp, () => Promise<Partial<ImportEmbeddingsOptions>>]>([
    ['a missing file', /no such file/, async () => ({ users: 'nowhere.npy' })],
    ['a missing file of ids', /no such file/, async () => ({ users: await written('.csv', '1,2\n'), userIds: 'none' })],
    ['a score', /score: got "l2", expected cosine or dot/, async () => ({ score: 'l2' as 'dot' })],
    ['a loss', /Unknown loss "x"/, async () => ({ loss: { name: 'x' } })],
    ['biases too few', /1 biases, expected 2/, async () => ({ itemBias: await written('.csv', '1\n') })],
    [
      'biases too wide',
      /its rows have 2 numbers, expected one/,
      async () => ({ itemBias: await written('.csv', '1,2\n3,4\n') }),
    ],
    [
      'interactions of other ids',
      /none of \d+ interactions .* the log has user "u0" and .*, the embeddings have user "a" and/,
      async () => ({ train: logOf(randomModel()) }),
    ],
  ])('%s', async (_, message, change) => {
    expect((await rejectionOf(importEmbeddings({ ...(await options()), ...(await change()) }))).message).toMatch(
      message,
    );
  });

  it('a loss without a lower bound', async () => {
    const loss = { name: 'sl', options: { negativeWeight: 2 } };
    const error = await rejectionOf(importEmbeddings({ ...(await options()), score: 'dot', loss }));
    expect(error.message).toContain('no lower bound');
  });

  it('tensors of whole numbers', async () => {
    const users = fresh('.safetensors');
    await writeSafetensors(users, { users: { shape: [1, 2], data: Int32Array.of(1, 2) } });
    const error = await rejectionOf(importEmbeddings({ ...(await options()), users }));
    expect(error.message).toContain('of type I32, expected F32, F64 or F16');
  });

  it('unknown ids are counted and left out', async () => {
    const model = randomModel({ userIds: ['a', 'b'], itemIds: ['x', 'z'], density: 1 });
    const { report } = await importEmbeddings({ ...(await options()), train: logOf(model) });
    expect(report).toMatchObject({ interactions: 1, unknown: { interactions: 3, users: 1, items: 1 } });
  });
});

describe('what an export leaves behind', () => {
  const model = randomModel();

  it('an older export is replaced, other files in its folder stay', async () => {
    const path = fresh();
    await exportEmbeddings(model, path, { format: 'npy' });
    await writeFile(join(path, 'notes.txt'), 'mine');
    await exportEmbeddings(model, path, { format: 'parquet', seen: false });
    expect((await readdir(path)).sort()).toEqual(['export.json', 'items.parquet', 'notes.txt', 'users.parquet']);
  });

  it('a folder with anything else is refused, untouched', async () => {
    const path = fresh();
    await saveModel(path, model);
    const before = await readdir(path);
    const error = await rejectionOf(exportEmbeddings(model, path, { format: 'npy' }));
    expect(error.code).toBe('not-an-export');
    expect(await readdir(path)).toEqual(before);
  });

  it.each<EmbeddingFormat>(['npy', 'safetensors', 'parquet', 'pgvector-sql', 'pgvector-copy', 'json'])(
    '%s, stopped: nothing',
    async (format) => {
      const parent = fresh();
      const signal = AbortSignal.abort();
      await saveModel(join(parent, 'model'), model);
      const error = await rejectionOf(exportEmbeddings(model, join(parent, 'out'), { format, signal }));
      expect(error.code).toBe('aborted');
      expect(await readdir(parent)).toEqual(['model']);
    },
  );

  it.each(['parquet', 'pgvector-sql', 'pgvector-copy'] as const)('stops among the seen pairs (%s)', async (format) => {
    const parent = fresh();
    await saveModel(join(parent, 'model'), model);
    const large = randomModel({ users: 300, items: 40, density: 0.5 });
    const controller = new AbortController();
    const onProgress = (rows: number, total: number) => rows === total && controller.abort();
    const options = { format, signal: controller.signal, onProgress };
    expect((await rejectionOf(exportEmbeddings(large, join(parent, 'out'), options))).code).toBe('aborted');
    expect(await readdir(parent)).toEqual(['model']);
  });

  it('counts rows', async () => {
    const calls: [number, number][] = [];
    const large = randomModel({ users: 1100, items: 9 });
    await exportEmbeddings(large, fresh(), { format: 'npy', onProgress: (...call) => calls.push(call) });
    expect(calls).toEqual([
      [1024, 1109],
      [1109, 1109],
    ]);
  });

  it('JSON has a limit', async () => {
    const dimension = Math.ceil(MOST_JSON_NUMBERS / 2);
    const large = randomModel({ users: 1, items: 2, dimension, seed: 1, levels: 1, density: 0 });
    const path = fresh('.json');
    const error = await rejectionOf(exportEmbeddings(large, path, { format: 'json' }));
    expect(error.message).toContain(`expected ${MOST_JSON_NUMBERS} at most. Export to npy, safetensors or parquet.`);
  });

  it('JSON says how to score', async () => {
    const path = fresh('.json');
    await exportEmbeddings(randomModel({ biased: true }), path, { format: 'json' });
    const document = JSON.parse(await readFile(path, 'utf8'));
    expect(document).toMatchObject({
      format: 'taurec-embeddings',
      score: 'user · item + bias of the item',
      columns: 3,
    });
    expect(Object.keys(document.items[0])).toEqual(['id', 'embedding', 'bias']);
  });

  it.each<[string, object]>([
    ['raw', { format: 'pgvector-sql', raw: true }],
    ['raw', { format: 'npy', raw: true, foldBias: true }],
    ['table', { format: 'npy', table: 'x' }],
    ['table', { format: 'pgvector-sql', table: 'a\nb' }],
    ['format', { format: 'pickle' }],
  ])('option %s: %o', async (option, options) => {
    const error = await rejectionOf(exportEmbeddings(model, fresh(), options as { format: 'npy' }));
    expect([error.code, error.facts.option]).toEqual(['bad-option', option]);
  });
});
