import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { csrDegree, csrRow } from '../../src/array/csr.ts';
import { readInteractions } from '../../src/data/read.ts';
import { fails, file, folder, json, quick, start, taurec, writeData } from './taurec.ts';

const data = writeData();
const seen = (user: number) => new Set([...csrRow(data.train, user), ...csrRow(data.valid, user)].map((i) => `i${i}`));

beforeAll(async () => {
  const flags = ['--valid', 'valid.csv', '--titles', 'titles.csv', ...quick];
  await json('train', 'train.csv', ...flags, '--seed', '1', '--out', 'model');
  await json('train', 'train.csv', ...flags, '--loss', 'mse', '--seed', '2', '--out', 'other');
});

interface Item {
  id: string;
  score: number;
  title?: string;
}

describe('recommend', () => {
  test('--json is the machine interface: k unseen items, best first', async () => {
    const result = await json('recommend', 'model', '--user', 'u3', '-k', '10');
    expect(Object.keys(result)).toEqual(['user', 'items']);
    expect(result.user).toBe('u3');
    const items: Item[] = result.items;
    expect(items).toHaveLength(10);
    for (const { id } of items) expect(seen(3).has(id)).toBe(false);
    expect(items.map(({ score }) => score)).toEqual(items.map(({ score }) => score).sort((a, b) => b - a));
    for (const { id, title } of items) expect(title).toBe(`Title, number ${id.slice(1)}`);
  });

  test('several users, from flags or a file, as a list', async () => {
    const lists = await json('recommend', 'model', '--user', 'u3', 'u4', '-k', '2');
    expect(lists.map(({ user }: { user: string }) => user)).toEqual(['u3', 'u4']);
    const users = file('users.txt', 'u3\r\nu4\r\n');
    expect(await json('recommend', 'model', '--users-file', users, '-k', '2')).toEqual(lists);
  });

  test('--exclude, --allow, --include-seen', async () => {
    const first = (await json('recommend', 'model', '--user', 'u3', '-k', '1')).items[0].id;
    const without = (await json('recommend', 'model', '--user', 'u3', '-k', '5', '--exclude', `${first},i999`)).items;
    expect(without).toHaveLength(5);
    expect(without.map(({ id }: Item) => id)).not.toContain(first);
    const allowed = file('allowed.txt', 'i1\ni2\ni3\n');
    const only = (await json('recommend', 'model', '--user', 'u3', '--allow', `@${allowed}`, '--include-seen')).items;
    expect(only.map(({ id }: Item) => id).sort()).toEqual(['i1', 'i2', 'i3']);
  });

  test('--diversity and --discover change the order, not the scores', async () => {
    const plain: Item[] = (await json('recommend', 'model', '--user', 'u3', '-k', '100')).items;
    const scores = new Map(plain.map(({ id, score }) => [id, score]));
    for (const flags of [
      ['--diversity', '.7'],
      ['--discover', '.6'],
      ['--diversity', '.4', '--discover', '.2'],
    ]) {
      const items: Item[] = (await json('recommend', 'model', '--user', 'u3', '-k', '100', ...flags)).items;
      expect(items.map(({ id }) => id)).not.toEqual(plain.map(({ id }) => id));
      expect(items.map(({ id }) => id).sort()).toEqual(plain.map(({ id }) => id).sort());
      for (const { id, score } of items) expect(score).toBeCloseTo(scores.get(id)!, 5);
    }
    await fails(
      2,
      /'1.5' is invalid. Expected a number from 0 to 1/,
      'recommend',
      'model',
      '--user',
      'u3',
      '--discover',
      '1.5',
    );
  });

  test('people: a table with titles', async () => {
    const { code, stdout, stderr } = await taurec('recommend', 'model', '--user', 'u3', '-k', '3');
    expect([code, stderr]).toEqual([0, '']);
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/item +title +score/);
    expect(rows).toHaveLength(3);
    for (const [at, row] of rows.entries())
      expect(row).toMatch(new RegExp(`^${at + 1} +i\\d+ +Title, number \\d+ +-?\\d+\\.\\d{4}$`));
  });

  test('a person who was not in training, by liked items', async () => {
    const { liked, items } = await json('recommend', 'model', '--items', 'i1,i2', '-k', '4');
    expect(liked).toEqual(['i1', 'i2']);
    expect(items).toHaveLength(4);
    for (const { id } of items) expect(['i1', 'i2']).not.toContain(id);
  });

  test('unknown users: an error with the remedy in flags; the most popular items on request', async () => {
    await fails(
      1,
      /Unknown user "nobody".*--items a,b,c.*--fallback popular/,
      'recommend',
      'model',
      '--user',
      'nobody',
    );
    const { items } = await json('recommend', 'model', '--user', 'nobody', '--fallback', 'popular', '-k', '3');
    const degrees = new Map<string, number>();
    for (const part of [data.train, data.valid])
      for (const i of part.indices) degrees.set(`i${i}`, (degrees.get(`i${i}`) ?? 0) + 1);
    const most = [...degrees.values()].sort((a, b) => b - a);
    expect(items.map(({ score }: Item) => score)).toEqual(most.slice(0, 3));
    for (const { id, score } of items) expect(degrees.get(id)).toBe(score);
    await fails(1, /Unknown item "i999"/, 'recommend', 'model', '--items', 'i999');
  });

  test.each(['csv', 'jsonl', 'parquet'])('--all to .%s', async (format) => {
    const output = `all.${format}`;
    expect(await json('recommend', 'model', '--all', '-k', '3', '--output', output)).toEqual({
      output,
      users: data.users,
    });
    const path = join(folder, output);
    if (format === 'jsonl') expect(readFileSync(path, 'utf8').trimEnd().split('\n')).toHaveLength(data.users);
    else expect((await readInteractions(path, { user: 'user', item: 'item' })).users).toHaveLength(3 * data.users);
  });

  test('a file name that says no format', async () => {
    await fails(
      2,
      /all\.txt.*expected a name that ends in \.csv/,
      'recommend',
      'model',
      '--all',
      '--output',
      'all.txt',
    );
    expect(existsSync(join(folder, 'all.txt'))).toBe(false);
  });

  test('a reader that closes the pipe early is no error', async () => {
    const { child, done } = start([
      'recommend',
      'model',
      '--user',
      ...Array.from({ length: data.users }, (_, u) => `u${u}`),
      '-k',
      '50',
    ]);
    child.stdout!.destroy();
    expect((await done).stderr).toBe('');
  });
});

describe('similar', () => {
  test('items and users, with themselves left out', async () => {
    const { item, items } = await json('similar', 'model', '--item', 'i5', '-k', '4');
    expect(item).toBe('i5');
    expect(items).toHaveLength(4);
    expect(items.map(({ id }: Item) => id)).not.toContain('i5');
    expect(items[0].title).toMatch(/^Title, number/);
    const { users } = await json('similar', 'model', '--user', 'u5', '-k', '4');
    expect(users).toHaveLength(4);
    expect((await taurec('similar', 'model', '--item', 'i5', '-k', '2')).stdout).toMatch(/item +title +score\n1 +i/);
  });
});

describe('evaluate', () => {
  test('baselines, groups, cut-offs, AUC and diversity on request', async () => {
    const { metrics, protocol, baselines, evaluations } = await json(
      ...['evaluate', 'model', '--test', 'test.csv', '-k', '5,10', '--auc', '--diversity', '--baselines', '--groups'],
    );
    expect(protocol).toBe('clean');
    for (const name of ['recall@5', 'ndcg@10', 'auc', 'diversity@10', 'coverage@5'])
      expect(metrics[name]).toBeGreaterThan(0);
    expect(Object.keys(baselines)).toEqual(['random', 'popular', 'item-knn', 'ease', 'slim']);
    const { groups, users } = evaluations.clean;
    const sum = groups.contributions['recall@10'].reduce((a: number, b: number) => a + b);
    expect(sum).toBeCloseTo(metrics['recall@10'], 12);
    expect(users).toBe(
      Array.from({ length: data.users }, (_, u) => csrDegree(data.test, u)).filter((n) => n > 0).length,
    );
  });

  test('unknown users have no part, unknown items are misses', async () => {
    const one = file('one.csv', 'user,item\nu1,i1\n');
    file('strange.csv', 'user,item\nu1,i1\nu1,never\nnobody,i1\n');
    const known = await json('evaluate', 'model', '--test', one, '-k', '80');
    const { code, stdout, stderr } = await taurec(
      'evaluate',
      'model',
      '--test',
      'strange.csv',
      '-k',
      '80',
      '--protocol',
      'both',
      '--json',
    );
    expect(code).toBe(0);
    expect(stderr).toMatch(/1 of 3 test interactions belong to users the model does not know/);
    expect(stderr).toMatch(/1 of 3 test interactions are with items the model does not know/);
    const { metrics, evaluations } = JSON.parse(stdout);
    expect(metrics['recall@80']).toBe(known.metrics['recall@80'] / 2);
    expect(evaluations.irbench.users).toBe(data.users + 1);
    await fails(
      1,
      /None of .* users has both test items and an embedding/,
      'evaluate',
      'model',
      '--test',
      file('none.csv', 'user,item\nx,i1\n'),
      '-q',
    );
  });

  test('test interactions that the model was trained on are counted', async () => {
    const { stderr } = await taurec('evaluate', 'model', '--test', 'train.csv');
    const all = data.train.indices.length.toLocaleString('en');
    expect(stderr).toContain(`${all} of ${all} test interactions are in the training data`);
    expect((await taurec('evaluate', 'model', '--test', 'test.csv')).stderr).not.toContain('trained on');
  });

  test('people: a table', async () => {
    const { stdout, stderr } = await taurec(
      'evaluate',
      'model',
      '--test',
      'test.csv',
      '--baselines',
      '--groups',
      'items',
    );
    expect(stderr).toBe('Columns of test.csv: user = "user" (1), item = "item" (2); not read: none.\n');
    expect(stdout).toMatch(/ +clean +random +popular +item-knn +ease +slim\nrecall@20( +0\.\d{4}){6}\n/);
    expect(stdout).toContain('Groups of equal items, least popular first:');
  });
});

describe('compare', () => {
  test('two models and their result files give the same numbers', async () => {
    for (const model of ['model', 'other']) {
      const { perUser } = await json('evaluate', model, '--test', 'test.csv', '--per-user', `${model}.json`);
      expect(perUser).toBe(`${model}.json`);
    }
    const flags = ['--resamples', '200', '--seed', '1'];
    const files = await json('compare', 'model.json', 'other.json', ...flags);
    const models = await json('compare', 'model', 'other', '--test', 'test.csv', ...flags);
    expect(models.metrics).toEqual(files.metrics);
    const ndcg = files.metrics.find(({ metric }: { metric: string }) => metric === 'ndcg@20');
    expect(ndcg.b - ndcg.a).toBeCloseTo(ndcg.difference, 12);
    expect(ndcg.a).toBeCloseTo((await json('evaluate', 'model', '--test', 'test.csv')).metrics['ndcg@20'], 12);
    const { stdout } = await taurec('compare', 'model.json', 'other.json', ...flags);
    expect(stdout).toMatch(
      /^ndcg@20 +0\.\d{4} +0\.\d{4} +[+-]0\.\d{4} +[+-]0\.\d{4} … [+-]0\.\d{4} +[01]\.\d{4} +(A is better|B is better|no clear difference)$/m,
    );
  });

  test('models without test data, results of other test data', async () => {
    await fails(2, /model is a model: give --test FILE/, 'compare', 'model', 'other');
    await json('evaluate', 'other', '--test', 'valid.csv', '--per-user', 'valid.json');
    await json('evaluate', 'model', '--test', 'test.csv', '--per-user', 'test.json');
    await fails(1, /cannot be compared: data sets/, 'compare', 'test.json', 'valid.json');
  });
});

describe('info', () => {
  test('of a file', async () => {
    const info = await json('info', 'train.csv');
    const interactions = data.train.indices.length;
    expect(info).toMatchObject({ users: data.users, interactions, duplicates: 0, source: 'train.csv' });
    expect(info.density).toBeCloseTo(interactions / (info.users * info.items), 12);
    const { stdout } = await taurec('info', 'train.csv');
    expect(stdout).toContain(`SHA-256 ${info.sha256}`);
    expect(stdout).toMatch(/^users +120$/m);
  });

  test('of a model', async () => {
    const config = await json('info', 'model');
    expect(config).toMatchObject({ format: 'taurec-model', users: data.users, seed: 1 });
    expect((await taurec('info', 'model')).stdout).toMatch(/^loss +bsl/m);
  });
});

test('generate --shop: files that train, and flags of the other kind of data are refused', async () => {
  const made = await json('generate', '--shop', '--out', 'shop', '--users', '60', '--items', '40', '--seed', '4');
  expect(made).toMatchObject({ users: 60, items: 40, files: { events: join('shop', 'events.csv') } });
  const { events, items } = made.files;
  const weights = ['--event-weights', 'view=0.1,purchase=1'];
  const result = await json('train', events, ...weights, '--titles', items, ...quick, '--out', 'shop-model');
  expect(result.data.users).toBe(60);
  await fails(
    2,
    /--shop cannot be combined with --test-ratio/,
    'generate',
    '--shop',
    '--out',
    'x',
    '--test-ratio',
    '.1',
  );
  await fails(2, /--explained needs --shop/, 'generate', '--out', 'x', '--explained', '.1');
});

test('generate: files that train', async () => {
  const made = await json(
    'generate',
    '--out',
    'made',
    '--users',
    '50',
    '--items',
    '40',
    '--interactions',
    '600',
    '--seed',
    '4',
    '--valid-ratio',
    '.1',
  );
  expect(made).toMatchObject({ users: 50, items: 40, interactions: 600 });
  const { train, valid, test, titles } = made.files;
  const result = await json(
    'train',
    train,
    '--valid',
    valid,
    '--test',
    test,
    '--titles',
    titles,
    ...quick,
    '--out',
    'made-model',
  );
  expect(result.data.train + result.data.valid + result.data.test).toBe(600);
  expect(
    (
      await json(
        'generate',
        '--out',
        'made-2',
        '--users',
        '50',
        '--items',
        '40',
        '--interactions',
        '600',
        '--seed',
        '4',
        '--valid-ratio',
        '.1',
      )
    ).sha256,
  ).toBe(made.sha256);
});

describe('index', () => {
  test('builds once, states the recall, and recommend uses it', async () => {
    const asked = ['recommend', 'model', '--user', 'u3', '--index', 'approximate'];
    await fails(1, /model: it has no approximate index. Build it: taurec index model/, ...asked);
    const built = await json('index', 'model', '--threads', '1');
    expect(built).toMatchObject({ built: true, k: 20 });
    expect(built.recall).toBeGreaterThan(0.95);
    expect(existsSync(join(folder, built.file))).toBe(true);
    const { code, stdout, stderr } = await taurec('index', 'model');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^index-[0-9a-f]{16}\.usearch is up to date: [\d,]+ items, 1 MB\.\n/);
    expect(stdout).toMatch(
      /Lists of 20 for \d+ users contain (1\.0000|0\.9\d{3}) of the items in the exact lists\.\n$/,
    );
    const ids = (result: { items: Item[] }) => result.items.map(({ id }) => id);
    expect(ids(await json(...asked))).toEqual(ids(await json('recommend', 'model', '--user', 'u3')));
  });
});

describe('evaluate with the dials of requests', () => {
  test('--discover and --diversity NUMBER measure the lists that they make', async () => {
    const evaluate = ['evaluate', 'model', '--test', 'test.csv', '-k', '5'];
    const plain = await json(...evaluate, '--diversity');
    expect(plain).not.toHaveProperty('diversity');
    const discovered = await json(...evaluate, '--discover', '.5');
    expect(discovered.discover).toBe(0.5);
    expect(discovered.metrics['popularity@5']).toBeLessThan(plain.metrics['popularity@5']);
    const diverse = await json(...evaluate, '--diversity', '.6', '--per-user', 'diverse.json');
    expect(diverse.diversity).toBe(0.6);
    expect(diverse.metrics['diversity@5']).toBeGreaterThan(plain.metrics['diversity@5']);
    expect(JSON.parse(readFileSync(join(folder, 'diverse.json'), 'utf8')).run).toMatchObject({ diversity: 0.6 });
    await fails(2, /--auc needs a ranking of all items/, ...evaluate, '--diversity', '.6', '--auc');
  });
});
