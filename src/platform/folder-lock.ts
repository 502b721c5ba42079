import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { TaurecError } from '../errors.ts';

/** The process that holds the lock of a folder: the content of the file `lock`, as JSON. */
interface Holder {
  readonly pid: number;
  readonly host: string;
}

/**
 * Locks a folder with a file `lock` in it; creates the folder if needed. The lock of a process that no longer runs is replaced.
 * @returns a function that releases the lock
 * @throws TaurecError `folder-in-use`; the error of the file system if the folder is not writable
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
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

/** The locks that this process holds. A lock with our process id that is not in this set was left by an earlier process with the same id (usual in containers). */
const held = new Set<string>();

/** Creates the lock file; false if it exists. The flag wx makes this atomic: of two processes only one succeeds. */
function claim(path: string): boolean {
  const holder: Holder = { pid: process.pid, host: hostname() };
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
function isThere({ pid, host }: Holder, path: string): boolean {
  // A process on another machine cannot be checked: assume that it runs.
  if (host !== hostname()) return true;
  return pid === process.pid ? held.has(path) : isRunning(pid);
}

/** True if a process of this machine has this id. Signal 0 sends nothing; EPERM means that the process belongs to another user. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
