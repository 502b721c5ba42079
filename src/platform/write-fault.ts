import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
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
 * Checks that a folder, or the nearest existing one above it, may be written, so that hours of work do not end at a folder that refuses their result.
 * @throws TaurecError `cannot-write`
 */
export async function checkWritable(folder: string): Promise<void> {
  let path = resolve(folder);
  while (!(await stat(path).catch(() => undefined)) && dirname(path) !== path) path = dirname(path);
  try {
    await access(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    const remedy = 'Choose another folder (--out), or let its owner give this user the right to write.';
    throw new TaurecError('cannot-write', { path, reason: writeFault(cause as Error), remedy }, { cause });
  }
}
