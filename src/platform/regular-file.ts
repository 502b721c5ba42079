import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';

/**
 * Opens a regular file for reading; follows symbolic links.
 * @throws Error of the file system; an Error whose message names the kind, for anything but a file. Reading a FIFO would wait for ever, and a device has no end.
 */
export async function openRegular(path: string): Promise<FileHandle> {
  // Without O_NONBLOCK, opening a FIFO waits for a writer. Windows has no such flag.
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const facts = await file.stat();
  if (facts.isFile()) return file;
  await file.close();
  const kind = facts.isDirectory()
    ? 'a folder'
    : facts.isFIFO()
      ? 'a FIFO'
      : facts.isSocket()
        ? 'a socket'
        : 'a device';
  throw new Error(`it is ${kind}, expected a file`);
}

/** The text of a regular file in UTF-8. Throws as `openRegular`. */
export async function readRegularText(path: string): Promise<string> {
  const file = await openRegular(path);
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
