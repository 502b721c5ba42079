import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { experiments } from '../../src/experiment/experiments.ts';
import { experimentsOf, small } from './short-experiments.ts';
import { fails, file, folder, json, start, taurec } from './taurec.ts';

describe('taurec experiment', () => {
  experimentsOf('quick');

  test('without a name: all are listed', async () => {
    const { stdout, code } = await taurec('experiment');
    expect(code).toBe(0);
    for (const { name } of experiments) expect(stdout).toContain(name);
    expect((await json('experiment')).map(({ name }: { name: string }) => name)).toEqual(
      experiments.map(({ name }) => name),
    );
  });

  test('a loss, a metric and a data set of one’s own join by a line of a file', async () => {
    file(
      'own.mjs',
      `export default class { name = 'own'; parameters = {}; allowsDotScores = true;
      evaluate({ positives, negatives }, gradients) { gradients.positives.fill(-1 / positives.length); gradients.negatives.fill(1 / negatives.length); return 0; } }
      export const first = (hits, relevant) => (hits[0] === 0 ? 1 : 0);`,
    );
    file(
      'own.config.json',
      JSON.stringify({
        data: [{ name: 'mine', train: 'tiny/train.csv', test: 'tiny/test.csv' }],
        losses: ['sl', { module: './own.mjs', label: 'own' }],
        metrics: ['recall@5', { module: './own.mjs', export: 'first', name: 'first' }],
      }),
    );
    const { files } = await json(
      'experiment',
      'losses',
      '--config',
      'own.config.json',
      '--epochs',
      '2',
      '--seeds',
      '1',
      '--out',
      'own',
    );
    const path = files.csv.find((name: string) => !/differences|tried/.test(name));
    const table = readFileSync(join(folder, path), 'utf8').split('\n');
    expect(table[0]).toContain('recall@5');
    expect(table[0]).toContain('first@20');
    expect(table.map((line) => line.split(',')[0])).toEqual(['loss', 'sl', 'own', '']);
    expect(path).toContain('mine');
    const [header, ...rows] = table.slice(0, 3).map((line) => line.split(','));
    for (const metric of ['recall@5', 'first@20', 'ndcg@20']) {
      for (const row of rows) expect(row[header!.indexOf(metric)]).toMatch(/^\d/);
    }
  });

  test('paths in a file are relative to it', async () => {
    mkdirSync(join(folder, 'study'), { recursive: true });
    file('study/mine.mjs', 'export default (hits, relevant) => hits.length / relevant;');
    const metrics = [{ module: './mine.mjs', name: 'mine' }];
    const files = { name: 'one', train: '../tiny/train.csv', test: '../tiny/test.csv' };
    file('study/my.json', JSON.stringify({ data: ['../tiny-popularity', files], losses: ['sl'], metrics }));
    const args = ['--backbones', 'mf', '--epochs', '1', '--seeds', '1', '--out', 'study/out'];
    const { runs } = await json('experiment', 'losses', '--config', 'study/my.json', ...args);
    expect(runs).toBe(2);
    const recipe = { name: 'mine', choice: 'last', chosen: 'validated', config: { epochs: 1 }, seeds: [1] };
    file('study/my.recipe.json', JSON.stringify({ ...recipe, data: '../tiny' }));
    const { recipes } = await json('recipe', 'run', 'mine', '--config', 'study/my.recipe.json');
    expect(recipes[0].metrics[0].mean).toBeGreaterThan(0);
  });

  test.each([
    [2, /Unknown experiment "lossess"; known: losses/, ['lossess']],
    [2, /Unknown loss "softmax"; known: sl/, ['losses', ...small, '--losses', 'softmax']],
    [1, /nowhere: no such file/, ['losses', '--data', './nowhere']],
    [2, /data: got "films", expected a data set of \$TAUREC_DATA, which is not set/, ['losses', '--data', 'films']],
    [2, /metrics: got "ndgc@20", expected a metric with its cut-off/, ['losses', ...small, '--metric', 'ndgc@20']],
    [2, /Expected distinct numbers/, ['losses', '--levels', '1,1']],
  ])('wrong usage: %i, %s', async (code, message, args) => {
    await fails(code, message, 'experiment', ...args, '--out', 'nothing');
    expect(existsSync(join(folder, 'nothing'))).toBe(false);
  });

  test('Ctrl-C: the exit code says so, what was done is kept, and the way on is told', async () => {
    const args = [
      'experiment',
      'losses',
      '--data',
      './tiny',
      '--losses',
      'sl',
      '--epochs',
      '3000',
      '--jobs',
      '1',
      '--out',
      'stopped',
    ];
    const { child, done } = start(args);
    child.stderr!.on('data', (text: string) => {
      if (text.includes('trainings')) setTimeout(() => child.kill('SIGINT'), 500);
    });
    const { code, stderr, stdout } = await done;
    expect(code, stderr).toBe(130);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/Finished trainings are kept in stopped\. To continue: .*experiment losses/);
    expect(existsSync(join(folder, 'stopped', 'report.html'))).toBe(false);
  });
});
