import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { syntheticDataset } from '../../src/data/synthetic.ts';
import { lossNames } from '../../src/loss/losses.ts';
import { lossCards } from '../../src/studio/page/train/loss-cards.ts';
import {
  changedOf,
  configOf,
  expected,
  type FormField,
  fieldsInForce,
  optionsOfValues,
  readValue,
  type Value,
  type Values,
  valuesOf,
  valuesOfOptions,
  withValue,
} from '../../src/studio/page/train/options.ts';
import { fieldsOf, firstPaths, namesOf } from '../../src/studio/page/train/schema-fields.ts';
import { nameOf } from '../../src/studio/page/train/trainer.ts';
import { configToJson, parseTrainConfig, type TrainConfigInput } from '../../src/training/config.ts';
import { trainConfigJsonSchema } from '../../src/training/config-json-schema.ts';
import { configFor, namesObjective, objectiveByData } from '../../src/training/default-objective.ts';
import { fakeObjective, fakeSchema } from './page/fake-schema.ts';

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
  const declaredLoss = { name: 'bsl', options: { tau1: 4, negativeWeight: 1.2 } };

  test('a configuration writes out what the default loss is', () => {
    expect(configOf({ 'loss.options.tau': 0.2 }, fields)).toEqual({
      loss: { name: 'bsl', options: { tau1: 4, negativeWeight: 1.2, tau: 0.2 } },
    });
    expect(configOf({}, fields)).toEqual({ loss: declaredLoss });
    expect(configOf({ epochs: 5 }, fields)).toEqual({ loss: declaredLoss, epochs: 5 });
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

  test('that are the defaults, or of another loss, are no changes', () => {
    const begun = fieldsOf(fakeSchema, fakeObjective);
    const given = { 'loss.options.negativeWeight': 1, 'batch.pool': 'uniform', 'loss.options.margin': 0.5 };
    expect(changedOf(given, begun)).toEqual({ 'batch.pool': 'uniform' });
    expect(changedOf(given, fields)).toEqual({ 'loss.options.negativeWeight': 1 });
    expect(changedOf({ 'loss.name': 'ccl', ...given }, begun)).toEqual({
      'loss.name': 'ccl',
      'batch.pool': 'uniform',
      'loss.options.margin': 0.5,
    });
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
  expect(nameOf({}, fieldsOf(fakeSchema, fakeObjective))).toBe('bsl');
  expect(nameOf({ 'loss.name': 'sl', 'loss.options.tau': 0.2, epochs: 5 }, fields)).toBe('sl, τ 0.2, epochs 5');
});

describe('the form of the real schema', () => {
  const schema = trainConfigJsonSchema() as Readonly<Record<string, unknown>>;
  const real = fieldsOf(schema);
  const dataset = syntheticDataset({ users: 120, items: 30, interactions: 1500, validRatio: 0.2, seed: 1 });
  const objective = objectiveByData(dataset)!.config;

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

  const objectives = fc.constantFrom<TrainConfigInput>({}, objective);
  /** What a person does to the form: options by their place, with something to put into them. */
  const moves = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.double({ min: -2, max: 3000, noNaN: true })), {
    maxLength: 8,
  });

  test('begins with what training takes of itself', () => {
    expect(valuesOf(objective)).not.toEqual({});
    for (const data of [dataset, { train: dataset.train }]) {
      const form = fieldsOf(schema, objectiveByData(data)?.config);
      expect(parseTrainConfig(configOf({}, form))).toEqual(configFor(data, {}).config);
    }
  });

  test('trains with what it shows, whatever was changed, under all defaults', () => {
    fc.assert(
      fc.property(objectives, moves, (begun, made) => {
        const form = fieldsOf(schema, begun);
        let values: Values = {};
        for (const [place, choice, number] of made) {
          const shown = fieldsInForce(values, form);
          const one = shown[place % shown.length]!;
          values = withValue(values, one, valueFor(one, choice, number), form);
        }
        const config = configOf(values, form);
        const shown = fieldsInForce(values, form);
        // As `taurec train` takes it over any data.
        expect(namesObjective(config)).toBe(true);
        expect(configFor(dataset, config)).toEqual({ config: parseTrainConfig(config) });
        const trained = valuesOf(configToJson(parseTrainConfig(config)));
        for (const { path, usual, of, stated } of shown) {
          const value = values[path] ?? usual;
          // Options of a loss at their own defaults are filled in by the loss.
          const filled = of && !stated && values[path] === undefined;
          if (value !== undefined && !filled) expect([path, trained[path]]).toEqual([path, value]);
          else if (filled) expect(trained[path]).toBeUndefined();
        }
        // An address leads to the same form.
        expect(changedOf(values, form)).toEqual(values);
        expect(changedOf(valuesOfOptions(optionsOfValues(values), form), form)).toEqual(values);
      }),
      { numRuns: 300 },
    );
  });

  test('of an objective with another loss leaves the options of all others to themselves', () => {
    const form = fieldsOf(schema, { loss: { name: 'sl', options: { tau: 0.3 } } });
    const usual = (path: string, loss: string) => form.find((one) => one.path === path && one.of?.name === loss)!.usual;
    expect(form.find(({ path }) => path === 'loss.name')!.usual).toBe('sl');
    expect(usual('loss.options.tau', 'sl')).toBe(0.3);
    expect(usual('loss.options.negativeWeight', 'bsl')).toBe(1);
    expect(configOf({ 'loss.name': 'bsl' }, form)).toEqual({ loss: { name: 'bsl' } });
  });

  test('changes the default loss without losing what makes it the default', () => {
    const { loss } = parseTrainConfig(configOf({ 'loss.options.tau': 0.3 }, real));
    const { loss: usual } = parseTrainConfig({});
    expect(loss).toMatchObject({ ...usual, options: { ...('options' in usual ? usual.options : {}), tau: 0.3 } });
  });
});

/** Something that a person may put into a field; undefined: back to its default. */
function valueFor(field: FormField, choice: number, number: number): Value | undefined {
  const options = [...(field.choices ?? (field.kind === 'switch' ? ['true', 'false'] : [])), ...(field.words ?? [])];
  if (field.kind === 'number') options.push(String(number), String(Math.round(number)), String(number / 3000));
  return readValue(field, ['', ...options][choice % (options.length + 1)]!).value;
}

test('every loss has a card', () => {
  expect(Object.keys(lossCards)).toEqual(lossNames);
});
