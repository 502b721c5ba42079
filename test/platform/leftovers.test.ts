import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openModel, saveModel } from '../../src/model/model-directory.ts';
import { removeAbandoned, temporariesOf, temporaryName, writeAtomically } from '../../src/platform/atomic-file.ts';
import { installationKey, installationKeyFile } from '../../src/platform/installation-key.ts';
import { ownWriter, writerState } from '../../src/platform/writer.ts';
import { randomModel } from '../support/random-model.ts';

/** A process that has ended. */
const dead = spawnSync(process.execPath, ['--version']).pid;
const own = ownWriter();
const isLinux = process.platform === 'linux';

let folder: string;
let target: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'taurec-leftovers-'));
  target = join(folder, 'model');
});
afterEach(() => rm(folder, { recursive: true }));

/** The temporary name of the target that a writer gives it. */
const nameOf = (writer: Partial<typeof own>, digits = '00000000', path = target) => {
  const { pid, host, boot, space, start } = { ...own, ...writer };
  return `${path}.${pid}-${host}${boot}${space}-${start}-${digits}.tmp`;
};

describe('a writer', () => {
  it.each<[string, Parameters<typeof writerState>[0], string]>([
    ['this process', own, 'lives'],
    ['this process in a name of an earlier version', { pid: process.pid }, 'lives'],
    ['an ended process', { ...own, pid: dead }, 'gone'],
    ['an ended process in a name of an earlier version', { pid: dead }, 'gone'],
    ['an earlier process with our id', { ...own, start: '1' }, isLinux ? 'gone' : 'lives'],
    ['a process before the last boot', { ...own, boot: '000000' }, 'gone'],
    ['a process of another container', { ...own, pid: dead, space: '000000' }, 'elsewhere'],
    ['a process of another machine', { ...own, pid: dead, host: '000000' }, 'elsewhere'],
  ])('%s', (_, writer, state) => {
    expect(writerState(writer)).toBe(state);
  });

  it('is in every temporary name', async () => {
    await writeFile(temporaryName(target), '');
    await writeFile(nameOf({ pid: dead }), '');
    await writeFile(`${target}.${dead}-abcdef01.tmp`, '');
    await writeFile(`${target}.tmp`, 'not ours');
    expect((await temporariesOf(target)).map(({ lives }) => lives).sort()).toEqual([false, false, true]);
    await removeAbandoned(target);
    expect((await readdir(folder)).length).toBe(2);
  });

  it('of another machine counts as ended after an hour without a change', async () => {
    const [left] = [nameOf({ host: '000000' })];
    await writeFile(left, '');
    // A rename changes the time of change of the inode, which no program can set back; so look with a shorter patience.
    expect((await temporariesOf(target)).map(({ lives }) => lives)).toEqual([true]);
    expect((await temporariesOf(target, 0)).map(({ lives }) => lives)).toEqual([false]);
    await removeAbandoned(target);
    expect(await readdir(folder)).toHaveLength(1);
  });
});

describe('what killed programs left', () => {
  const others = async () => (await readdir(folder)).filter((name) => name !== 'model');

  async function leave(): Promise<void> {
    for (const [i, pid] of [dead, dead, process.pid].entries()) {
      const left = nameOf({ pid }, `0000000${i}`);
      await mkdir(left);
      await writeFile(join(left, 'embeddings.safetensors'), 'half a file');
    }
    await mkdir(join(folder, 'model.of-somebody.tmp'));
  }

  it.each(['save', 'open'])('is removed at the next %s; what a running program writes stays', async (when) => {
    await saveModel(target, randomModel({ seed: 1 }));
    await leave();
    await writeFile(nameOf({ pid: dead }, '00000000', join(target, 'checkpoint.safetensors')), '');
    if (when === 'save') await saveModel(target, randomModel({ seed: 2 }));
    else await openModel(target);
    expect((await others()).sort()).toEqual(
      ['model.of-somebody.tmp', nameOf({}, '00000002').slice(folder.length + 1)].sort(),
    );
    expect((await readdir(target)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('a kill after the second rename: the old folder goes, and files of the user in it come over', async () => {
    await saveModel(target, randomModel({ seed: 1 }));
    await writeFile(join(target, 'notes.txt'), 'mine');
    await rename(target, nameOf({ pid: dead }));
    const newer = randomModel({ seed: 2 });
    await mkdir(target);
    await rename(target, join(folder, 'unused'));
    // A save by another process while the old folder was aside.
    await saveModel(join(folder, 'elsewhere'), newer);
    await rename(join(folder, 'elsewhere'), target);
    expect((await openModel(target)).items.data[0]).toBe(newer.items.data[0]);
    expect(await readFile(join(target, 'notes.txt'), 'utf8')).toBe('mine');
    expect(await others()).toEqual(['unused']);
  });

  it.runIf(isLinux)('a half-renamed model of an earlier process with our id is recovered', async () => {
    const [older, newer] = [randomModel({ seed: 1 }), randomModel({ seed: 2 })];
    await saveModel(target, older);
    await rename(target, nameOf({ start: '1' }, 'ffffffff'));
    await saveModel(join(folder, 'new'), newer);
    await utimes(join(folder, 'new/config.json'), new Date(), new Date(Date.now() + 5000));
    await rename(join(folder, 'new'), nameOf({ start: '1' }, '00000000'));
    expect((await openModel(target)).items.data[0]).toBe(newer.items.data[0]);
    expect(await readdir(folder)).toEqual(['model']);
  });

  it('a save first completes the replacement that was interrupted', async () => {
    await saveModel(target, randomModel({ seed: 1 }));
    await writeFile(join(target, 'notes.txt'), 'mine');
    await rename(target, nameOf({ pid: dead }));
    await saveModel(target, randomModel({ seed: 2 }));
    expect(await readFile(join(target, 'notes.txt'), 'utf8')).toBe('mine');
    expect(await readdir(folder)).toEqual(['model']);
  });

  it('of a file goes when the file is written again', async () => {
    await writeFile(nameOf({ pid: dead }), 'half');
    await writeAtomically(target, (temporary) => writeFile(temporary, 'whole'));
    expect(await readdir(folder)).toEqual(['model']);
  });
});

describe('the key of the installation', () => {
  const before = process.env.XDG_CONFIG_HOME;
  afterEach(() => {
    if (before === undefined) delete process.env.XDG_CONFIG_HOME;
    else process.env.XDG_CONFIG_HOME = before;
  });

  it.runIf(isLinux)('is made once, for its user alone; none where it cannot be kept', async () => {
    process.env.XDG_CONFIG_HOME = join(folder, 'config');
    const [first, again] = await Promise.all([installationKey(), installationKey()]);
    expect(first).toHaveLength(32);
    expect(again).toEqual(first);
    const { stat } = await import('node:fs/promises');
    expect((await stat(installationKeyFile())).mode & 0o777).toBe(0o600);
    await writeFile(join(folder, 'file'), '');
    process.env.XDG_CONFIG_HOME = join(folder, 'file');
    expect(await installationKey()).toBeUndefined();
  });
});
