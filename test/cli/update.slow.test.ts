import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { csrFromEntries } from '../../src/array/csr.ts';
import { logText } from '../support/log-text.ts';
import { fails, file, folder, json, quick, start, taurec, writeData } from './taurec.ts';

const data = writeData();
const bytes = (model: string) =>
  Object.fromEntries(readdirSync(join(folder, model)).map((name) => [name, readFileSync(join(folder, model, name))]));
/** A copy of the model for a test of its own. */
const copy = (name: string) => {
  cpSync(join(folder, 'model'), join(folder, name), { recursive: true });
  return name;
};

beforeAll(async () => {
  await json('train', 'train.csv', '--valid', 'valid.csv', '--titles', 'titles.csv', ...quick, '--out', 'model');
  // User u0 meets all that they lack; a new user and a new item come.
  const all = csrFromEntries(
    1,
    data.items,
    new Int32Array(data.items),
    Array.from({ length: data.items }, (_, i) => i),
  );
  file('new.csv', `${logText(all)}newcomer,i1\nnewcomer,i2\nnewcomer,novelty\nu3,novelty\n`);
  file('new-titles.csv', 'item,title\nnovelty,A new film\ni1,Another name\nunknown,Nobody saw it\n');
});

describe('taurec update', () => {
  test.each(['user,item\n', ''])(
    'a source without interactions (%j) is nothing new: exit 0, the model stays',
    async (text) => {
      const model = copy(`empty-${text.length}`);
      const before = bytes(model);
      file('empty.csv', text);
      const answer = await json('update', model, '--data', 'empty.csv');
      expect(answer).toMatchObject({ updated: false, read: 0, added: { users: 0, items: 0, interactions: 0 } });
      expect((await taurec('update', model, '--data', 'empty.csv')).stdout).toMatch(
        /Nothing is new: empty\.csv .* is unchanged\./,
      );
      expect(bytes(model)).toEqual(before);
      symlinkSync(join(folder, model), join(folder, `${model}-link`));
      const { stdout } = await taurec('update', model, '--data', 'empty.csv', '--out', `${model}-link`);
      expect(stdout).toMatch(/ is unchanged\./);
    },
  );

  test('continues the model in place and reports what was new', async () => {
    const model = copy('in-place');
    const before = await json('info', model);
    const dry = await json('update', model, '--data', 'new.csv', '--dry-run');
    expect(dry).toMatchObject({ updated: false, added: { users: 1, items: 1 } });
    const result = await json('update', model, '--data', 'new.csv', '--titles', 'new-titles.csv', '--threads', '1');
    expect(result).toMatchObject({
      model,
      updated: true,
      added: dry.added,
      users: data.users + 1,
      items: data.items + 1,
      epochs: 1,
      forgetting: { metric: 'ndcg@20' },
    });
    expect(dry.added.interactions).toBeGreaterThan(4);
    expect(result.interactions).toBe(before.interactions + dry.added.interactions);
    const config = JSON.parse(readFileSync(join(folder, model, 'config.json'), 'utf8'));
    expect(config.updates).toHaveLength(1);
    expect(config.updates[0]).toMatchObject({ ...dry.added, data: { source: 'new.csv' } });
    const { items } = await json('recommend', model, '--user', 'newcomer', '-k', '200').then((r) => r.users?.[0] ?? r);
    const titles = new Map(items.map(({ id, title }: { id: string; title?: string }) => [id, title]));
    expect(titles.has('i1')).toBe(false);
    expect(titles.has('novelty')).toBe(false);
    const similar = await json('similar', model, '--item', 'i0', '-k', '200');
    const named = new Map(similar.items.map(({ id, title }: { id: string; title?: string }) => [id, title]));
    expect([named.get('novelty'), named.get('i1'), named.get('i2')]).toEqual([
      'A new film',
      'Another name',
      'Title, number 2',
    ]);
  });

  test('goes to another folder on request, with the epochs and rate that were given', async () => {
    const model = copy('source');
    const before = bytes(model);
    const flags = ['--epochs', '3', '--learning-rate', '0.004', '--out', 'elsewhere'];
    expect(await json('update', model, '--data', 'new.csv', ...flags)).toMatchObject({
      epochs: 3,
      learningRate: 0.004,
    });
    expect(bytes(model)).toEqual(before);
    expect(existsSync(join(folder, 'elsewhere/training.safetensors'))).toBe(true);
  });

  test('says when nothing is new, exits with 0 and leaves the model as it is', async () => {
    const model = copy('known');
    const before = bytes(model);
    const { code, stdout } = await taurec('update', model, '--data', 'train.csv');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Nothing is new: .* known is unchanged\.$/m);
    expect(await json('update', model, '--data', 'train.csv')).toMatchObject({
      updated: false,
      added: { users: 0, items: 0, interactions: 0 },
    });
    expect(bytes(model)).toEqual(before);
  });

  test('bad input leaves the model as it was', async () => {
    const model = copy('safe');
    const before = bytes(model);
    file('bad.csv', 'user,item,rating\nu0,i1,5\nu1,i2,many\n');
    await fails(1, /bad\.csv, line 3, column rating/, 'update', model, '--data', 'bad.csv');
    await fails(1, /no such file/, 'update', model, '--data', 'none.csv');
    await fails(1, /no such file/, 'update', model, '--data', 'new.csv', '--titles', 'none.csv');
    await fails(2, /--epochs/, 'update', model, '--data', 'new.csv', '--epochs', '0');
    await fails(2, /--learning-rate/, 'update', model, '--data', 'new.csv', '--learning-rate', '-1');
    await fails(2, /built in/, 'update', model, '--data', 'new.csv', '--loss-module', 'x.mjs');
    await fails(2, /required option '--data/, 'update', model);
    expect(bytes(model)).toEqual(before);
  });

  test.each(['SIGINT', 'SIGKILL'] as const)('%s in the middle leaves the old model whole', async (signal) => {
    const model = copy(`stopped-${signal}`);
    const before = bytes(model);
    const { child, done } = start(['update', model, '--data', 'new.csv', '--epochs', '1000000']);
    await new Promise<void>((begun) => {
      let stderr = '';
      child.stderr!.on('data', (text: string) => {
        stderr += text;
        if (/epoch \d/.test(stderr)) begun();
      });
      child.once('close', () => begun());
    });
    child.kill(signal);
    const { code, stdout } = await done;
    expect([code, stdout]).toEqual([signal === 'SIGINT' ? 130 : null, '']);
    expect(bytes(model)).toEqual(before);
  });

  test('writes nothing over a model that another program wrote in between', async () => {
    const model = copy('overtaken');
    const path = join(folder, model, 'config.json');
    const { child, done } = start(['update', model, '--data', 'new.csv', '--epochs', '400']);
    await new Promise<void>((begun) => {
      child.stderr!.on('data', (text: string) => /epoch \d/.test(text) && begun());
      child.once('close', () => begun());
    });
    writeFileSync(path, readFileSync(path));
    const before = bytes(model);
    const { code, stderr } = await done;
    expect([code, stderr]).toEqual([1, expect.stringMatching(/another program wrote the model/)]);
    expect(bytes(model)).toEqual(before);
  });

  test('where nothing is new and the model is its own target, its folder stays as it is', async () => {
    const model = copy('target');
    file('target/index-0123456789abcdef.usearch', 'an index');
    const before = bytes(model);
    await json('update', model, '--data', 'train.csv', '--out', model);
    expect(bytes(model)).toEqual(before);
  });

  test('a model that was saved without its training state goes on with a notice', async () => {
    await json('train', 'train.csv', ...quick, '--no-training-state', '--out', 'bare');
    expect(readdirSync(join(folder, 'bare'))).not.toContain('training.safetensors');
    const { code, stderr } = await taurec('update', 'bare', '--data', 'new.csv');
    expect(code).toBe(0);
    expect(stderr).toContain('start at zero');
    expect(readdirSync(join(folder, 'bare'))).toContain('training.safetensors');
  });
});
