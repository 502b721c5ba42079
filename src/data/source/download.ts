// Brings the bytes of a URL or of standard input into a temporary file.

import { createWriteStream } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TaurecError } from '../../errors.ts';
import { fetchBytes } from './fetch-bytes.ts';

/** Downloads a URL to `folder` and returns the path. @param limit the most bytes to accept @throws TaurecError `download-failed` */
export async function download(url: string, folder: string, limit: number): Promise<string> {
  const path = join(folder, URL.canParse(url) ? safeName(basename(new URL(url).pathname)) : 'download');
  await pipeline(Readable.from(fetchBytes(url, limit)), createWriteStream(path));
  return path;
}

/** Copies standard input to a file of `folder` and returns its path. @throws TaurecError `empty-data` when nobody writes to it */
export async function saveStandardInput(folder: string): Promise<string> {
  const { stdin } = globalThis.process;
  if (stdin.isTTY)
    throw new TaurecError('empty-data', { file: 'standard input', reason: 'it is a terminal, not a pipe or a file' });
  const path = join(folder, 'standard-input');
  await pipeline(stdin, createWriteStream(path));
  return path;
}

/** A file name without special characters, at most 100 of them. The ending may decide the format. */
function safeName(name: string): string {
  return (
    name
      .replace(/[^\w.-]+/g, '-')
      .slice(-100)
      .replace(/^[.-]+/, '') || 'download'
  );
}
