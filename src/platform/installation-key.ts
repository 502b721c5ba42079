import { randomBytes } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import envPaths from 'env-paths';
import { temporaryName } from './atomic-file.ts';

/** Bytes of the key. */
const LENGTH = 32;

/** The file of the key, in the user's configuration folder (Linux: ~/.config/taurec, or $XDG_CONFIG_HOME/taurec). */
export const installationKeyFile = (): string => join(envPaths('taurec', { suffix: '' }).config, 'key');

/**
 * The secret key of this installation: 32 random bytes that only its user can read, created at the first call. With it taurec recognises the files that it wrote itself.
 * @returns undefined where the key can neither be read nor created, for example without a writable home folder
 */
export async function installationKey(): Promise<Uint8Array | undefined> {
  const path = installationKeyFile();
  try {
    return await readKey(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return undefined;
  }
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const temporary = temporaryName(path);
    await writeFile(temporary, randomBytes(LENGTH), { mode: 0o600, flag: 'wx' });
    // Unlike a rename, a link does not replace the key of a process that was faster.
    await link(temporary, path).catch(() => {});
    await rm(temporary, { force: true });
    return await readKey(path);
  } catch {
    return undefined;
  }
}

async function readKey(path: string): Promise<Uint8Array | undefined> {
  const key = await readFile(path);
  return key.length === LENGTH ? key : undefined;
}
