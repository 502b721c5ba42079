/**
 * A model in a folder of a browser. Folders cannot be renamed there, so a save writes all files to a folder within, `PENDING`, with config.json last: from then on the save is
 * done, and readers take each file from there first. Moving the files to their places can be repeated after an interruption.
 */

import { TaurecError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import { filesOf, isModelConfig, isReplaced, keptDigests } from '../model/model-files.ts';
import { CONFIG } from '../model/read-model.ts';
import { modelBytes } from './model-bytes.ts';

/** The folder of a save that is not complete, or whose files are not in their places yet. */
const PENDING = 'taurec-saving.tmp';

/** What config.json says instead of the version of Node. */
export const PROGRAM = 'browser';

/**
 * Saves a model in a folder of a browser, as `saveModel` of Node does: the same files with the same bytes. The folder holds the old model until the new one is complete, also when
 * the page is closed or its storage is full. The files of an older model are replaced, its approximate indexes removed; other files stay.
 * @throws TaurecError `not-a-model` when the folder is not empty and holds no taurec model; `bad-model` when the parts do not fit together; `cannot-write` when the storage is full, or the page may not write
 */
export async function saveInFolder(directory: FileSystemDirectoryHandle, model: Model): Promise<void> {
  const files = filesOf(model, directory.name, PROGRAM);
  await locked(directory, 'exclusive', async () => {
    try {
      await completeSave(directory);
      await checkTarget(directory);
      const old = await textOf(directory, CONFIG);
      try {
        const pending = await directory.getDirectoryHandle(PENDING, { create: true });
        for await (const [name, bytes] of modelBytes(files, keptDigests(old, isReplaced))) {
          await write(pending, name, new Blob([bytes]));
        }
      } catch (error) {
        await directory.removeEntry(PENDING, { recursive: true }).catch(() => {});
        throw error;
      }
      await completeSave(directory);
    } catch (error) {
      throw writeError(directory, error);
    }
  });
}

/** Reads files of a model's folder; undefined for a file that it does not have. Another tab cannot save meanwhile. */
export async function readFolder<T>(
  directory: FileSystemDirectoryHandle,
  read: (fileOf: (name: string) => Promise<File | undefined>) => Promise<T>,
): Promise<T> {
  return locked(directory, 'shared', async () => {
    const pending = await pendingOf(directory);
    return read(async (name) => (pending && (await fileIn(pending, name))) ?? (await fileIn(directory, name)));
  });
}

/** Moves the files of a complete save to their places, and removes those of the older model that the new one does not have. Removes an incomplete save. */
async function completeSave(directory: FileSystemDirectoryHandle): Promise<void> {
  const pending = await pendingOf(directory);
  if (pending) {
    const listed = Object.keys(JSON.parse(await textOf(pending, CONFIG)).files);
    for (const name of await namesIn(pending)) if (name !== CONFIG) await move(pending, directory, name);
    for (const name of await namesIn(directory)) {
      if (isReplaced(name) && name !== CONFIG && !listed.includes(name)) await directory.removeEntry(name);
    }
    // Last: without it the save would count as incomplete.
    await move(pending, directory, CONFIG);
  }
  await directory.removeEntry(PENDING, { recursive: true }).catch(ifMissing);
}

/** The folder of a save that has all its files; undefined otherwise. */
async function pendingOf(directory: FileSystemDirectoryHandle): Promise<FileSystemDirectoryHandle | undefined> {
  const pending = await directory.getDirectoryHandle(PENDING).catch(ifMissing);
  // A file that is being written exists, and is empty, before it has its content.
  return pending && isModelConfig(await textOf(pending, CONFIG)) ? pending : undefined;
}

async function checkTarget(directory: FileSystemDirectoryHandle): Promise<void> {
  const names = await namesIn(directory);
  if (names.length === 0 || isModelConfig(await textOf(directory, CONFIG))) return;
  throw new TaurecError('not-a-model', { directory: directory.name, got: names.slice(0, 3).join(', ') });
}

/** The names in a folder, in order. */
async function namesIn(directory: FileSystemDirectoryHandle): Promise<string[]> {
  const names: string[] = [];
  for await (const name of directory.keys()) names.push(name);
  return names.sort();
}

async function fileIn(directory: FileSystemDirectoryHandle, name: string): Promise<File | undefined> {
  return (await directory.getFileHandle(name).catch(ifMissing))?.getFile();
}

/** The text of a file; empty where there is none. */
async function textOf(directory: FileSystemDirectoryHandle, name: string): Promise<string> {
  return (await (await fileIn(directory, name))?.text()) ?? '';
}

/** Writes a file. The browser keeps the content elsewhere until it is complete, and then puts it in the place of an older file at once. */
async function write(directory: FileSystemDirectoryHandle, name: string, content: Blob): Promise<void> {
  const file = await directory.getFileHandle(name, { create: true });
  const writable = await file.createWritable();
  try {
    await writable.write(content);
    await writable.close();
  } catch (error) {
    await writable.abort().catch(() => {});
    throw error;
  }
}

/** Moves a file to another folder, over an older one of its name. Browsers that cannot move files copy it. */
async function move(from: FileSystemDirectoryHandle, to: FileSystemDirectoryHandle, name: string): Promise<void> {
  const file: FileSystemFileHandle & { move?(to: FileSystemDirectoryHandle, name: string): Promise<void> } =
    await from.getFileHandle(name);
  if (file.move) {
    const moved = await file.move(to, name).then(
      () => true,
      () => false,
    );
    if (moved) return;
  }
  await write(to, name, await file.getFile());
  await from.removeEntry(name);
}

/** Runs `work` while no other tab of this site saves a model in a folder of that name or, with `exclusive`, reads one. */
function locked<T>(directory: FileSystemDirectoryHandle, mode: LockMode, work: () => Promise<T>): Promise<T> {
  const locks = globalThis.navigator?.locks;
  return locks ? locks.request(`taurec ${directory.name}`, { mode }, work) : work();
}

function ifMissing(error: unknown): undefined {
  if ((error as DOMException).name !== 'NotFoundError') throw error;
}

/** What the browser says when it refuses to write, with a remedy; other errors unchanged. */
function writeError({ name: path }: FileSystemDirectoryHandle, error: unknown): unknown {
  if (error instanceof TaurecError) return error;
  const { name, message } = error as DOMException;
  const known: Record<string, readonly [reason: string, remedy: string]> = {
    QuotaExceededError: [
      'the storage that the browser grants this site is full; what was in the folder is unchanged',
      'Remove models or other data of this site that are not needed, or take the model home as a zip (zipModel).',
    ],
    NotAllowedError: [
      'the page may not write there',
      "Ask for the right in the answer to a click: directory.requestPermission({ mode: 'readwrite' }).",
    ],
    NoModificationAllowedError: [
      'another tab is writing a file there',
      'Wait until it is done, then save the model again.',
    ],
  };
  const [reason, remedy] = known[name] ?? [
    message,
    'Choose another folder, or take the model home as a zip (zipModel).',
  ];
  return new TaurecError('cannot-write', { path, reason, remedy }, { cause: error });
}
