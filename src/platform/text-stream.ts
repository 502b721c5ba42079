import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { linesOf, textOf } from './text-pieces.ts';

/** A stream of the bytes of a file, decompressed if `gzip`. */
export function openBytes(path: string, gzip: boolean): Readable {
  const raw = createReadStream(path);
  if (!gzip) return raw;
  const unpacked = createGunzip();
  // pipe does not forward errors: without this line a read error would leave the reader waiting.
  raw.once('error', (error) => unpacked.destroy(error));
  return raw.pipe(unpacked);
}

/** The text of a file in pieces, without a byte order mark. Bytes that are not valid UTF-8 become U+FFFD. */
export function openText(path: string, gzip: boolean): AsyncGenerator<string> {
  return textOf(openBytes(path, gzip));
}

/** The lines of a file without their line ends (\n or \r\n). An empty last line is left out. */
export function openLines(path: string, gzip: boolean): AsyncGenerator<string> {
  return linesOf(openText(path, gzip));
}

/** SHA-256 of the bytes of a file on disk, in hexadecimal. `see` gets the decompressed bytes in pieces. A gzip file is also decompressed as a check, because DuckDB silently reads a truncated one as a shorter file. */
export async function fileSha256(path: string, gzip: boolean, see?: (piece: Uint8Array) => void): Promise<string> {
  const hash = createHash('sha256');
  const bytes = createReadStream(path, { highWaterMark: 1 << 20 });
  bytes.on('data', (piece) => hash.update(piece));
  const nowhere = new Writable({ write: (piece, _encoding, done) => done(void see?.(piece)) });
  if (gzip) await pipeline(bytes, createGunzip({ chunkSize: 1 << 18 }), nowhere);
  else await pipeline(bytes, nowhere);
  return hash.digest('hex');
}
