import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { openModel } from '../../src/model/model-directory.ts';
import { check } from './damage-case.ts';

const saver = fileURLToPath(new URL('../support/model-saver.mjs', import.meta.url));

/** Kills a program that saves two models in turn, at each of the moments (milliseconds after its first save; a save takes about ten): one whole model is left, files of the user and nothing else. */
export async function survivesKills(moments: readonly number[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'taurec-kills-'));
  const directory = join(folder, 'model');
  let recovered = 0;
  for (const moment of moments) {
    const child = spawn(process.execPath, [saver, directory], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    await writeFile(join(directory, 'notes.txt'), 'mine').catch(() => {});
    await new Promise((wake) => setTimeout(wake, moment));
    child.kill('SIGKILL');
    await once(child, 'exit');
    if ((await readdir(folder)).length > 1 || !(await readdir(folder)).includes('model')) recovered++;
    const model = await openModel(directory);
    const [value] = model.items.data;
    expect([1, 2]).toContain(value);
    expect(model.items.rows).toBe(value === 1 ? 200 : 300);
    expect(model.items.data.every((x) => x === value)).toBe(true);
    expect(model.userIds.idOf(0)).toBe(`${value}-0`);
    await check(directory);
    expect(await readdir(folder)).toEqual(['model']);
    const notes = await readFile(join(directory, 'notes.txt'), 'utf8').catch(() => undefined);
    if (notes !== undefined) expect(notes).toBe('mine');
    expect((await readdir(directory)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  }
  console.log(`${moments.length} kills, ${recovered} of them with something to clear`);
  await rm(folder, { recursive: true });
}
