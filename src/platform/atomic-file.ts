import { randomBytes } from 'node:crypto';
import { lstat, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ownWriter, type Writer, writerState } from './writer.ts';

/** A unique temporary name, `<path>.<writer>-<random>.tmp`. It is in the folder of `path`, hence on the same file system, so a rename to `path` is atomic. */
export function temporaryName(path: string): string {
  const { pid, host, boot, space, start } = ownWriter();
  return `${path}.${pid}-${host}${boot}${space}-${start}-${randomBytes(4).toString('hex')}.tmp`;
}

/** The part of a temporary name after `<path>.`; names of earlier versions contain only the process id. */
const temporaryEnd = /^(\d+)(?:-([0-9a-f]{6})([0-9a-f]{6})([0-9a-f]{6})-(\d+))?-[0-9a-f]{8}\.tmp$/;

/** Milliseconds without a change after which a writer that cannot be checked counts as ended. */
const QUIET = 3_600_000;

/** A file or folder with a temporary name. */
interface Temporary {
  readonly path: string;
  /** True if its writer may still be running. */
  readonly lives: boolean;
}

/**
 * The existing files and folders with a temporary name of `path`.
 * @param quiet milliseconds without a change after which a writer on another machine or in another container counts as ended
 */
export async function temporariesOf(path: string, quiet: number = QUIET): Promise<Temporary[]> {
  const folder = dirname(path);
  const begin = `${basename(path)}.`;
  const found: Temporary[] = [];
  for (const name of await readdir(folder).catch((): string[] => [])) {
    const parts = name.startsWith(begin) ? temporaryEnd.exec(name.slice(begin.length)) : null;
    if (!parts) continue;
    const at = join(folder, name);
    const [, pid, host, boot, space, start] = parts;
    found.push({ path: at, lives: await mayWrite({ pid: Number(pid), host, boot, space, start }, at, quiet) });
  }
  return found;
}

async function mayWrite(writer: Writer, path: string, quiet: number): Promise<boolean> {
  const state = writerState(writer);
  return state === 'elsewhere' ? Date.now() - (await lastChange(path)) < quiet : state === 'lives';
}

/** The last change of a file, or of a folder and its entries, in milliseconds since 1970. */
async function lastChange(path: string): Promise<number> {
  const names = await readdir(path).catch((): string[] => []);
  const changes = [path, ...names.map((name) => join(path, name))].map((entry) =>
    lstat(entry).then(
      ({ mtimeMs, ctimeMs }) => Math.max(mtimeMs, ctimeMs),
      () => 0,
    ),
  );
  return Math.max(...(await Promise.all(changes)));
}

/** Removes the temporary files of `path` whose writers have ended. Never throws: a folder that cannot be written keeps them. */
export async function removeAbandoned(path: string): Promise<void> {
  for (const { path: left, lives } of await temporariesOf(path).catch((): Temporary[] => [])) {
    if (!lives) await rm(left, { recursive: true, force: true }).catch(() => {});
  }
}

/** Removes the temporary files, of any name, in a folder whose writers have ended. Never throws. */
export async function removeAbandonedIn(folder: string): Promise<void> {
  const names = await readdir(folder).catch((): string[] => []);
  const targets = names.flatMap((name) => /^(.+?)\.\d+-[0-9a-z-]+\.tmp$/.exec(name)?.[1] ?? []);
  for (const target of new Set(targets)) await removeAbandoned(join(folder, target));
}

/**
 * Writes a file so that `path` holds either the old or the complete new content. `write` fills a temporary file in the same folder, which is then forced to
 * disk and renamed. If `write` fails, the temporary file is removed and `path` is unchanged. Temporary files that killed processes left are removed.
 */
export async function writeAtomically(path: string, write: (temporary: string) => Promise<void>): Promise<void> {
  await removeAbandoned(path);
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
