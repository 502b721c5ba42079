import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { TaurecError } from '../../errors.ts';
import { temporaryName } from '../../platform/atomic-file.ts';
import { removeAbandonedFolders, replaceFolder } from '../../platform/replace-folder.ts';
import { version } from '../../platform/version.ts';
import { makeFolder } from '../../platform/write-fault.ts';
import { Site } from '../../server/site.ts';
import { sandboxScriptDigest } from '../local/sandbox-frame.ts';

/** The file that makes a folder an exported studio. */
const MARK = 'taurec-studio.json';
/** The service worker that isolates the page where its host sends no headers. */
const ISOLATION = 'isolation-worker.js';
const isolationProgram = new URL('../../browser/isolation-worker.js', import.meta.url);

/** What the mark says. */
interface Mark {
  readonly format: 'taurec-studio';
  readonly version: string;
  /** Files and folders of the site, without the mark. */
  readonly entries: readonly string[];
}

/** A site that was written. */
export interface ExportedSite {
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
}

/**
 * Writes the studio as a folder for any static host: the page, its workers, and a service worker that isolates it there. The folder appears whole; an earlier export in it is replaced, and other files next to one
 * (`CNAME`, `.git`) stay.
 * @param site the folder of the built page; default: that of the package
 * @throws TaurecError `no-studio-site`; `not-a-site` for a folder that holds something else; `cannot-write`
 */
export async function exportSite(folder: string, site?: string): Promise<ExportedSite> {
  const target = resolve(folder);
  const page = await Site.open('page', site, [sandboxScriptDigest]);
  const earlier = await earlierEntries(target, folder);
  makeFolder(dirname(target));
  const temporary = temporaryName(target);
  let bytes = 0;
  const write = async (name: string, body: Uint8Array | string) => {
    const path = join(temporary, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, body);
    bytes += body.length;
  };
  try {
    for (const name of page.names) await write(name, (await page.file(name)!).body);
    if (!page.names.includes(ISOLATION)) await write(ISOLATION, await readFile(isolationProgram));
    const entries = await readdir(temporary);
    const mark: Mark = { format: 'taurec-studio', version, entries };
    await write(MARK, `${JSON.stringify(mark)}\n`);
    const replaced = new Set([MARK, ...entries, ...earlier]);
    await replaceFolder(target, temporary, (name) => replaced.has(name));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
  await removeAbandonedFolders(
    target,
    async (left) => ((await markOf(left)) ? 0 : undefined),
    () => true,
  );
  const files = page.names.length + (page.names.includes(ISOLATION) ? 1 : 2);
  return { folder: target, files, bytes };
}

/** The entries of an earlier export; none for a new or empty folder. @throws TaurecError `not-a-site` */
async function earlierEntries(target: string, shown: string): Promise<readonly string[]> {
  const names = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') throw new TaurecError('not-a-site', { folder: shown, got: 'a file' });
    throw error;
  });
  if (names.length === 0) return [];
  const mark = await markOf(target);
  if (mark) return mark.entries;
  throw new TaurecError('not-a-site', { folder: shown, got: names.sort().slice(0, 3).join(', ') });
}

/** The mark of an exported studio; undefined for a folder that is none. */
async function markOf(folder: string): Promise<Mark | undefined> {
  try {
    const mark = JSON.parse(await readFile(join(folder, MARK), 'utf8')) as Mark;
    const isMark = mark.format === 'taurec-studio' && Array.isArray(mark.entries);
    return isMark ? mark : undefined;
  } catch {
    return undefined;
  }
}
