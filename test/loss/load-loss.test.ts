import { relative } from 'node:path';
import { expect, test } from 'vitest';
import { loadLoss } from '../../src/loss/load-loss.ts';
import { createLoss } from '../../src/loss/losses.ts';
import { evaluateRow } from '../contracts/loss-contract.ts';

const path = `${import.meta.dirname}/modules/losses.mjs`;
const row = { positives: Float64Array.of(0.5), negatives: Float64Array.of(0.25, 0.75, 0.5) };

test.each([
  ['an absolute path', path],
  ['a relative path', `./${relative(process.cwd(), path)}`],
  ['a URL', new URL('modules/losses.mjs', import.meta.url).href],
])('loads %s', async (_, module) => {
  const loss = await loadLoss({ module, options: { scale: 3 } });
  expect(loss.parameters).toEqual({ scale: 3 });
  expect([...evaluateRow(loss, row).negatives]).toEqual([3 / 3, 3 / 3, 3 / 3]);
});

test.each([
  ['default', 3],
  ['MeanDifference', 3],
  ['factory', 3],
  ['WithFields', 3],
  ['object', 2],
])('takes the export %s', async (name, scale) => {
  const loss = await loadLoss({ module: path, export: name, options: { scale: 3 } });
  expect(loss.parameters).toEqual({ scale });
});

test('names and bare objects go straight through', async () => {
  expect(await loadLoss({ name: 'sl', options: { tau: 0.2 } })).toEqual(
    createLoss({ name: 'sl', options: { tau: 0.2 } }),
  );
  const loss = createLoss({ name: 'bpr' });
  expect(await loadLoss(loss)).toBe(loss);
  expect(createLoss(loss)).toBe(loss);
});

test.each([
  [{ module: './nowhere.mjs' }, 'Cannot load loss module "./nowhere.mjs"'],
  [{ module: path, export: 'other' }, 'Unknown export of loss module'],
  [{ module: path, export: 'broken' }, 'expected an object with name, parameters, allowsDotScores and evaluate'],
])('%o is refused', async (source, message) => {
  await expect(loadLoss(source)).rejects.toThrow(message);
});

const bare = { name: 'mine', parameters: {}, allowsDotScores: true, evaluate: () => 0 };
const updateStates = () => {};

test.each([
  [{ ...bare, needs: { userState: 1 } }, 'updateStates(update) exactly when needs names'],
  [{ ...bare, updateStates }, 'updateStates(update) exactly when needs names'],
  [{ ...bare, needs: { itemSimilarity: true }, updateStates }, 'updateStates(update) exactly when'],
  [{ ...bare, needs: { globalState: 2 }, initialGlobalState: [1], updateStates }, 'needs.globalState = 2 numbers'],
  [{ ...bare, startEpoch: () => {} }, 'startEpoch(states) only when needs names'],
  [{ ...bare, needs: { userState: 1.5 }, updateStates }, 'whole numbers ≥ 0'],
])('needs that do not fit are refused: %o', (loss, message) => {
  expect(() => createLoss(loss)).toThrow('Option loss: got "mine", expected');
  expect(() => createLoss(loss)).toThrow(message);
});

test.each([
  { ...bare, needs: { itemSimilarity: true } },
  { ...bare, needs: { itemState: true }, updateStates },
  { ...bare, needs: { globalState: 2 }, initialGlobalState: [1, 2], updateStates },
  { ...bare, needs: { userState: 2 }, updateStates, startEpoch: () => {} },
  { ...bare, needs: { userState: 0 } },
])('needs that fit are taken: %o', (loss) => {
  expect(createLoss(loss)).toBe(loss);
});

test('createLoss sends modules to loadLoss', () => {
  expect(() => createLoss({ module: path })).toThrow('Use loadLoss');
});
