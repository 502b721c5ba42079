import { cpSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { row } from '../../src/array/matrix.ts';
import { readInteractions } from '../../src/data/read.ts';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { isIndexName } from '../../src/model/model-files.ts';
import { withoutUser } from '../../src/training/update/forget-user.ts';
import { updateModel } from '../../src/training/update/update-model.ts';
import { roundedModel } from '../support/rounded-model.ts';
import { folder, json, quick, taurec, writeData } from './taurec.ts';

writeData();

beforeAll(async () => {
  await json('train', 'train.csv', '--valid', 'valid.csv', ...quick, '--out', 'wide');
});

const at = (name: string) => join(folder, name);
const embeddings = (name: string) => readFileSync(at(`${name}/embeddings.safetensors`));

test('--precision f16 trains the same model and stores it rounded, as compress does with a stored one', async () => {
  await json('train', 'train.csv', '--valid', 'valid.csv', ...quick, '--precision', 'f16', '--out', 'half');
  const answer = await json('compress', 'wide', '--out', 'small');
  expect(answer).toEqual({
    ...{ model: 'small', precision: 'f16' },
    ...{ before: embeddings('wide').length, after: embeddings('half').length },
  });
  expect(embeddings('small')).toEqual(embeddings('half'));
  const [wide, half] = [await openModel(at('wide')), await openModel(at('half'))];
  const expected = roundedModel(wide);
  for (const table of ['users', 'items'] as const)
    for (let r = 0; r < wide[table].rows; r++) expect(row(half[table], r)).toEqual(row(expected[table], r));
  expect(half.config.training).toEqual({ ...wide.config.training, precision: 'f16' });
  cpSync(at('wide'), at('replaced'), { recursive: true });
  const { stdout } = await taurec('compress', 'replaced');
  expect(stdout).toContain('Model replaced: embeddings of 16 bits');
  expect(embeddings('replaced')).toEqual(embeddings('half'));
  expect((await taurec('info', 'replaced')).stdout).toContain(', of 16-bit floats');
  await expect(taurec('info', 'replaced', '--check')).resolves.toMatchObject({ code: 0 });
});

test('a symbolic link to the model as --out is the model: its index is built again', async () => {
  cpSync(at('wide'), at('linked'), { recursive: true });
  symlinkSync(at('linked'), at('link'));
  const indexes = () => readdirSync(at('linked')).filter(isIndexName);
  await json('index', 'linked', '--threads', '1');
  const before = indexes();
  await json('compress', 'linked', '--out', 'link');
  expect(before).toHaveLength(1);
  expect(indexes()).toHaveLength(1);
  expect(indexes()).not.toEqual(before);
  expect(await json('index', 'linked')).toMatchObject({ built: false });
});

test('an update continues from the exact embeddings, and the result is stored rounded', async () => {
  const log = await readInteractions(at('valid.csv'));
  const options = { epochs: 2, threads: 1 };
  const open = (name: string) => openModel(at(name), { trainingState: true });
  // the validation part is held out of both: what is new to them are other pairs
  const [wide, half] = [await open('wide'), await open('half')];
  const news = { ...log, items: log.items.map((item) => (item + 1) % log.itemIds.size) };
  const [a, b] = [await updateModel(wide, news, options), await updateModel(half, news, options)];
  expect(a.added.interactions).toBeGreaterThan(0);
  expect(b.model.users.data).toEqual(a.model.users.data);
  expect(b.model.items.data).toEqual(a.model.items.data);
  await saveModel(at('updated'), b.model);
  const updated = await openModel(at('updated'), { trainingState: true });
  expect(updated.config.precision).toBe('f16');
  expect(updated.trainingState!.arrays.users!.data).toEqual(a.model.users.data);
  // who is forgotten has no row left, neither rounded nor exact
  const fewer = withoutUser(updated, 1);
  const d = updated.users.columns;
  expect(fewer.trainingState!.arrays.users!.data.slice(d)).toEqual(a.model.users.data.slice(2 * d));
});

test('vectors are imported as 16-bit floats', async () => {
  await json('export', 'wide', '--format', 'npy', '--out', 'vectors');
  const { code, stderr } = await taurec(
    'import',
    '--users',
    'vectors/users.npy',
    '--items',
    'vectors/items.npy',
    '--score',
    'cosine',
    '--precision',
    'f16',
    '--out',
    'imported',
  );
  expect(stderr).not.toContain('taurec:');
  expect(code).toBe(0);
  expect((await openModel(at('imported'))).config.precision).toBe('f16');
});
