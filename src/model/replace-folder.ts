import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { flush, temporaryName } from './atomic-file.ts';

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
  if (!replaces) return;
  for (const name of await readdir(aside)) {
    if (!isReplaced(name)) await rename(join(aside, name), join(target, name));
  }
  await rm(aside, { recursive: true });
}
