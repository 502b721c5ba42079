import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A unique temporary name in the folder of `path`, so that both are on one file system and a rename to `path` is atomic. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
}

/** Files with temporary names of `path`, and the ids of the processes that wrote them, which may have ended. */
export async function temporariesOf(path: string): Promise<{ readonly path: string; readonly writer: number }[]> {
  const begin = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch((): string[] => []);
  return names.flatMap((name) => {
    const [, writer] = (name.startsWith(begin) && /^(\d+)-[0-9a-f]{8}\.tmp$/.exec(name.slice(begin.length))) || [];
    return writer === undefined ? [] : { path: join(dirname(path), name), writer: Number(writer) };
  });
}

/**
 * Writes a file so that `path` holds the old content or the whole new one, never a part: `write` fills a temporary file in the same folder,
 * which is forced to disk and renamed. When `write` fails the temporary file is removed and `path` is as it was.
 */
export async function writeAtomically(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await write(temporary);
    await flush(temporary);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await flush(dirname(path));
}

/** Forces a file, or the entries of a folder, to disk. It does nothing for folders on Windows, where they cannot be opened. */
export async function flush(path: string): Promise<void> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EISDIR' || error.code === 'EPERM') return undefined;
    throw error;
  });
  if (!file) return;
  try {
    await file.sync();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM' && (error as NodeJS.ErrnoException).code !== 'EINVAL')
      throw error;
  } finally {
    await file.close();
  }
}
