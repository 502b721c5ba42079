import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TaurecError } from '../errors.ts';
import { writeFault } from './write-fault.ts';

/** Folders that have not been removed yet. */
const folders = new Set<string>();
/** True once the listener for the exit of the process is registered: one listener removes all folders. */
let isListening = false;

/** Creates a folder for temporary files. Remove it with `removeTemporaryFolder`; folders that still exist when the process exits are removed then. @throws TaurecError `cannot-write` */
export async function temporaryFolder(): Promise<string> {
  if (!isListening) process.once('exit', removeAll);
  isListening = true;
  const folder = await mkdtemp(join(tmpdir(), 'taurec-')).catch((cause: NodeJS.ErrnoException) => {
    const remedy = 'Set TMPDIR to a folder for temporary files that exists and that this user may write to.';
    throw new TaurecError('cannot-write', { path: tmpdir(), reason: writeFault(cause), remedy }, { cause });
  });
  folders.add(folder);
  return folder;
}

/** Removes a folder of `temporaryFolder` with its content. */
export async function removeTemporaryFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/** Synchronous, because no promise is awaited while the process exits. */
function removeAll(): void {
  for (const folder of folders) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another program may still be writing into it: leave the folder.
    }
  }
}
