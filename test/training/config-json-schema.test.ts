import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { backboneNames, backboneOptions } from '../../src/backbone/backbones.ts';
import { lossDeclarations, lossNames } from '../../src/loss/losses.ts';
import type { OptionSet } from '../../src/option.ts';
import { configToJson, parseTrainConfig, trainOptions } from '../../src/training/config.ts';
import { type OptionSchema, trainConfigJsonSchema } from '../../src/training/config-json-schema.ts';
import { valueAt } from '../../src/training/option-errors.ts';

const schema = trainConfigJsonSchema();
/** Whether the schema accepts a value, by a program that knows nothing of taurec. */
const accepts = (one: OptionSchema) => {
  const reader = z.fromJSONSchema(one as z.core.JSONSchema.JSONSchema);
  return (value: unknown) => reader.safeParse(value).success;
};
/** The option at a path, or of a built-in by name. */
const at = (path: string): OptionSchema =>
  path.split('.').reduce((node: OptionSchema, key) => node.properties![key]!, schema);
const builtIn = (kind: 'loss' | 'backbone', name: string): Readonly<Record<string, OptionSchema>> =>
  at(kind).oneOf!.find((one) => one.properties?.name?.const === name)!.properties!.options!.properties!;

const values = [
  ...[-1, 0, 1e-9, 0.5, 1, 1.5, 2, 3, 200, 201, 1e6],
  ...[true, false, 'auto', 'off', 'all', 'inf', 'cosine', 'uniform', 'ndcg@20', 'ndcg@0', 'nothing', '', [1], {}],
];
const without = (path: string) => !trainOptions.find((option) => option.path === path)!.facts?.source;

test('every training option is there, with its words, flag and default', () => {
  const defaults = configToJson(parseTrainConfig({}));
  for (const { path, facts } of trainOptions) {
    const node = at(path);
    expect(node.description, path).toBe(facts!.help);
    expect(node.title, path).toMatch(/^[A-Z]/);
    expect(node['x-taurec']!.flag, path).toBe(facts!.flag!.split(' ')[0]);
    const value = valueAt(defaults, path.split('.'));
    // The score follows from the loss.
    if (!path.toLowerCase().endsWith('score')) expect(node.default, path).toEqual(value);
  }
});

test.each(trainOptions.map(({ path }) => path).filter(without))(
  '%s: accepts what the configuration accepts',
  (path) => {
    const [first, second] = path.split('.') as [string, string?];
    const byConfig = (value: unknown) =>
      succeeds(() => parseTrainConfig({ [first]: second === undefined ? value : { [second]: value } }));
    const bySchema = accepts(at(path));
    for (const value of values) expect(bySchema(value), JSON.stringify(value)).toBe(byConfig(value));
  },
);

const sets: [kind: 'loss' | 'backbone', name: string, options: OptionSet][] = [
  ...lossNames.map((name) => ['loss', name, lossDeclarations[name].options] as ['loss', string, OptionSet]),
  ...backboneNames.map((name) => ['backbone', name, backboneOptions[name]] as ['backbone', string, OptionSet]),
];
describe.each(sets)('%s %s', (kind, name, options) => {
  test('has its options, which accept what it accepts', () => {
    const nodes = builtIn(kind, name);
    expect(Object.keys(nodes)).toEqual(Object.keys(options.shape));
    for (const [option, node] of Object.entries(nodes)) {
      const bySchema = accepts(node);
      for (const value of values) {
        // Training replaces `auto` before the loss sees it.
        const expected =
          (value === 'auto' && node['x-taurec']?.automatic !== undefined) ||
          succeeds(() => options.read({ [option]: value }));
        expect(bySchema(value), `${option}: ${JSON.stringify(value)}`).toBe(expected);
      }
      if (node.default !== undefined) expect(bySchema(node.default)).toBe(true);
    }
  });
});

test('whole configurations, as configToJson writes them, are accepted; others are not', () => {
  const bySchema = accepts(schema);
  const tries = [
    ...[{}, { schedule: 'constant', batch: { pool: 'hard', rows: 9 }, neighbors: 40, timeBudget: 3 } as const],
    ...lossNames.map((loss) => ({ loss })),
    ...backboneNames.map((backbone) => ({ backbone })),
    { loss: { name: 'sl', tau: 'auto', userTau: 3 } },
    { loss: { module: './mine.mjs', export: 'hinge', options: { margin: 1 } }, backbone: { module: 'x' } },
    { batch: { pool: { module: 'x' }, sampler: { module: 'y', options: {} } } },
  ] as const;
  for (const config of tries)
    expect(bySchema(configToJson(parseTrainConfig(config))), JSON.stringify(config)).toBe(true);
  for (const config of [{ rows: 3 }, { loss: { name: 'nothing' } }, { loss: { name: 'sl', options: { margin: 1 } } }])
    expect(bySchema(config), JSON.stringify(config)).toBe(false);
});

test('ranges that tuning searches, choices of training, and what depends on the catalogue', () => {
  expect(at('learningRate')['x-taurec']!.searchByScore).toHaveProperty('cosine.logUniform');
  const { tau, negativeWeight } = builtIn('loss', 'sl');
  expect(tau!['x-taurec']).toMatchObject({ byCatalogue: true, automatic: { least: 0.01, most: 3 } });
  expect(tau).not.toHaveProperty('default');
  expect(negativeWeight!['x-taurec']!.searchWithoutPrior).toHaveProperty('uniform');
  expect(at('refit')['x-taurec']).toMatchObject({ flag: '--refit', sets: true, opposite: '--no-refit' });
  expect(at('loss').oneOf!.find(({ title }) => title === 'bpr')!['x-taurec']).toEqual({ score: 'dot' });
});

function succeeds(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}
