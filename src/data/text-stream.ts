import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** The bytes of a file, unpacked. */
export function openBytes(path: string, gzip: boolean): Readable {
  const raw = createReadStream(path);
  if (!gzip) return raw;
  const unpacked = createGunzip();
  raw.once('error', (error) => unpacked.destroy(error));
  return raw.pipe(unpacked);
}

/** The text of a file in pieces, without a byte order mark; bytes that are not UTF-8 become U+FFFD. */
export async function* openText(path: string, gzip: boolean): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of openBytes(path, gzip)) yield decoder.decode(bytes as Uint8Array, { stream: true });
  yield decoder.decode();
}

/** The lines of a file. */
export function openLines(path: string, gzip: boolean): AsyncIterable<string> {
  return createInterface({ input: openBytes(path, gzip), crlfDelay: Number.POSITIVE_INFINITY });
}
