import { constants, existsSync, mkdirSync, rmdirSync, statSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { TaurecError } from '../errors.ts';

/** Why a file or folder could not be written, in words. */
export function writeFault({ code, message }: NodeJS.ErrnoException): string {
  const reasons: Record<string, string> = {
    EACCES: 'this user has no permission to write there',
    EPERM: 'this user has no permission to write there',
    EROFS: 'the disk is read-only',
    ENOENT: 'there is no such folder',
    ENOTDIR: 'a part of its path is a file',
    ENOSPC: 'no space is left on the disk',
    EDQUOT: "this user's quota of the disk is used up",
  };
  return reasons[code ?? ''] ?? message;
}

/**
 * Makes a folder and those above it that are missing, as a recursive `mkdir` does. Node's own never ends where nothing can be made, as in /proc: the system says that the parent is missing, although it is there.
 * @returns the folders made, the uppermost first
 * @throws TaurecError `cannot-write`
 */
export function makeFolder(folder: string): string[] {
  const missing: string[] = [];
  for (let path = resolve(folder); !existsSync(path); path = dirname(path)) missing.unshift(path);
  const made: string[] = [];
  for (const path of missing) {
    try {
      mkdirSync(path);
      made.push(path);
    } catch (cause) {
      // Another process may have made it meanwhile.
      if ((cause as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw cannotWrite(dirname(path), cause as NodeJS.ErrnoException);
    }
  }
  // A dangling link or a file in its place.
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw cannotWrite(folder, Object.assign(new Error(), { code: 'ENOTDIR' }));
  }
  return made;
}

/**
 * Checks that a folder, or the nearest existing one above it, may be written, so that hours of work do not end at a folder that refuses their result. A missing folder is made and removed again.
 * @throws TaurecError `cannot-write`
 */
export async function checkWritable(folder: string): Promise<void> {
  let path = resolve(folder);
  while (!existsSync(path)) path = dirname(path);
  try {
    await access(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw cannotWrite(path, cause as NodeJS.ErrnoException);
  }
  for (const made of makeFolder(folder).reverse()) {
    try {
      rmdirSync(made);
    } catch {
      // Another process has put something into it meanwhile.
      return;
    }
  }
}

function cannotWrite(path: string, cause: NodeJS.ErrnoException): TaurecError {
  // The folder exists: here ENOENT says that nothing can be made in it.
  const reason = cause.code === 'ENOENT' ? 'no folder can be made there' : writeFault(cause);
  const remedy = 'Choose another folder (--out), or let its owner give this user the right to write.';
  return new TaurecError('cannot-write', { path, reason, remedy }, { cause });
}
