import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { TaurecError } from '../errors.ts';
import { makeFolder } from './write-fault.ts';
import { ownWriter, writerState } from './writer.ts';

/** The process that holds the lock of a folder: the content of the file `lock`, as JSON. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** Boot of the machine, process namespace and start of the process (`Writer`); absent in locks of earlier versions. */
  readonly boot?: string;
  readonly space?: string;
  readonly start?: string;
}

/**
 * Locks a folder with a file `lock` in it; creates the folder if needed. The lock of a process that no longer runs is replaced.
 * @returns a function that releases the lock
 * @throws TaurecError `folder-in-use`; the error of the file system if the folder is not writable
 */
export function lockFolder(folder: string): () => void {
  makeFolder(folder);
  const path = resolve(folder, 'lock');
  if (!claim(path)) {
    const other = holderOf(path);
    if (other && isThere(other, path)) throw new TaurecError('folder-in-use', { folder, ...other });
    rmSync(path, { force: true });
    // Another process may have claimed the folder since the stale lock was removed.
    if (!claim(path)) throw new TaurecError('folder-in-use', { folder, ...holderOf(path) });
  }
  held.add(path);
  return () => {
    held.delete(path);
    rmSync(path, { force: true });
  };
}

/** Whether another process holds the lock of a folder, or may do so. */
export function isLockedElsewhere(folder: string): boolean {
  const path = resolve(folder, 'lock');
  const other = holderOf(path);
  return !held.has(path) && other !== undefined && isThere(other, path);
}

/** What names the process that holds the lock of a folder: a text that no other process has. Undefined: there is no lock. */
export function lockHolder(folder: string): string | undefined {
  const holder = holderOf(resolve(folder, 'lock'));
  return holder && JSON.stringify(holder);
}

/** The locks that this process holds. A lock with our process id that is not in this set was left by an earlier process with the same id (usual in containers). */
const held = new Set<string>();

/** Creates the lock file; false if it exists. The flag wx makes this atomic: of two processes only one succeeds. */
function claim(path: string): boolean {
  const { pid, boot, space, start } = ownWriter();
  const holder: Holder = { pid, host: hostname(), boot, space, start };
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The holder that the lock file names; undefined if the file is gone or incomplete. */
function holderOf(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

/** True if the holder of a lock may still be running. */
function isThere({ pid, host, boot, space, start }: Holder, path: string): boolean {
  // A process on another machine cannot be checked: assume that it runs.
  if (host !== hostname()) return true;
  const here = ownWriter();
  // A container that was started again: it keeps its name, and the processes of its last run have ended.
  if (space !== undefined && space !== here.space) return false;
  if (pid === process.pid) return held.has(path);
  // Locks of earlier versions have no boot.
  const writer = boot === undefined ? { pid } : { pid, host: here.host, boot, space, start };
  return writerState(writer) !== 'gone';
}
