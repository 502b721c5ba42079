import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flush, temporariesOf, temporaryName } from './atomic-file.ts';

/**
 * Moves a finished folder to its place. An older folder there steps aside first, and comes back when the move fails; of its files those that
 * `isReplaced` names go, all others move to the new folder.
 */
export async function replaceFolder(
  target: string,
  finished: string,
  isReplaced: (name: string) => boolean,
): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  const aside = temporaryName(target);
  const replaces = await rename(target, aside).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  try {
    await rename(finished, target);
  } catch (error) {
    if (replaces) await rename(aside, target);
    throw error;
  }
  await flush(dirname(target));
  if (replaces) await removeOlder(aside, target, isReplaced);
}

/**
 * Ends what a program began that was killed exactly between the two renames of `replaceFolder`: then nothing is at `target`, and the newer and the older folder lie
 * beside it, both whole. The newer moves to its place. Does nothing while a process that wrote one of them lives. Returns what it left beside `target`.
 */
export async function finishReplacing(
  target: string,
  isWhole: (folder: string) => Promise<boolean>,
  isReplaced: (name: string) => boolean,
): Promise<string[]> {
  const whole: { path: string; changed: number; lives: boolean }[] = [];
  for (const { path, writer } of await temporariesOf(target)) {
    if (await isWhole(path)) whole.push({ path, changed: (await stat(path)).mtimeMs, lives: lives(writer) });
  }
  const [newest, ...older] = whole.sort((a, b) => b.changed - a.changed);
  if (newest === undefined || whole.some(({ lives }) => lives)) return whole.map(({ path }) => path);
  await rename(newest.path, target);
  for (const { path } of older) await removeOlder(path, target, isReplaced);
  return [];
}

async function removeOlder(older: string, target: string, isReplaced: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(older)) {
    if (!isReplaced(name)) await rename(join(older, name), join(target, name));
  }
  await rm(older, { recursive: true });
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
