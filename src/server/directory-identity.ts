import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isIndexName } from '../model/model-directory.ts';

/**
 * A text that changes when a model directory is replaced or one of its files is written: name, inode, size and time of config.json, the tensors and indexes.
 * Checkpoints that a training run writes beside them do not count. Undefined where there is no config.json, as between two models.
 */
export async function directoryIdentity(directory: string): Promise<string | undefined> {
  try {
    const names = (await readdir(directory)).filter(isModelFile).sort();
    if (!names.includes('config.json')) return undefined;
    const facts = await Promise.all(
      names.map(async (name) => {
        const { ino, size, mtimeNs } = await stat(join(directory, name), { bigint: true });
        return `${name} ${ino} ${size} ${mtimeNs}`;
      }),
    );
    return facts.join('\n');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function isModelFile(name: string): boolean {
  if (name === 'config.json' || isIndexName(name)) return true;
  return name.endsWith('.safetensors') && !name.startsWith('checkpoint');
}
