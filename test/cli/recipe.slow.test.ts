import { describe, expect, test } from 'vitest';
import type { RecipeRun } from '../../src/cli/recipe-process.ts';
import type { PublishedComparison } from '../../src/recipe/published.ts';
import type { Recipe } from '../../src/recipe/recipe.ts';
import { recipes } from '../../src/recipe/recipes.ts';
import { tinyDataSet } from '../support/tiny-data-set.ts';
import { fails, file, folder, json, start, taurec } from './taurec.ts';

tinyDataSet(folder);
const config = { dimension: 8, epochs: 2, loss: { name: 'sl', tau: 0.2 }, batch: { rows: 16 } };
const made = { data: './tiny', choice: 'validation', chosen: 'validated', config, seeds: [1, 2] };
/** A metric lies in [0, 1], so the first must pass and the second must not. */
const recipe = {
  good: { ...made, name: 'good', expected: { clean: { 'ndcg@20': 0.5 } }, tolerance: { absolute: 0.5 }, ci: true },
  bad: { ...made, name: 'bad', expected: { irbench: { 'recall@5': 2 } }, seeds: [1] },
  open: { ...made, name: 'open', choice: 'test', chosen: 'published', seeds: [1] },
};
file('good.json', JSON.stringify(recipe.good));
file('open.json', JSON.stringify(recipe.open));
file(
  'mine.recipes.ts',
  `const all: object[] = ${JSON.stringify([recipe.good, recipe.bad, recipe.open])};\nexport default all;\n`,
);
file('secret.json', JSON.stringify({ ...recipe.open, chosen: 'validated' }));
file('twice.json', JSON.stringify([recipe.good, recipe.good]));
file('nowhere.json', JSON.stringify({ ...recipe.good, data: './nowhere' }));
file('broken.json', JSON.stringify({ ...recipe.good, name: 'broken', config: { loss: { name: 'sl', tau1: 1 } } }));
const mine = ['--config', 'mine.recipes.ts'];

describe('taurec recipe list', () => {
  test('shows every recipe, how it was chosen, its evaluator and what it expects, with neighbours also of the loss alone', async () => {
    const { stdout, code } = await taurec('recipe', 'list');
    expect(code).toBe(0);
    for (const { name, chosen } of recipes) expect(stdout).toMatch(new RegExp(`^${name} .* ${chosen} `, 'm'));
    expect(stdout).toMatch(
      /^gowalla-validated .*clean +ndcg@20 +\.1747 *\n +irbench +ndcg@20 +\.1693 +\.1624 \(SL, MF\)/m,
    );
    for (const { name, data, expected, lossAlone } of recipes) {
      if (!lossAlone) continue;
      // the last evaluator of the recipe, and with it the last line
      const protocols = Object.keys(expected!) as ('clean' | 'irbench')[];
      const protocol = protocols.at(-1)!;
      const [metric, value] = Object.entries(expected![protocol]!)[0]!;
      const [alone, reached] = [lossAlone[protocol]![metric]!, value].map((x) => x.toFixed(4).slice(1));
      const [, lines] = new RegExp(`^${name} +${data} ((?:.*\n){${protocols.length}})`, 'm').exec(stdout)!;
      expect(lines).toMatch(new RegExp(`${protocol} +${metric} +\\${alone} +\\${reached} `));
    }
  });

  test('--ci, --data and --chosen leave others out', async () => {
    const names = async (...args: string[]) =>
      (await json('recipe', 'list', ...args)).recipes.map((one: Recipe) => one.name);
    expect(await names('--ci')).toEqual(recipes.filter(({ ci }) => ci).map(({ name }) => name));
    expect(await names('--data', 'gowalla')).toEqual(
      recipes.filter(({ data }) => data === 'gowalla').map(({ name }) => name),
    );
    expect(await names('--chosen', 'published', ...mine)).toEqual(['open']);
  });

  test('--published: each published result, with the difference in percent', async () => {
    const { stdout } = await taurec('recipe', 'list', '--published');
    expect(stdout).toMatch(
      /^gowalla +mf +SL +irbench +published +\.2064 +\.1624 +gowalla-validated +validated .*\+4\.2%$/m,
    );
    const gowalla = await json('recipe', 'list', '--published', '--data', 'gowalla');
    for (const group of [gowalla.published, gowalla.best, gowalla.bestWithNeighbors] as PublishedComparison[][]) {
      expect(new Set(group.map(({ published: { data } }) => data))).toEqual(new Set(['gowalla']));
    }
    const { published, best } = await json('recipe', 'list', '--published');
    expect(published[0]).toMatchObject({ published: { data: 'amazon2014-health', protocol: 'irbench' } });
    expect(best.every((one: PublishedComparison) => one.published.source)).toBe(true);
  });
});

describe('taurec recipe run', () => {
  test('shows metrics over the seeds under both evaluators, and how they were chosen', async () => {
    const { stdout, stderr, code } = await taurec('recipe', 'run', 'good', 'open', ...mine);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^good: .*validated \(epoch chosen on a random tenth/m)]);
    expect(stdout).toMatch(/^clean +ndcg@20 +\.\d{4} ± \.\d{4} +\.5000$/m);
    expect(stdout).toMatch(/^irbench +recall@20 +\.\d{4} ± \.\d{4}$/m);
    expect(stdout).toMatch(/s to train, peak \d+ MiB, 2 seeds/);
    expect(stdout).toMatch(/^open: .*published \(epoch chosen on the test set\)/m);
    // The two recipes share a data set, whose columns are named once, before the first training ends.
    const columns = (part: string) =>
      `Columns of .*${part}\\.csv: user = "user" \\(1\\), item = "item" \\(2\\); not read: none\\.\n`;
    expect(stderr).toMatch(
      new RegExp(`^${columns('train')}${columns('test')}1/3 · good, seed 1 .*left\n2/3 .*\n3/3 · open, seed 1\n$`),
    );
  });

  test('--json: everything of every run; the same on two jobs as on one', async () => {
    const quiet = ['--quiet', '--seeds', '4,5', ...mine];
    const [one, two] = [
      await json('recipe', 'run', 'good', ...quiet),
      await json('recipe', 'run', 'good', ...quiet, '--jobs', '2'),
    ];
    const [{ metrics, runs, ...facts }] = one.recipes;
    expect(facts).toMatchObject({ name: 'good', choice: 'validation', chosen: 'validated' });
    const columns = { user: { name: 'user', position: 1 }, item: { name: 'item', position: 2 }, unread: [] };
    expect(facts).toMatchObject({ columns, testColumns: columns });
    expect(facts.peakBytes).toBe(Math.max(...runs.map((run: RecipeRun) => run.peakBytes)));
    expect(facts.peakBytes).toBeGreaterThan(2 ** 24);
    expect(runs.map((run: RecipeRun) => run.seed)).toEqual([4, 5]);
    expect(metrics[0]).toMatchObject({ protocol: 'clean', metric: 'ndcg@20', expected: 0.5, published: [] });
    expect(two.recipes[0].metrics).toEqual(metrics);
  });
});

describe('taurec recipe check', () => {
  test('a line for each recipe, the counts, and 1 for a miss', async () => {
    const { stdout, code } = await taurec('recipe', 'check', 'good', 'bad', ...mine);
    const [first, second, last] = stdout.split('\n');
    expect(first).toMatch(
      /^pass {2}good \| validated \| clean ndcg@20 \.\d{4} ± \.\d{4} \(expected \.5000 ± \.5000\) \| /,
    );
    expect(second).toMatch(/^FAIL {2}bad \| validated \| irbench recall@5 .* TOO LOW\) \|/);
    expect([last, code]).toEqual(['1 passed, 1 failed', 1]);
  });

  test('0 when all pass; --json', async () => {
    const { passed, failed, recipes: results } = await json('recipe', 'check', '--ci', ...mine);
    expect([passed, failed, results.length]).toEqual([1, 0, 1]);
    expect(results[0]).toMatchObject({
      name: 'good',
      passed: true,
      checks: [{ protocol: 'clean', metric: 'ndcg@20', passed: true }],
    });
    expect(results[0].runs).toHaveLength(2);
  });

  test('a training that fails is a miss that says why', async () => {
    const { stdout, code } = await taurec('recipe', 'check', 'broken', '--config', 'broken.json');
    expect(stdout).toMatch(/^FAIL {2}broken: .*tau1/);
    expect([stdout.trimEnd().split('\n').at(-1), code]).toEqual(['0 passed, 1 failed', 1]);
  });

  test('Ctrl-C exits with 130 and ends the training that runs', async () => {
    const long = { ...recipe.good, name: 'long', config: { ...config, epochs: 1_000_000 } };
    file('long.json', JSON.stringify([recipe.good, long]));
    const { child, done } = start(['recipe', 'check', '--seeds', '1', '--config', 'long.json']);
    child.stderr!.on('data', (text: string) => text.startsWith('1/2') && child.kill('SIGINT'));
    // Done when standard error is closed, which the process of the training has too.
    const { code, stdout, stderr } = await done;
    expect(code).toBe(130);
    expect(stdout).toMatch(/^pass {2}good .*\n$/);
    expect(stderr).toMatch(/^taurec: Stopped on request\.$/m);
  });
});

describe('wrong usage exits with 2', () => {
  test.each<[string, RegExp, string[]]>([
    ['an unknown name, with the nearest', /Unknown recipe "gowala".*Did you mean gowalla\?/, ['check', 'gowala']],
    ['nothing that fits', /No recipe matches/, ['list', '--data', 'netflix']],
    ['nothing to check', /open has no expected metrics/, ['check', '--config', 'open.json']],
    [
      'chosen on the test set in secret',
      /chosen: got "validated", expected "published"/,
      ['list', '--config', 'secret.json'],
    ],
    ['two of one name', /name in twice\.json: got "good", expected distinct names/, ['list', '--config', 'twice.json']],
    ['no data folder', /TAUREC_DATA/, ['check', 'gowalla']],
    ['no name', /missing required argument 'names'/, ['run']],
  ])('%s', async (_, message, args) => {
    await fails(2, message, 'recipe', ...args);
  });

  test('a folder that is not there: 1, before anything is trained', async () => {
    await fails(1, /nowhere: no such file/, 'recipe', 'check', '--config', 'nowhere.json');
  });
});
