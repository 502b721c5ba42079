import { readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flush, temporariesOf, temporaryName } from './atomic-file.ts';
import { makeFolder } from './write-fault.ts';

/**
 * Moves a finished folder to `target`. An existing folder there is renamed first, and renamed back if the move fails. Of its files, those with
 * `isReplaced` are deleted; all others are moved into the new folder before it gets the name `target`. Thus a user's own files in the folder survive.
 */
export async function replaceFolder(
  target: string,
  finished: string,
  isReplaced: (name: string) => boolean,
): Promise<void> {
  makeFolder(dirname(target));
  const aside = temporaryName(target);
  const replaces = await rename(target, aside).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw error;
    },
  );
  // Files moved so far, to move them back after a failure.
  const moved: string[] = [];
  try {
    if (replaces) await moveOthers(aside, finished, isReplaced, moved);
    await rename(finished, target);
  } catch (error) {
    for (const name of moved) await rename(join(finished, name), join(aside, name));
    if (replaces) await rename(aside, target);
    throw error;
  }
  await flush(dirname(target));
  if (replaces) await rm(aside, { recursive: true });
}

/** Milliseconds after which the two folders of a replacement by a process that cannot be checked count as left behind: the two renames are milliseconds apart. */
const HALFWAY = 60_000;

/**
 * Completes a `replaceFolder` whose process was killed between the two renames. `target` is then missing, and the complete new and old folders are next to
 * it under temporary names. Moves the newer one to `target`. Does nothing while a process that wrote one of them is running.
 * @param finishedAt when a folder was completed, in milliseconds; undefined for an incomplete folder
 * @returns the complete folders that stayed where they are
 */
export async function finishReplacing(
  target: string,
  finishedAt: (folder: string) => Promise<number | undefined>,
  isReplaced: (name: string) => boolean,
): Promise<string[]> {
  const whole: { path: string; at: number; lives: boolean }[] = [];
  for (const { path, lives } of await temporariesOf(target, HALFWAY)) {
    const at = await finishedAt(path);
    if (at !== undefined) whole.push({ path, at, lives });
  }
  const [newest, ...older] = whole.sort((a, b) => b.at - a.at);
  if (newest === undefined || whole.some(({ lives }) => lives)) return whole.map(({ path }) => path);
  for (const { path } of older) await moveOthers(path, newest.path, isReplaced);
  await rename(newest.path, target);
  for (const { path } of older) await rm(path, { recursive: true });
  return [];
}

/**
 * Removes the folders that ended processes left next to `target`. From a complete one, the files without `isReplaced` are moved to `target` first; it stays if `target` is not
 * complete itself. Never throws: what cannot be removed stays.
 */
export async function removeAbandonedFolders(
  target: string,
  finishedAt: (folder: string) => Promise<number | undefined>,
  isReplaced: (name: string) => boolean,
): Promise<void> {
  for (const { path, lives } of await temporariesOf(target).catch(() => [])) {
    if (lives) continue;
    try {
      if ((await finishedAt(path)) !== undefined) {
        if ((await finishedAt(target)) === undefined) continue;
        await moveOthers(path, target, isReplaced);
      }
      await rm(path, { recursive: true, force: true });
    } catch {
      // Another user's folder, or a file system without write access.
    }
  }
}

/** Moves the files without `isReplaced` from one folder to another, except those that exist there; adds their names to `moved`. */
async function moveOthers(
  from: string,
  to: string,
  isReplaced: (name: string) => boolean,
  moved: string[] = [],
): Promise<void> {
  const there = new Set(await readdir(to));
  for (const name of await readdir(from)) {
    if (isReplaced(name) || there.has(name)) continue;
    await rename(join(from, name), join(to, name));
    moved.push(name);
  }
}
