import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { lossNames } from '../../src/loss/losses.ts';
import { lossCards } from '../../src/studio/page/train/loss-cards.ts';
import {
  configOf,
  expected,
  optionsOfValues,
  readValue,
  valuesOf,
  valuesOfOptions,
  withValue,
} from '../../src/studio/page/train/options.ts';
import { fieldsOf, firstPaths, namesOf } from '../../src/studio/page/train/schema-fields.ts';
import { nameOf } from '../../src/studio/page/train/trainer.ts';
import { parseTrainConfig } from '../../src/training/config.ts';
import { trainConfigJsonSchema } from '../../src/training/config-json-schema.ts';
import { fakeSchema } from './page/fake-schema.ts';

const fields = fieldsOf(fakeSchema);
const field = (path: string, loss?: string) =>
  fields.find((one) => one.path === path && (loss === undefined || one.of?.name === loss))!;

describe('the fields of a schema', () => {
  test('have bounds, words, choices and defaults', () => {
    expect(field('learningRate')).toMatchObject({ kind: 'number', least: 0, above: true, usual: 0.02, whole: false });
    expect(field('neighbors')).toMatchObject({
      kind: 'number',
      words: ['auto', 'off'],
      least: 1,
      most: 200,
      whole: true,
    });
    expect(field('batch.negatives')).toMatchObject({ words: ['all'], usual: 2048 });
    expect(field('batch.maskPositives')).toMatchObject({ kind: 'switch', usual: true });
    expect(field('aim')).toMatchObject({ kind: 'choice', choices: ['accuracy', 'discovery'] });
  });

  test('of a loss have the defaults of the default configuration', () => {
    expect(namesOf(fields, 'loss')).toEqual(['bsl', 'sl', 'bpr', 'ccl', 'psl']);
    expect(field('loss.options.negativeWeight', 'bsl').usual).toBe(1.2);
    expect(field('loss.options.negativeWeight', 'sl').usual).toBe(1);
  });

  test('that people talk about are there', () => {
    for (const path of firstPaths) expect(field(path), path).toBeDefined();
  });
});

describe('values', () => {
  test('an option of the default loss writes out what the default loss is', () => {
    expect(configOf({ 'loss.options.tau': 0.2 }, fields)).toEqual({
      loss: { name: 'bsl', options: { tau1: 4, negativeWeight: 1.2, tau: 0.2 } },
    });
    expect(configOf({}, fields)).toEqual({});
    expect(configOf({ 'loss.name': 'sl', epochs: 5, 'batch.negatives': 'all' }, fields)).toEqual({
      loss: { name: 'sl' },
      epochs: 5,
      batch: { negatives: 'all' },
    });
  });

  test('go into a configuration and come back', () => {
    const values = { 'loss.name': 'psl', 'loss.options.tau': 'inf', 'batch.negatives': 64, learningRate: 0.1 };
    expect(valuesOf(configOf(values, fields))).toEqual(values);
    expect(valuesOf({ loss: 'sl' })).toEqual({ 'loss.name': 'sl' });
    expect(valuesOf({ loss: { name: 'sl', tau: 0.2 } })).toEqual({ 'loss.name': 'sl', 'loss.options.tau': 0.2 });
  });

  test('go into an address and come back', () => {
    const values = fc.record(
      {
        epochs: fc.integer({ min: 1, max: 500 }),
        learningRate: fc.double({ min: 1e-9, max: 1, noNaN: true }),
        neighbors: fc.oneof(fc.constantFrom('auto', 'off'), fc.integer({ min: 1, max: 200 })),
        'loss.name': fc.constant('sl'),
        'loss.options.tau': fc.constantFrom('inf', 'auto', 0.25),
        'batch.maskPositives': fc.boolean(),
      },
      { requiredKeys: ['loss.name'] },
    );
    fc.assert(
      fc.property(values, (given) => {
        expect(valuesOfOptions(optionsOfValues(given), fields)).toEqual(given);
      }),
    );
  });

  test('of the default loss need no name in an address', () => {
    expect(valuesOfOptions({ 'loss.options.tau1': '2' }, fields)).toEqual({ 'loss.options.tau1': 2 });
  });

  test('of an address that no option takes are left out', () => {
    expect(
      valuesOfOptions(
        { epochs: '-1', learningRate: 'x', aim: 'fun', unknown: '1', 'loss.options.margin': '0.5' },
        fields,
      ),
    ).toEqual({});
  });

  test('a new loss keeps the options that it has too', () => {
    const before = { 'loss.options.tau': 0.2, 'loss.options.tau1': 2, epochs: 5 };
    expect(withValue(before, field('loss.name'), 'sl', fields)).toEqual({
      'loss.name': 'sl',
      'loss.options.tau': 0.2,
      epochs: 5,
    });
    expect(withValue(before, field('loss.name'), 'bpr', fields)).toEqual({ 'loss.name': 'bpr', epochs: 5 });
  });

  test('the default itself is no change', () => {
    expect(withValue({ epochs: 5 }, field('epochs'), 20, fields)).toEqual({});
    expect(withValue({ epochs: 5 }, field('epochs'), undefined, fields)).toEqual({});
  });
});

test('what a person types is read, or refused in words', () => {
  expect(readValue(field('learningRate'), ' 0,5 ')).toEqual({ value: 0.5 });
  expect(readValue(field('neighbors'), 'off')).toEqual({ value: 'off' });
  expect(readValue(field('epochs'), '')).toEqual({});
  expect(readValue(field('epochs'), '2.5').fault).toBe('a whole number of at least 1');
  expect(readValue(field('learningRate'), '0').fault).toBe('a number above 0');
  expect(expected(field('neighbors'))).toBe('a whole number of at least 1 and of at most 200, auto or off');
});

test('a run is named by its loss and what differs', () => {
  expect(nameOf({}, fields)).toBe('bsl');
  expect(nameOf({ 'loss.name': 'sl', 'loss.options.tau': 0.2, epochs: 5 }, fields)).toBe('sl, τ 0.2, epochs 5');
});

describe('the form of the real schema', () => {
  const real = fieldsOf(trainConfigJsonSchema() as Readonly<Record<string, unknown>>);

  test('has every loss, and the options that people talk about', () => {
    expect(namesOf(real, 'loss')).toEqual(lossNames);
    for (const path of firstPaths)
      expect(
        real.map((one) => one.path),
        path,
      ).toContain(path);
  });

  test('takes the defaults that it shows, and they make configurations', () => {
    for (const one of real) {
      if (one.usual === undefined) continue;
      expect(readValue(one, String(one.usual)), one.path).toEqual({ value: one.usual });
      // An option of another loss or backbone comes with the name.
      const beside = one.of ? { [`${one.of.kind}.name`]: one.of.name } : {};
      expect(() => parseTrainConfig(configOf({ ...beside, [one.path]: one.usual! }, real)), one.path).not.toThrow();
    }
  });

  test('changes the default loss without losing what makes it the default', () => {
    const { loss } = parseTrainConfig(configOf({ 'loss.options.tau': 0.3 }, real));
    const { loss: usual } = parseTrainConfig({});
    expect(loss).toMatchObject({ ...usual, options: { ...('options' in usual ? usual.options : {}), tau: 0.3 } });
  });
});

test('every loss has a card', () => {
  expect(Object.keys(lossCards)).toEqual(lossNames);
});
