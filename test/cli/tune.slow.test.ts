import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { fails, file, folder, json, start, taurec, writeData } from './taurec.ts';

// Most tests here run a study or two.
vi.setConfig({ testTimeout: 300_000 });
writeData();
const common = [
  'train.csv',
  '--valid',
  'valid.csv',
  '--dimension',
  '8',
  '--rows',
  '32',
  '--epochs',
  '8',
  '--threads',
  '1',
  '--neighbors',
  'off',
];
const short = ['--trials', '4', '--rungs', '0.5,1', '--factor', '2', '--search', 'random'];

// biome-ignore lint/suspicious/noExplicitAny: JSON
const valuesOf = (result: any) =>
  // biome-ignore lint/suspicious/noExplicitAny: JSON
  result.trials.map(({ point, runs }: any) => ({
    point,
    // biome-ignore lint/suspicious/noExplicitAny: JSON
    runs: runs.map(({ rung, state, value, epoch }: any) => ({ rung, state, value, epoch })),
  }));

describe('tune --json', () => {
  test('finds the best of its trials, whose command trains it, and writes the report', async () => {
    const result = await json('tune', ...common, ...short, '--loss', 'sl', '--folder', 'first', '--out', 'model');
    expect(result.trials).toHaveLength(4);
    const whole = result.trials.flatMap(({ runs }: { runs: { rung: number; value: number }[] }) =>
      runs.filter(({ rung }) => rung === 1),
    );
    expect(whole).toHaveLength(2);
    expect(result.winner).toMatchObject({ rung: 1, whole: true });
    expect(result.winner.value).toBe(Math.max(...whole.map(({ value }: { value: number }) => value)));

    const command = result.winner.command.replace(/--out \S+/, '--out again');
    const trained = JSON.parse(
      execFileSync('sh', ['-c', `${command} --quiet --json`], { cwd: folder, encoding: 'utf8' }),
    );
    expect(trained.metrics.valid['ndcg@20']).toBe(result.winner.value);
    const embeddings = (model: string) => readFileSync(join(folder, model, 'embeddings.safetensors'));
    expect(embeddings('model').equals(embeddings('again'))).toBe(true);

    const report = readFileSync(join(folder, result.report.html), 'utf8');
    for (const text of ['loss.tau', 'learningRate', 'The winner', result.winner.command.split(' ').at(-1)]) {
      expect(report).toContain(text);
    }
    const { provenance, sections } = JSON.parse(readFileSync(join(folder, result.report.json), 'utf8'));
    expect(provenance.command).toMatch(/^npx taurec tune /);
    expect(sections[0].text[0]).toMatch(/^npx taurec train .* --out model$/);
    expect(report).not.toContain('taurec.js');
  });

  test('asked again, nothing is trained again', async () => {
    const before = await json('tune', ...common, ...short, '--loss', 'sl', '--folder', 'first');
    const { stdout, stderr } = await taurec('tune', ...common, ...short, '--loss', 'sl', '--folder', 'first', '--json');
    expect(JSON.parse(stdout).trials).toEqual(before.trials);
    expect(stderr).toContain('6 trainings are done, 0 begun');
  });

  test('the same whatever the jobs, and with the space of a configuration file', async () => {
    const space = { 'loss.tau': { logUniform: [0.05, 0.5] }, 'batch.negatives': { choice: [20, 'all'] } };
    file(
      'space.json',
      JSON.stringify({ loss: 'sl', tune: { space, search: 'random', trials: 3, halving: { rungs: [1] } } }),
    );
    const run = (jobs: string, at: string) =>
      json('tune', ...common, '--config', 'space.json', '--jobs', jobs, '--folder', at, '--keep', 'best');
    const one = await run('1', 'one');
    expect(Object.keys(one.winner.point)).toEqual(Object.keys(space));
    expect(valuesOf(await run('3', 'three'))).toEqual(valuesOf(one));
    const kept = one.trials
      .flatMap(({ runs }: { runs: { checkpoint?: string }[] }) => runs)
      .filter(({ checkpoint }: { checkpoint?: string }) => checkpoint !== undefined);
    expect(kept).toHaveLength(1);
  });

  test('a time budget ends the search, and what is there is the result', async () => {
    const { winner, trials } = await json(
      'tune',
      ...common,
      '--loss',
      'sl',
      '--time-budget',
      '0.001',
      '--folder',
      'brief',
    );
    expect(trials.length).toBeGreaterThan(0);
    expect(winner.value).toBeGreaterThan(0);
  });

  test('--refit-winner trains the winner on validation too', async () => {
    const flags = [...common, ...short, '--loss', 'sl', '--folder', 'first', '--refit-winner', '--out', 'refitted'];
    const { winner } = await json('tune', ...flags);
    expect(winner.command).toMatch(/ --refit .*--out refitted$/);
    const info = await json('info', 'refitted');
    expect(JSON.stringify(info)).toContain('"refit":true');
  });
});

describe('a study that is stopped', () => {
  const study = [...common, '--loss', 'sl', '--search', 'random', '--trials', '6', '--rungs', '1'];

  test.each([
    ['killed', 'SIGKILL', null],
    ['interrupted', 'SIGINT', 130],
  ] as const)('%s goes on to the same end', async (name, signal, code) => {
    const whole = await json('tune', ...study, '--folder', 'undisturbed');
    const { child, done } = start(['tune', ...study, '--folder', name]);
    let stderr = '';
    child.stderr!.on('data', (text: string) => (stderr += text));
    while (!/Trial \d/.test(stderr) && child.exitCode === null) await new Promise((wake) => setTimeout(wake, 2));
    child.kill(signal);
    const stopped = await done;
    expect(stopped.code).toBe(code);
    if (signal === 'SIGINT')
      expect(stopped.stderr).toMatch(/The study is kept in interrupted.*To continue: .*tune train.csv/);
    const { stdout, stderr: said } = await taurec('tune', ...study, '--folder', name, '--json');
    expect(said).toMatch(/Continuing: \d trainings are done/);
    expect(valuesOf(JSON.parse(stdout))).toEqual(valuesOf(whole));
  });
});

describe('wrong usage', () => {
  test.each<[string, number, RegExp, string[]]>([
    [
      'no validation',
      2,
      /--valid: got undefined, expected validation interactions/,
      ['train.csv', '--valid-ratio', '0'],
    ],
    [
      'nothing to search',
      2,
      /nothing to search/,
      [...common, '--loss', 'sl', '--tau', '0.1', '--learning-rate', '0.1'],
    ],
    ['an unknown search', 2, /--search/, [...common, '--search', 'bayes']],
    ['rungs that do not end with 1', 2, /tune.halving.rungs.*end with 1/, [...common, '--rungs', '0.5']],
    ['a model that no option says', 2, /--refit-winner needs --out/, [...common, '--refit-winner']],
  ])('%s', async (_, code, message, args) => {
    await fails(code, message, 'tune', ...args, '--folder', 'refused', '-q');
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });

  test('a space with an option that training has not', async () => {
    file('wrong.json', JSON.stringify({ tune: { space: { 'loss.tua': { uniform: [0, 1] } } } }));
    await fails(2, /tune\.space\.loss\.tua.*Did you mean tau\?/, 'tune', ...common, '--config', 'wrong.json', '-q');
  });

  test('a folder with a study of other settings', async () => {
    await json('tune', ...common, '--loss', 'sl', '--trials', '1', '--rungs', '1', '--folder', 'taken');
    await fails(
      1,
      /another search/,
      'tune',
      ...common,
      '--loss',
      'sl',
      '--search',
      'random',
      '--rungs',
      '1',
      '--folder',
      'taken',
      '-q',
    );
    await fails(
      1,
      /another data/,
      'tune',
      'train.csv',
      ...common.slice(3),
      '--loss',
      'sl',
      '--rungs',
      '1',
      '--folder',
      'taken',
      '-q',
    );
  });
});

test('a configuration file with a space serves train too', async () => {
  file('both.json', JSON.stringify({ epochs: 2, tune: { space: { 'loss.tau': { uniform: [0.1, 1] } } } }));
  const { config } = await json('train', 'train.csv', '--config', 'both.json', '--dimension', '4', '--out', 'both');
  expect(config.epochs).toBe(2);
});
