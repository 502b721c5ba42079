import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders = new Set<string>();
let isListening = false;

/** A new folder for temporary files, to be removed by `removeTemporaryFolder`. Folders that still exist when the process exits are removed then. */
export async function temporaryFolder(): Promise<string> {
  if (!isListening) process.once('exit', removeAll);
  isListening = true;
  const folder = await mkdtemp(join(tmpdir(), 'taurec-'));
  folders.add(folder);
  return folder;
}

export async function removeTemporaryFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  folders.delete(folder);
}

function removeAll(): void {
  for (const folder of folders) {
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another program may still be writing into it: leave the folder.
    }
  }
}
