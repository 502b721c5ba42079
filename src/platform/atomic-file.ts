import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** A unique temporary name, `<path>.<process id>-<random>.tmp`. It is in the folder of `path`, hence on the same file system, so a rename to `path` is atomic. */
export function temporaryName(path: string): string {
  return `${path}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
}

/** The existing files and folders with a temporary name of `path`, and the ids of the processes that wrote them. Those processes may have ended. */
export async function temporariesOf(path: string): Promise<{ readonly path: string; readonly writer: number }[]> {
  const begin = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch((): string[] => []);
  return names.flatMap((name) => {
    const [, writer] = (name.startsWith(begin) && /^(\d+)-[0-9a-f]{8}\.tmp$/.exec(name.slice(begin.length))) || [];
    return writer === undefined ? [] : { path: join(dirname(path), name), writer: Number(writer) };
  });
}

/**
 * Writes a file so that `path` holds either the old or the complete new content. `write` fills a temporary file in the same folder, which is then forced to
 * disk and renamed. If `write` fails, the temporary file is removed and `path` is unchanged.
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
  // The rename itself is durable only after the folder has been forced to disk.
  await flush(dirname(path));
}

/** Forces a file, or the entries of a folder, to disk. Does nothing for folders on Windows, which cannot be opened there. */
export async function flush(path: string): Promise<void> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EISDIR' || error.code === 'EPERM') return undefined;
    throw error;
  });
  if (!file) return;
  try {
    await file.sync();
  } catch (error) {
    // EPERM, EINVAL: the file system cannot force this kind of entry to disk.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM' && (error as NodeJS.ErrnoException).code !== 'EINVAL')
      throw error;
  } finally {
    await file.close();
  }
}
