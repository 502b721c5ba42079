// Archives and compressed files other than gzip: recognised by their first bytes, unpacked to a temporary file or refused with what to do.

import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Unzip, UnzipInflate } from 'fflate';
import { Decompress } from 'fzstd';
import { TaurecError } from '../../errors.ts';
import { openBytes } from '../../platform/text-stream.ts';

/** Compressions and archives that are named but not read, with the command that unpacks them. */
const refused: readonly (readonly [name: string, magic: readonly number[], remedy: (file: string) => string])[] = [
  [
    'a bzip2 file',
    [0x42, 0x5a, 0x68],
    (file) => `Unpack it first: bunzip2 -k ${file}; or pipe it: bzcat ${file} | taurec … -`,
  ],
  [
    'an xz file',
    [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0],
    (file) => `Unpack it first: unxz -k ${file}; or pipe it: xzcat ${file} | taurec … -`,
  ],
  ['an LZ4 file', [0x04, 0x22, 0x4d, 0x18], (file) => `Unpack it first: unlz4 ${file}`],
  ['a 7z archive', [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], (file) => `Unpack it first: 7z x ${file}`],
  ['a RAR archive', [0x52, 0x61, 0x72, 0x21], (file) => `Unpack it first: unrar x ${file}`],
  ['an old Excel workbook', [0xd0, 0xcf, 0x11, 0xe0], () => 'Save the sheet as CSV.'],
];
const zipMagic = [0x50, 0x4b, 0x03, 0x04];
const zstdMagic = [0x28, 0xb5, 0x2f, 0xfd];

/**
 * Unpacks a ZIP archive with one file, or a zstd file, to `folder`. Returns the path of the unpacked file; undefined for a file that is not packed, and for gzip,
 * which every reader unpacks itself.
 * @param shown the name of the file in messages
 * @throws TaurecError `packed-file` for archives with several files and for bzip2, xz, 7z, RAR, tar and Excel; `unreadable-file` for a broken stream
 */
export async function unpack(path: string, shown: string, folder: string): Promise<string | undefined> {
  const head = await firstBytes(path);
  const begins = (magic: readonly number[]) => magic.every((byte, at) => head[at] === byte);
  for (const [what, magic, remedy] of refused) {
    // Text may begin with BZh: bzip2 goes on with its level and the digits of pi.
    const isText = what === 'a bzip2 file' && !(head[4] === 0x31 && head[5] === 0x41);
    if (begins(magic) && !isText) throw new TaurecError('packed-file', { file: shown, what, remedy: remedy(shown) });
  }
  if (begins(zipMagic)) return unzip(path, shown, folder);
  if (begins(zstdMagic)) return unzstd(path, shown, folder);
  await refuseTar(path, shown, head[0] === 0x1f && head[1] === 0x8b);
  return undefined;
}

async function firstBytes(path: string): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    return (await handle.read(new Uint8Array(16), 0, 16, 0)).buffer;
  } finally {
    await handle.close();
  }
}

/** Refuses tar, plain or in gzip: its first block holds "ustar" at byte 257. */
async function refuseTar(path: string, shown: string, gzip: boolean): Promise<void> {
  const stream = openBytes(path, gzip);
  let block = Buffer.alloc(0);
  try {
    for await (const piece of stream) {
      block = Buffer.concat([block, piece as Uint8Array]);
      if (block.length >= 262) break;
    }
  } catch {
    // A broken gzip stream is reported by the reader.
    return;
  } finally {
    stream.destroy();
  }
  if (block.subarray(257, 262).toString('latin1') !== 'ustar') return;
  throw new TaurecError('packed-file', {
    file: shown,
    what: 'a tar archive',
    remedy: `Unpack it first, and pass the file or the folder: tar -xf ${shown}`,
  });
}

/** Files that archivers add themselves. */
const isJunk = (name: string) => name.endsWith('/') || /(^|\/)(__MACOSX\/|\.)/.test(name);

async function unzip(path: string, shown: string, folder: string): Promise<string> {
  const names: string[] = [];
  let failure: unknown;
  let pending: Uint8Array[] = [];
  const archive = new Unzip((file) => {
    if (isJunk(file.name)) return;
    names.push(file.name);
    if (names.length > 1) return;
    file.ondata = (error, piece) => {
      failure ??= error;
      if (!error) pending.push(piece);
    };
    try {
      file.start();
    } catch (error) {
      failure ??= error;
    }
  });
  archive.register(UnzipInflate);
  async function* pieces() {
    for await (const bytes of createReadStream(path, { highWaterMark: 1 << 18 })) {
      archive.push(bytes as Uint8Array);
      if (failure) throw failure;
      if (names.includes('[Content_Types].xml')) {
        throw new TaurecError('packed-file', {
          file: shown,
          what: 'an Excel or Office file',
          remedy: 'Save the sheet as CSV.',
        });
      }
      yield* pending;
      pending = [];
    }
    archive.push(new Uint8Array(0), true);
    if (failure) throw failure;
    yield* pending;
  }
  const target = join(folder, 'unpacked');
  await unpacking('ZIP', shown, () => pipeline(Readable.from(pieces()), createWriteStream(target)));
  if (names.length !== 1) {
    const list = names.slice(0, 5).join(', ') + (names.length > 5 ? ' …' : '');
    throw new TaurecError('packed-file', {
      file: shown,
      what: names.length === 0 ? 'a ZIP archive without files' : `a ZIP archive with ${names.length} files (${list})`,
      remedy: `Unpack it, and pass the file with the data: unzip ${shown}`,
    });
  }
  return renamed(target, names[0]!);
}

async function unzstd(path: string, shown: string, folder: string): Promise<string> {
  let pending: Uint8Array[] = [];
  let ended = false;
  const stream = new Decompress((piece, last) => {
    if (piece.length > 0) pending.push(piece);
    ended ||= last === true;
  });
  async function* pieces() {
    for await (const bytes of createReadStream(path, { highWaterMark: 1 << 18 })) {
      stream.push(new Uint8Array(bytes as Uint8Array));
      yield* pending;
      pending = [];
    }
    stream.push(new Uint8Array(0), true);
    yield* pending;
    if (!ended) throw new Error('the stream is cut off');
  }
  const target = join(folder, 'unpacked');
  await unpacking('zstd', shown, () => pipeline(Readable.from(pieces()), createWriteStream(target)));
  return renamed(target, basename(shown).replace(/\.zst(d)?$/i, ''));
}

async function unpacking(format: string, shown: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    if (cause instanceof TaurecError || typeof (cause as NodeJS.ErrnoException).errno === 'number') throw cause;
    const reason = `the stream is broken, cut off or encrypted (${(cause as Error).message}).`;
    throw new TaurecError('unreadable-file', { file: shown, format, reason }, { cause });
  }
}

/** The path under its inner name: the ending may decide the format. */
async function renamed(target: string, name: string): Promise<string> {
  const path = join(dirname(target), basename(name) || 'unpacked');
  if (path !== target) await rename(target, path);
  return path;
}
