import { describe, expect, test } from 'vitest';
import { createBackbone } from '../../src/backbone/backbones.ts';
import { publishedResults } from '../../src/experiment/published-results.ts';
import { createLoss } from '../../src/loss/losses.ts';
import { cell, compareBest, comparePublished } from '../../src/recipe/published.ts';
import { parseRecipe, type Recipe, recipeConfig } from '../../src/recipe/recipe.ts';
import { recipeNamed, recipes } from '../../src/recipe/recipes.ts';
import { errorOf } from '../support/error-of.ts';

const valid: Recipe = {
  ...{ name: 'mine', data: './films', choice: 'validation', chosen: 'validated', config: {}, seeds: [1, 2] },
  expected: { clean: { 'ndcg@10': 0.1 } },
};

describe('the recipes of taurec', () => {
  test('have distinct names', () => {
    expect(new Set(recipes.map(({ name }) => name)).size).toBe(recipes.length);
  });

  test.each(recipes.map((recipe) => [recipe.name, recipe] as const))('%s can be trained and checked', (_, recipe) => {
    expect(parseRecipe(recipe)).toEqual(recipe);
    const { loss, backbone } = recipeConfig(recipe);
    // `auto` is chosen when the recipe is trained
    const given = JSON.parse(JSON.stringify(loss), (_, value) => (value === 'auto' ? 0.2 : value));
    expect(() => createLoss(given)).not.toThrow();
    expect(() => createBackbone(backbone as never)).not.toThrow();
    expect(Object.keys(recipe.expected ?? {}).length).toBeGreaterThan(0);
    expect(recipe.claim).toBeTruthy();
  });

  test('choose nothing on the test set unless they say so', () => {
    for (const { choice, chosen } of recipes) expect(chosen === 'published' || choice !== 'test').toBe(true);
  });

  test('are found by name; the nearest is named', () => {
    expect(recipeNamed('gowalla')).toBe(recipes.find(({ name }) => name === 'gowalla'));
    const error = errorOf(() => recipeNamed('gowala'));
    expect([error.code, error.message]).toEqual(['unknown-name', expect.stringContaining('Did you mean gowalla?')]);
  });
});

describe('a recipe that somebody wrote', () => {
  test('is taken when it is right', () => expect(parseRecipe(valid)).toEqual(valid));

  test.each<[string, object, RegExp]>([
    ['chosen on the test set and validated', { choice: 'test' }, /chosen: got "validated", expected "published"/],
    ['without a seed', { seeds: [] }, /seeds: .*a list of whole numbers/],
    ['another choice', { choice: 'best' }, /choice: got "best", expected one of validation, debiased, last, test/],
    ['no selection', { chosen: undefined }, /chosen: .*one of validated, published/],
    ['an option that training has not', { config: { epoch: 3 } }, /epoch: .*Did you mean epochs\?/],
    ['another protocol', { expected: { full: { 'ndcg@20': 0.1 } } }, /expected/],
    ['a metric that is no number', { expected: { clean: { 'ndcg@20': '.1' } } }, /expected\.clean\.ndcg@20: got ".1"/],
    ['a tolerance below 0', { tolerance: { relative: -1 } }, /tolerance/],
    ['a misspelt key', { sedes: [1] }, /sedes: .*Did you mean seeds\?/],
  ])('%s: refused', (_, change, message) => {
    const error = errorOf(() => parseRecipe({ ...valid, ...change }));
    expect([error.code, error.message]).toEqual(['bad-option', expect.stringMatching(message)]);
  });

  test.each([[undefined], [3], ['sl']])('%s is no recipe', (input) => {
    expect(errorOf(() => parseRecipe(input)).message).toContain('expected an object');
  });
});

describe('published results', () => {
  test('are one for each data set, backbone, label and source', () => {
    const keys = publishedResults.map(({ data, backbone, label, source }) => `${data} ${backbone} ${label} ${source}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toHaveLength(3 * 7 + 3 * 4 + 3 * 4 + 45 + 6 + 1);
    expect(publishedResults.filter(({ source }) => source.endsWith('table II'))).toHaveLength(45);
  });

  test('have their source and say who looked at the test set', () => {
    for (const { source, data, protocol, testSelected, metrics } of publishedResults) {
      expect(source).toMatch(/(NeurIPS|KDD|ICDE) 20\d\d/);
      const isBsl = ['yelp2018', 'lightgcn-gowalla', 'ultragcn-movielens-1m'].includes(data);
      expect(testSelected).toBe(isBsl || data.endsWith('-popularity'));
      expect(protocol).toBe(isBsl ? 'clean' : 'irbench');
      for (const value of Object.values(metrics)) expect(value).toBeGreaterThan(0.005);
      for (const value of Object.values(metrics)) expect(value).toBeLessThan(0.3);
    }
  });

  test('a cell stands beside its own loss and the best of its column', () => {
    const { name, published } = cell({ data: 'gowalla', loss: { name: 'bsl' } });
    expect(name).toBe('gowalla-mf-bsl');
    const ndcg = published!.filter(({ metric }) => metric === 'ndcg@20');
    expect(ndcg.map(({ what, value, protocol }) => [what, value, protocol])).toEqual([
      ['BSL, MF', 0.163, 'irbench'],
      ['SL@20, MF', 0.1709, 'irbench'],
    ]);
  });

  test('are compared at equal data, backbone, loss and evaluator; the best whatever the loss', () => {
    const make = (loss: string, value: number, change: Partial<Recipe> = {}) =>
      cell({ data: 'gowalla', loss: { name: loss }, expected: { irbench: { 'ndcg@20': value } }, ...change });
    const own = [
      ...[make('sl', 0.1786), make('bsl', 0.2)],
      make('sl', 0.3, { name: 'elsewhere', expected: { clean: { 'ndcg@20': 0.3 } } }),
      cell({
        data: 'gowalla',
        loss: { name: 'sl' },
        backbone: { name: 'lightgcn' },
        expected: { irbench: { 'ndcg@20': 0.4 } },
      }),
    ];
    const shown = comparePublished(own).filter(({ recipe }) => recipe);
    const rows = shown.map(({ published: { backbone, label }, recipe }) => [backbone, label, recipe!.name]);
    expect(rows).toEqual([
      ['mf', 'SL', 'gowalla-mf-sl'],
      ['mf', 'BSL', 'gowalla-mf-bsl'],
      ['lightgcn', 'SL', 'gowalla-lightgcn-sl'],
    ]);
    expect(shown[0]!.expected['ndcg@20']!.difference).toBeCloseTo(0.1786 / 0.1624 - 1, 12);
    expect(comparePublished(own).filter(({ recipe }) => !recipe)).toHaveLength(publishedResults.length - 3);
    const best = compareBest(own).filter(({ recipe }) => recipe);
    expect(best.map(({ published: { label }, recipe }) => [label, recipe!.name])).toEqual([
      ['SL@20', 'gowalla-mf-bsl'],
      ['SL@20', 'gowalla-lightgcn-sl'],
    ]);
    const other = own.map((recipe) => ({ ...recipe, chosen: 'published' as const }));
    expect(compareBest(other).filter(({ recipe }) => recipe)).toEqual([]);
  });
});
