import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { TaurecError } from '../errors.ts';

/** The process that holds a folder: the content of its file `lock`. */
interface Holder {
  readonly pid: number;
  readonly host: string;
}

/**
 * Locks a folder by a file `lock` in it, creating the folder if needed. Takes over the lock of a process that no longer runs.
 * @returns releases the lock
 * @throws TaurecError `folder-in-use`; the file system's error where nothing may be written
 */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const path = resolve(folder, 'lock');
  if (!claim(path)) {
    const other = holderOf(path);
    if (other && isThere(other, path)) throw new TaurecError('folder-in-use', { folder, ...other });
    rmSync(path, { force: true });
    if (!claim(path)) throw new TaurecError('folder-in-use', { folder, ...holderOf(path) });
  }
  held.add(path);
  return () => {
    held.delete(path);
    rmSync(path, { force: true });
  };
}

/** Locks of this process. A lock with our own process id that is not listed here comes from an earlier process with the same id. */
const held = new Set<string>();

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

function holderOf(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function isThere({ pid, host }: Holder, path: string): boolean {
  // Processes of another machine cannot be checked: assume that they run.
  if (host !== hostname()) return true;
  if (pid === process.pid) return held.has(path);
  try {
    // Signal 0 only tests whether the process exists. EPERM: it exists, but belongs to another user.
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
