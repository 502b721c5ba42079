import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { csrRow } from '../../src/array/csr.ts';
import { readInteractions } from '../../src/data/read.ts';
import { modelStamp, openModel, openToChange } from '../../src/model/model-directory.ts';
import { nightlyUpdate } from '../../src/training/update/nightly-update.ts';
import { rejectionOf } from '../support/error-of.ts';
import { fails, file, folder, json, taurec, writeData } from './taurec.ts';

const data = writeData();

/** The test pairs of the data as events, one a minute. */
const events = Array.from({ length: data.users }, (_, u) =>
  Array.from(csrRow(data.test, u), (i) => `u${u},i${i}`),
).flat();
const timed = (pairs: readonly string[]) =>
  `user,item,time\n${pairs.map((pair, e) => `${pair},${1_700_000_000 + 60 * e}\n`).join('')}`;

beforeAll(async () => {
  // Long enough to know something: an update can then be worse.
  const trained = ['--dimension', '8', '--epochs', '20', '--batch', 'user', '--rows', '16', '--threads', '1'];
  await json('train', 'train.csv', ...trained, '--neighbors', 'off', '--out', 'model');
  // Shuffled by a fixed step, so that the latest events are of many people.
  const shuffled = events.map((_, e) => events[(e * 7919) % events.length]!);
  file('events.csv', timed([...new Set(shuffled)]));
});

describe('taurec publish, versions, rollback, nightly', () => {
  test('a version after the other, and back', async () => {
    expect(await json('publish', 'model', '--to', 'published')).toMatchObject({ folder: 'published', name: 'v1' });
    const night = await json('nightly', 'published', '--data', 'events.csv', '--threads', '1');
    expect(night).toMatchObject({ outcome: 'published', version: { name: 'v2' }, judgement: { metric: 'ndcg@20' } });
    expect(night.added.interactions).toBe(new Set(events).size);
    const { a, b, difference, low, high, users } = night.judgement;
    expect(difference).toBeCloseTo(b - a, 12);
    expect(low).toBeLessThanOrEqual(high);
    expect(users).toBeGreaterThan(2);
    // The published model has all events, those that it was judged on too.
    const { seen } = await openModel(join(folder, 'published'));
    expect(seen.indices.length).toBe(
      (await openModel(join(folder, 'model'))).seen.indices.length + night.added.interactions,
    );
    const list = await json('versions', 'published');
    expect(list).toMatchObject({ current: 'v2', versions: [{ name: 'v1' }, { name: 'v2' }] });
    expect(list.versions[1].note).toMatch(/^nightly: ndcg@20 of \d+ users on the latest events/);
    expect((await taurec('versions', 'published')).stdout).toMatch(/→ +v2/);
    // Every command takes the folder for its current version.
    const user = ['--user', 'u3', '--json'];
    expect((await taurec('recommend', 'published', ...user)).stdout).toBe(
      (await taurec('recommend', 'published/v2', ...user)).stdout,
    );
    expect(await json('nightly', 'published', '--data', 'events.csv')).toMatchObject({ outcome: 'unchanged' });
    expect((await taurec('rollback', 'published')).stdout).toContain('v1 of published is current now');
    expect((await json('info', 'published')).interactions).toBe((await json('info', 'model')).interactions);
  });

  test('an update that is worse on the latest events is not published: exit 1', async () => {
    await json('publish', 'model', '--to', 'careful');
    const before = readFileSync(join(folder, 'careful', 'versions.json'));
    const night = ['nightly', 'careful', '--data', 'events.csv', '--threads', '1', '--learning-rate', '30'];
    const { code, stdout } = await taurec(...night, '--json');
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ outcome: 'worse' });
    expect(answer.judgement.high).toBeLessThan(0);
    expect(code).toBe(1);
    expect((await taurec(...night)).stdout).toContain('The update is worse: nothing is published');
    expect(readFileSync(join(folder, 'careful', 'versions.json'))).toEqual(before);
    expect(readdirSync(join(folder, 'careful')).sort()).toEqual(['v1', 'versions.json']);
  });

  test('what changes under it: nothing is published that would bring a forgotten person back', async () => {
    await json('publish', 'model', '--to', 'shared');
    const { model, stamp } = await openToChange(join(folder, 'shared'));
    expect(model.userIds.indexOf('u3')).toBeGreaterThanOrEqual(0);
    expect(await modelStamp(join(folder, 'shared'))).toBe(stamp);
    await json('forget', 'shared', '--user', 'u3');
    expect(await modelStamp(join(folder, 'shared'))).not.toBe(stamp);
  });

  test('the library refuses what the command line refuses', async () => {
    const model = await openModel(join(folder, 'model'));
    const log = await readInteractions(join(folder, 'events.csv'));
    for (const options of [{ holdOut: 1 }, { metric: 'ndcg' }, { metric: 'mood@20' }]) {
      expect((await rejectionOf(nightlyUpdate(model, log, options))).code).toBe('bad-option');
    }
    await fails(2, /ndcg/, 'nightly', 'published', '--data', 'events.csv', '--metric', 'mood@20');
  });

  test('what it cannot judge or read', async () => {
    await json('publish', 'model', '--to', 'other');
    file('without-times.csv', 'user,item\nu1,new\n');
    await fails(1, /time/, 'nightly', 'other', '--data', 'without-times.csv');
    file('one-person.csv', timed(['u1,new', 'u1,newer', 'u1,newest']));
    expect(await json('nightly', 'other', '--data', 'one-person.csv')).toMatchObject({
      outcome: 'published',
      version: { note: 'nightly: too few held-out users to compare' },
    });
    await fails(1, /taurec publish MODEL --to model/, 'nightly', 'model', '--data', 'events.csv');
    await fails(1, /published versions/, 'update', 'other', '--data', 'events.csv');
  });
});
