import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { validUsers } from '../../src/training/validation.ts';
import { fails, file, folder, json, quick, start, taurec, writeData } from './taurec.ts';

const data = writeData();
const read = (name: string) => readFileSync(join(folder, name));
const embeddings = (model: string) => read(`${model}/embeddings.safetensors`);

// biome-ignore lint/suspicious/noExplicitAny: JSON
let trained: Promise<any> | undefined;
/** Trained on train.csv alone, once for the tests that look at it. */
const plain = () => (trained ??= json('train', 'train.csv', ...quick, '--out', 'plain'));

describe('train --json', () => {
  test('is the machine interface', async () => {
    const flags = [
      '--train',
      'train.csv',
      '--test',
      'test.csv',
      '--valid',
      'valid.csv',
      '--loss',
      'sl',
      '--tau',
      '0.1',
    ];
    const result = await json('train', ...flags, ...quick, '--seed', '1', '--out', 'full');
    expect(result).toMatchObject({
      model: 'full',
      protocol: 'clean',
      config: { loss: { name: 'sl', options: { tau: 0.1 } }, seed: 1, threads: 1, epochs: 6, dimension: 8 },
      data: { users: data.users, train: data.train.indices.length, test: data.test.indices.length },
    });
    const { epochs, steps, metrics, seconds } = result;
    expect(epochs).toBeGreaterThanOrEqual(1);
    expect(epochs).toBeLessThanOrEqual(6);
    expect(steps).toBe(epochs * Math.ceil(data.users / 32));
    for (const part of ['valid', 'test']) {
      for (const name of ['recall@20', 'ndcg@20']) {
        expect(metrics[part][name]).toBeGreaterThan(0);
        expect(metrics[part][name]).toBeLessThan(1);
      }
    }
    for (const name of ['read', 'train', 'evaluate']) expect(seconds[name]).toBeGreaterThanOrEqual(0);
  });

  test('evaluate gives the numbers of train, under either protocol', async () => {
    const flags = ['--valid', 'valid.csv', '--test', 'test.csv', '--protocol', 'both', '-k', '5,20'];
    const trained = await json('train', 'train.csv', ...flags, ...quick, '--out', 'both');
    const evaluated = await json('evaluate', 'both', '--test', 'test.csv', '--protocol', 'both', '-k', '5,20');
    expect(evaluated.metrics).toEqual(trained.metrics.test);
    expect(evaluated.evaluations).toEqual(trained.evaluations);
    expect(Object.keys(evaluated.evaluations)).toEqual(['clean', 'irbench']);
    expect(evaluated.evaluations.irbench.metrics).not.toEqual(evaluated.evaluations.clean.metrics);
  });

  test('the aim decides how validation is held out, unless one says how', async () => {
    const flags = [...quick, '--epochs', '1', '--neighbors', 'off', '--valid-ratio', '0.1', '--seed', '3'];
    const how = async (...more: string[]) =>
      (await json('train', 'train.csv', ...flags, ...more, '--out', 'aim')).data.splits.valid.method;
    expect(await how()).toBe('random');
    expect(await how('--aim', 'discovery')).toBe('debiased');
    expect(await how('--aim', 'discovery', '--valid-split', 'random')).toBe('random');
    expect(JSON.parse(read('aim/config.json').toString())).toMatchObject({
      training: { aim: 'discovery' },
      data: { splits: { valid: { method: 'random', ratio: 0.1, seed: 3 } } },
    });
  });

  test('--tau auto chooses by validation and reports the trials', async () => {
    const flags = ['--valid', 'valid.csv', '--neighbors', 'off', '--tau', 'auto', '--negative-weight', 'auto'];
    const { config, tuning } = await json('train', 'train.csv', ...flags, ...quick, '--out', 'auto');
    expect(config.loss).toMatchObject({ name: 'bsl', options: { tau1: 4, ...tuning.chosen } });
    expect(Object.keys(tuning.chosen)).toEqual(['tau', 'negativeWeight']);
    expect(JSON.parse(read('auto/config.json').toString()).tuning).toEqual(tuning);
    await fails(2, /--valid-ratio 0\.1/, 'train', 'train.csv', '--tau', 'auto', ...quick, '--out', 'auto');
    await fails(2, /bpr\.tau/, 'train', 'train.csv', '--loss', 'bpr', '--tau', 'auto');
  });

  test('without validation and test there are no metrics, and every epoch is run', async () => {
    const result = await plain();
    expect([result.metrics, result.epochs, result.reason]).toEqual([{}, 6, 'epochs']);
  });

  test('a seed gives the same model with any number of threads', async () => {
    for (const threads of ['1', '2']) {
      await json('train', 'train.csv', ...quick, '--threads', threads, '--seed', '5', '--out', `threads-${threads}`);
    }
    await json('train', 'train.csv', ...quick, '--seed', '6', '--out', 'seed-6');
    expect(embeddings('threads-1').equals(embeddings('threads-2'))).toBe(true);
    expect(embeddings('threads-1').equals(embeddings('seed-6'))).toBe(false);
  });

  test('every training option has a flag that reaches the configuration', async () => {
    const flags = {
      '--loss': 'bsl',
      '--tau': '0.2',
      '--tau1': 'inf',
      '--negative-weight': '0.9',
      '--score': 'cosine',
      '--ranking-score': 'dot',
      '--aim': 'discovery',
      '--popularity-prior': '0.1',
      '--neighbors': '7',
      '--initial-deviation': '0.2',
      '--optimizer': 'adam',
      '--beta1': '0.8',
      '--beta2': '0.99',
      '--epsilon': '1e-7',
      '--learning-rate': '0.02',
      '--schedule': 'constant',
      '--warmup': '0.1',
      '--final': '0.5',
      '--l2': '0.001',
      '--weight-decay': '0.002',
      '--dropout': '0.1',
      '--batch': 'user',
      '--rows': '16',
      '--negatives': '50',
      '--pool': 'popularity',
      '--alpha': '0.5',
      '--row-weight': 'sqrt',
      '--epochs': '2',
      '--time-budget': '50',
      '--metric': 'recall@10',
      '--validate-every': '2',
      '--patience': '3',
      '--validation-users': '40',
      '--checkpoint-every': '1',
      '--build': 'simd',
      '--engine': 'wasm',
      '--dimension': '4',
      '--threads': '1',
      '--seed': '9',
    };
    const { config } = await json(
      'train',
      'train.csv',
      '--valid-ratio',
      '0.1',
      ...Object.entries(flags).flat(),
      ...['--log-q', '--allow-positives', '--refit', '--cold-items', 'off', '--precision', 'f16', '--out', 'all-flags'],
    );
    expect(config).toEqual({
      loss: { name: 'bsl', options: { tau: 0.2, tau1: 'inf', negativeWeight: 0.9, form: 'paper' } },
      score: 'cosine',
      rankingScore: 'dot',
      aim: 'discovery',
      popularityPrior: 0.1,
      neighbors: 7,
      coldItems: 'off',
      precision: 'f16',
      backbone: { name: 'mf', options: {} },
      dimension: 4,
      initialDeviation: 0.2,
      optimizer: { name: 'adam', beta1: 0.8, beta2: 0.99, epsilon: 1e-7 },
      learningRate: 0.02,
      schedule: { name: 'constant', warmup: 0.1, final: 0.5 },
      l2: 0.001,
      decoupledWeightDecay: 0.002,
      embeddingDropout: 0.1,
      batch: {
        kind: 'user',
        rows: 16,
        negatives: 50,
        pool: 'popularity',
        alpha: 0.5,
        logQ: true,
        maskPositives: false,
      },
      rowWeight: 'sqrt',
      epochs: 2,
      timeBudget: 50,
      validation: { metric: 'recall@10', every: 2, patience: 3, users: 40 },
      refit: true,
      checkpointEvery: 1,
      seed: 9,
      threads: 1,
      engine: 'wasm',
      build: 'simd',
    });
  });
});

test('one option of the default loss changes that option alone; another form leaves its options', async () => {
  const { loss } = (await plain()).config;
  const { config } = await json('train', 'train.csv', ...quick, '--tau', '0.25', '--out', 'default');
  expect(config.loss).toEqual({ name: 'bsl', options: { ...loss.options, tau: 0.25 } });
  const multi = await json('train', 'train.csv', ...quick, '--form', 'multi', '--out', 'default');
  expect(multi.config.loss).toMatchObject({ name: 'bsl', options: { form: 'multi' } });
});

describe('what a person reads', () => {
  test('an objective that follows from the data is told in flags that make the same model; a named one is not told', async () => {
    const flags = ['train', 'train.csv', '--valid', 'valid.csv', ...quick, '--epochs', '2', '--neighbors', 'off'];
    const bare = await taurec(...flags, '--out', 'bare');
    const [, told, users] = /^Objective: (--loss .*) \((\d+) users have validation interactions, .*\)\.$/m.exec(
      bare.stderr,
    )!;
    expect(Number(users)).toBe(validUsers(data.valid, data.train));
    const named = await taurec(...flags, ...told!.split(' '), '--out', 'named');
    expect(embeddings('named').equals(embeddings('bare'))).toBe(true);
    const others = [named, await taurec(...flags, '--tau', '0.1', '--out', 'bare')];
    for (const { code, stderr } of others)
      expect([code, stderr]).toEqual([0, expect.not.stringContaining('Objective')]);
    expect((await taurec(...flags, '--quiet', '--out', 'bare')).stderr).toBe('');
  });

  test('one command: the model stands under models/, with the commands to go on', async () => {
    file('ratings.csv', read('train.csv').toString());
    const { code, stdout, stderr } = await taurec('train', 'ratings.csv', ...quick, '--titles', 'titles.csv');
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('Model models/ratings: 6 epochs');
    expect(stdout).toContain('Nothing was held out');
    expect(stderr).toMatch(/^epoch 6\/6 · loss /m);
    const command = /^Recommend: {2}node \S+ (.*)$/m.exec(stdout)![1]!;
    const recommended = await taurec(...command.split(' '));
    expect(recommended.code).toBe(0);
    expect(recommended.stdout).toContain('Title, number');
  });

  test('a split: the held-out part stands beside the model, and the printed command evaluates on it', async () => {
    const { stdout } = await taurec(
      'train',
      'train.csv',
      ...quick,
      '--split',
      'random',
      '--test-ratio',
      '0.3',
      '--out',
      'split',
    );
    const command = /^Evaluate: {3}node \S+ (.*)$/m.exec(stdout)![1]!;
    expect(command).toBe('evaluate split --test split/test.csv');
    const { metrics, evaluations } = await json(...command.split(' '));
    expect(stdout).toContain(metrics['ndcg@20'].toFixed(4));
    expect(evaluations.clean.ranked).toBeGreaterThan(data.users / 2);
    const held = read('split/test.csv').toString().trim().split('\n').length - 1;
    expect(Math.abs(held / data.train.indices.length - 0.3)).toBeLessThan(0.01);
  });

  test('--quiet says nothing but the result; --json --quiet only the object', async () => {
    const quiet = await taurec('train', 'train.csv', ...quick, '--quiet', '--out', 'quiet');
    expect([quiet.stderr, quiet.code]).toEqual(['', 0]);
    expect(quiet.stdout).toContain('Model quiet');
  });

  test('the name of the folder, where the file is called train', async () => {
    mkdirSync(join(folder, 'shop'), { recursive: true });
    writeFileSync(join(folder, 'shop/train.csv'), read('train.csv'));
    expect((await json('train', 'shop/train.csv', ...quick)).model).toBe(join('models', 'shop'));
  });
});

test('--log holds the stream of events as JSON lines', async () => {
  await json(
    'train',
    'train.csv',
    '--valid',
    'valid.csv',
    ...quick,
    '--neighbors',
    'off',
    '--validate-every',
    '2',
    '--out',
    'logged',
    '--log',
    'events.jsonl',
  );
  const events = read('events.jsonl')
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const types = events.map(({ type }) => type);
  expect(types.slice(0, 2)).toEqual(['objective', 'start']);
  expect(types.at(-1)).toBe('end');
  expect(types.filter((type) => type === 'epoch')).toHaveLength(events.at(-1).epochs);
  expect(types.filter((type) => type === 'validation')).toHaveLength(events.at(-1).epochs / 2);
  for (const { time } of events) expect(new Date(time).toISOString()).toBe(time);
});

describe('an interrupted run', () => {
  const flags = [
    'train',
    'train.csv',
    '--valid',
    'valid.csv',
    '--dimension',
    '8',
    '--threads',
    '1',
    '--rows',
    '32',
    '--seed',
    '2',
  ];
  const long = ['--epochs', '1500', '--validate-every', '500', '--neighbors', 'off'];
  const often = ['--checkpoint-every', '1'];

  test('keeps its checkpoint, exits with 130, and resumes to the same model', async () => {
    const args = [...flags, ...long, '--out', 'interrupted', '--log', 'interrupted.jsonl'];
    const { child, done } = start([...args, ...often, '--json']);
    const log = join(folder, 'interrupted.jsonl');
    while (child.exitCode === null && (!existsSync(log) || !readFileSync(log, 'utf8').includes('"checkpoint"'))) {
      await new Promise((wake) => setTimeout(wake, 5));
    }
    child.kill('SIGINT');
    const { code, stdout, stderr } = await done;
    expect([code, stdout]).toEqual([130, '']);
    const error = JSON.parse(stderr.trimEnd().split('\n').at(-1)!);
    expect(error.message).toMatch(/^Stopped on request.*checkpoint\.safetensors/);
    expect(error.remedy).toMatch(/^To continue: node .*--out interrupted .*--resume$/);
    expect(readdirSync(join(folder, 'interrupted'))).toEqual(['checkpoint.safetensors']);

    const resumed = await taurec(...args, '--resume');
    expect(resumed.code, resumed.stderr).toBe(0);
    expect(resumed.stderr).toMatch(/^Resumed after epoch \d+\.$/m);
    expect(readdirSync(join(folder, 'interrupted'))).not.toContain('checkpoint.safetensors');
    await json(...flags, ...long, '--out', 'uninterrupted');
    expect(embeddings('interrupted').equals(embeddings('uninterrupted'))).toBe(true);
    const events = read('interrupted.jsonl')
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.filter(({ type }) => type === 'start')).toHaveLength(2);
  });

  test('--resume without a checkpoint starts afresh and says so', async () => {
    const { code, stderr } = await taurec('train', 'train.csv', ...quick, '--resume', '--out', 'nothing-yet');
    expect(code).toBe(0);
    expect(stderr).toContain('There is no checkpoint to resume');
  });
});

describe('configuration files', () => {
  test('a file imports from every entry, also where taurec is not installed', async () => {
    const config = file(
      'entries.config.ts',
      `import { defineConfig } from 'taurec';\nimport { kCore } from 'taurec/extend';\nimport { defineExperiment } from 'taurec/lab';\nif (!kCore || !defineExperiment) throw new Error('missing');\nexport default defineConfig({ epochs: 1, dimension: 8 });`,
    );
    const result = await json('train', 'train.csv', '--config', config, '--out', 'entries');
    expect(result.config).toMatchObject({ epochs: 1, dimension: 8 });
  });

  test.each([
    [
      'ts',
      `import { defineConfig } from 'taurec';\nconst rows: number = 16;\nexport default defineConfig({ epochs: 3, dimension: 8, batch: { rows }, loss: { name: 'sl', tau: 0.3 } });`,
    ],
    ['json', `{ "epochs": 3, "dimension": 8, "batch": { "rows": 16 }, "loss": { "name": "sl", "tau": 0.3 } }`],
  ])('%s: flags override it, option by option', async (extension, text) => {
    const config = file(`my.config.${extension}`, text);
    const result = await json(
      'train',
      'train.csv',
      '--config',
      config,
      '--epochs',
      '2',
      '--negatives',
      '30',
      '--negative-weight',
      '0.5',
      '--out',
      `by-${extension}`,
    );
    expect(result.config).toMatchObject({
      epochs: 2,
      dimension: 8,
      batch: { rows: 16, negatives: 30 },
      loss: { name: 'sl', options: { tau: 0.3, negativeWeight: 0.5 } },
    });
  });

  test('a flag turns off what a file turned on, and on what it turned off', async () => {
    const on = file('on.json', '{ "refit": true, "batch": { "logQ": true, "maskPositives": false } }');
    const off = ['--no-refit', '--no-log-q', '--no-allow-positives'];
    const how = [...quick, '--epochs', '1', '--neighbors', 'off', '--config', on];
    const train = ['train', 'train.csv', '--valid', 'valid.csv', ...how, '--out', 'negated'];
    const { config } = await json(...train);
    expect(config).toMatchObject({ refit: true, batch: { logQ: true, maskPositives: false } });
    const negated = await json(...train, ...off);
    expect(negated.config).toMatchObject({ refit: false, batch: { logQ: false, maskPositives: true } });
  });

  test('taurec.config.json of the current folder, with data and out', async () => {
    mkdirSync(join(folder, 'project'), { recursive: true });
    writeFileSync(
      join(folder, 'project/taurec.config.json'),
      JSON.stringify({
        data: { train: '../train.csv', test: '../test.csv', user: 'user' },
        out: 'mine',
        epochs: 2,
        dimension: 4,
      }),
    );
    process.chdir('project');
    const { code, stdout, stderr } = await taurec('train', '--json').finally(() => process.chdir(folder));
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('Using taurec.config.json.');
    expect(JSON.parse(stdout)).toMatchObject({ model: 'mine', epochs: 2, metrics: { test: {} } });
  });

  test.each([
    ['an unknown option, with the nearest', '{ "epoch": 3 }', 2, /Option epoch: got 3.*Did you mean epochs\?/],
    ['an unknown data option', '{ "data": { "users": 3 } }', 2, /option of data in wrong\.json "users"/],
    [
      'another type',
      '{ "data": { "minRating": "4" } }',
      2,
      /data\.minRating in wrong\.json: got "4", expected a number/,
    ],
    ['no object', '[1]', 2, /wrong\.json: got 1, expected an object/],
    ['no JSON', '{', 1, /wrong\.json: cannot be loaded: .*JSON/],
  ])('%s', async (_, text, code, message) => {
    await fails(code, message, 'train', 'train.csv', '--config', file('wrong.json', text), '--quiet');
  });

  test('a loss of the file that is an object trains', async () => {
    const loss = `{ name: 'pull', parameters: {}, allowsDotScores: true, evaluate(s, g) { g.negatives.fill(1 / s.negatives.length); g.positives.fill(-1 / s.positives.length); return 0; } }`;
    const config = file('object.config.mjs', `export default { epochs: 2, dimension: 4, loss: ${loss} };`);
    const result = await json('train', 'train.csv', '--config', config, '--out', 'object');
    expect(result.config.loss).toEqual({ name: 'pull', options: {} });
    expect(result.engine.threads).toBe(1);
  });
});

test('--loss-module: a loss of one’s own, with options', async () => {
  const text = `export const pull = ({ strength = 1 } = {}) => ({ name: 'pull', parameters: { strength }, allowsDotScores: true,
    evaluate(s, g) { g.negatives.fill(strength / s.negatives.length); g.positives.fill(-1 / s.positives.length); return 0; } });`;
  const module = file('pull.mjs', text);
  const flags = ['--loss-module', module, '--loss-export', 'pull', '--loss-option', 'strength=0.5'];
  const { config } = await json('train', 'train.csv', ...quick, ...flags, '--threads', '2', '--out', 'module');
  expect(config.loss).toMatchObject({ export: 'pull', options: { strength: 0.5 } });
  await fails(
    2,
    /export of loss module .* "push"/,
    'train',
    'train.csv',
    '--loss-module',
    module,
    '--loss-export',
    'push',
    '-q',
  );
});

test('--backbone: a built-in one with its layers, and one of one’s own', async () => {
  const flags = ['--backbone', 'lightgcn', '--layers', '2'];
  const { config } = await json('train', 'train.csv', ...quick, ...flags, '--out', 'lightgcn');
  expect(config.backbone).toEqual({ name: 'lightgcn', options: { layers: 2, gamma: 1 / 3 } });
  expect((await taurec('info', 'lightgcn')).stdout).toContain('lightgcn {"layers":2,"gamma":');
  await fails(2, /lightgcn\.layers: got 9/, 'train', 'train.csv', '--backbone', 'lightgcn', '--layers', '9', '-q');
  await fails(2, /option of backbone mf "layers"/, 'train', 'train.csv', '--layers', '2', '-q');
  const module = file(
    'still.mjs',
    "export default { name: 'still', parameters: {}, plan() {}, forward() {}, backward() {} };",
  );
  const own = await json('train', 'train.csv', ...quick, '--backbone-module', module, '--out', 'still');
  expect(own.config.backbone.module).toContain('still.mjs');
});

test('--popularity-prior: a number or auto, which the report and info name; evaluate ranks with it', async () => {
  const fixed = await json('train', 'train.csv', ...quick, '--popularity-prior', '-0.5', '--out', 'tail');
  expect(fixed.config.popularityPrior).toBe(-0.5);
  expect((await taurec('info', 'tail')).stdout).toMatch(/popularity prior +-0.5/);
  const flags = [
    ...quick,
    '--test',
    'test.csv',
    '--valid-ratio',
    '0.2',
    '--neighbors',
    'off',
    '--popularity-prior',
    'auto',
    '--out',
    'prior',
  ];
  const { config, metrics } = await json('train', 'train.csv', ...flags);
  expect(config.popularityPrior).toBeTypeOf('number');
  expect((await json('evaluate', 'prior', '--test', 'test.csv')).metrics).toEqual(metrics.test);
  await fails(2, /--popularity-prior: got "auto"/, 'train', 'train.csv', ...quick, '--popularity-prior', 'auto', '-q');
});

test('--loss-option: an option of a built-in loss that has no flag of its own', async () => {
  const flags = ['--loss', 'slatk', '--tau', '.3', '--loss-option', 'k=5', '--loss-option', 'tauWeight=inf'];
  const { config } = await json('train', 'train.csv', ...quick, ...flags, '--out', 'slatk');
  expect(config.loss.options).toMatchObject({ tau: 0.3, k: 5, tauWeight: 'inf' });
  const wrong = ['--loss', 'psl', '--loss-option', 'activation=exp', '-q'];
  await fails(2, /psl\.activation.*"exp".*tanh, relu, atan/, 'train', 'train.csv', ...wrong);
});

test('data options: columns by name and position, minimum rating, k-core, weights, LightGCN text', async () => {
  const rows = read('train.csv')
    .toString()
    .trim()
    .split('\n')
    .slice(1)
    .map((line, at) => `${at % 5},${line.split(',').join(',')},${at}`);
  file('log.csv', `stars,who,what,when\n${rows.join('\n')}\n`);
  const columns = ['--user', 'who', '--item', '3', '--rating', 'stars', '--time', 'when'];
  const flags = [
    ...quick,
    ...columns,
    '--min-rating',
    '2',
    '--half-life',
    '500',
    '--split',
    'leave-last-out',
    '--k-core',
    '5,3',
  ];
  const { data: used } = await json('train', 'log.csv', ...flags, '--out', 'columns');
  const kept = rows.filter((row) => Number(row.split(',')[0]) >= 2).length;
  expect(used.train + used.test).toBeLessThanOrEqual(kept);
  expect(used.train + used.test).toBeGreaterThan(kept * 0.8);
  expect(used.test).toBeLessThanOrEqual(used.users);

  file('graph.txt', '0 1 2 3\n1 2 3\n2 0 1\n');
  expect((await json('train', 'graph.txt', ...quick, '--out', 'graph')).data).toMatchObject({
    users: 3,
    items: 4,
    train: 7,
  });
});
