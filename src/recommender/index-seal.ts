/** The end of an index file, after the content of usearch: what tells a damaged or foreign file before usearch maps it. usearch ignores bytes after its own content. */

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { appendFile, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { installationKey } from '../platform/installation-key.ts';
import { openRegular } from '../platform/regular-file.ts';

/**
 * What an index file is: `own`: whole, and built by this installation; `foreign`: whole, but from elsewhere, or without a digest because an earlier version wrote it; `damaged`, with the problem; `missing`.
 */
export type IndexState =
  | { readonly kind: 'own' | 'missing' }
  | { readonly kind: 'foreign'; readonly digest: boolean }
  | { readonly kind: 'damaged'; readonly problem: string };

/**
 * The last 112 bytes: the SHA-256 of the content; the mark, an HMAC-SHA256 of the name and that digest under the key of the installation (zeros without a key); the SHA-256 of all other
 * bytes of the end; the text `taurec-j`; the size of the content (64 bits, little-endian).
 */
const END = 112;
const TEXT = 'taurec-j';
/** Earlier versions wrote only a text and the size. */
const OLD_END = 16;
const OLD_TEXT = 'taurec-i';

/** Appends the end to a file that usearch has written. `name` is the name that the file will get. */
export async function sealIndex(path: string, name: string): Promise<void> {
  const file = await openRegular(path);
  try {
    const { size } = await file.stat();
    const digest = await digestOf(file, size);
    await appendFile(path, endOf(digest, await markOf(name, digest), size));
  } finally {
    await file.close();
  }
}

/** Reads an index file as a whole and checks its end. Never throws. */
export async function indexState(path: string): Promise<IndexState> {
  let file: FileHandle;
  try {
    file = await openRegular(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? { kind: 'missing' } : { kind: 'damaged', problem: message };
  }
  try {
    const { size } = await file.stat();
    const end = await lastBytes(file, size, END);
    if (end.subarray(END - 16, END - 8).toString('latin1') !== TEXT) {
      const old = await lastBytes(file, size, OLD_END);
      const whole = size > OLD_END && old.equals(Buffer.concat([Buffer.from(OLD_TEXT), sizeBytes(size - OLD_END)]));
      return whole
        ? { kind: 'foreign', digest: false }
        : { kind: 'damaged', problem: 'it is cut short, or no index of taurec' };
    }
    const [digest, mark] = [end.subarray(0, 32), end.subarray(32, 64)];
    if (!end.equals(endOf(digest, mark, size - END))) return { kind: 'damaged', problem: 'its end was changed' };
    if (!(await digestOf(file, size - END)).equals(digest)) {
      return { kind: 'damaged', problem: 'its content does not match its SHA-256' };
    }
    const own = await markOf(basename(path), digest);
    const isOwn = own.some((byte) => byte !== 0) && timingSafeEqual(own, mark);
    return isOwn ? { kind: 'own' } : { kind: 'foreign', digest: true };
  } catch (error) {
    return { kind: 'damaged', problem: (error as Error).message };
  } finally {
    await file.close();
  }
}

function endOf(digest: Uint8Array, mark: Uint8Array, size: number): Buffer {
  const last = Buffer.concat([Buffer.from(TEXT), sizeBytes(size)]);
  const seal = createHash('sha256').update(digest).update(mark).update(last).digest();
  return Buffer.concat([digest, mark, seal, last]);
}

function sizeBytes(size: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(Math.max(0, size)));
  return bytes;
}

/** The mark of an index with this name and digest; zeros where the installation has no key. */
async function markOf(name: string, digest: Uint8Array): Promise<Buffer> {
  const key = await installationKey();
  return key ? createHmac('sha256', key).update(`${name}\n`).update(digest).digest() : Buffer.alloc(32);
}

/** SHA-256 of the first `size` bytes. */
async function digestOf(file: FileHandle, size: number): Promise<Buffer> {
  const hash = createHash('sha256');
  const piece = new Uint8Array(1 << 20);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(piece, 0, Math.min(piece.length, size - at), at);
    if (bytesRead === 0) throw new Error('it was truncated while it was read');
    hash.update(piece.subarray(0, bytesRead));
    at += bytesRead;
  }
  return hash.digest();
}

/** The last `count` bytes of a file; zeros before its beginning. */
async function lastBytes(file: FileHandle, size: number, count: number): Promise<Buffer> {
  const bytes = Buffer.alloc(count);
  const length = Math.min(size, count);
  await file.read(bytes, count - length, length, size - length);
  return bytes;
}
