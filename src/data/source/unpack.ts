// Archives and compressed files other than gzip: recognised by their first bytes, unpacked or refused with what to do.

import { Unzip, UnzipInflate } from 'fflate';
import { Decompress } from 'fzstd';
import { TaurecError } from '../../errors.ts';
import type { Shelf } from './shelf.ts';

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
 * Unpacks a ZIP archive with one file, or a zstd file. Returns the unpacked file; undefined for a file that is not packed, and for gzip, which every reader unpacks itself.
 * @param shown the name of the file in messages
 * @throws TaurecError `packed-file` for archives with several files and for bzip2, xz, 7z, RAR, tar and Excel; `unreadable-file` for a broken stream
 */
export async function unpack<F>(shelf: Shelf<F>, file: F, shown: string): Promise<F | undefined> {
  const head = await firstBytes(shelf.bytes(file, false), 16);
  const begins = (magic: readonly number[]) => magic.every((byte, at) => head[at] === byte);
  for (const [what, magic, remedy] of refused) {
    // Text may begin with BZh: bzip2 goes on with its level and the digits of pi.
    const isText = what === 'a bzip2 file' && !(head[4] === 0x31 && head[5] === 0x41);
    if (begins(magic) && !isText) throw new TaurecError('packed-file', { file: shown, what, remedy: remedy(shown) });
  }
  if (begins(zipMagic)) return unzip(shelf, file, shown);
  if (begins(zstdMagic)) return unzstd(shelf, file, shown);
  await refuseTar(shelf.bytes(file, head[0] === 0x1f && head[1] === 0x8b), shown);
  return undefined;
}

/** The first bytes of a file, at most `count`. */
async function firstBytes(pieces: AsyncIterable<Uint8Array>, count: number): Promise<Uint8Array> {
  const first = new Uint8Array(count);
  let length = 0;
  for await (const piece of pieces) {
    first.set(piece.subarray(0, count - length), length);
    length = Math.min(count, length + piece.length);
    if (length === count) break;
  }
  return first.subarray(0, length);
}

/** Refuses tar, plain or in gzip: its first block holds "ustar" at byte 257. */
async function refuseTar(pieces: AsyncIterable<Uint8Array>, shown: string): Promise<void> {
  // A broken gzip stream is reported by the reader.
  const block = await firstBytes(pieces, 262).catch(() => new Uint8Array(0));
  if (new TextDecoder('latin1').decode(block.subarray(257)) !== 'ustar') return;
  throw new TaurecError('packed-file', {
    file: shown,
    what: 'a tar archive',
    remedy: `Unpack it first, and pass the file or the folder: tar -xf ${shown}`,
  });
}

/** Files that archivers add themselves. */
const isJunk = (name: string) => name.endsWith('/') || /(^|\/)(__MACOSX\/|\.)/.test(name);

async function unzip<F>(shelf: Shelf<F>, packed: F, shown: string): Promise<F> {
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
    for await (const bytes of shelf.bytes(packed, false)) {
      archive.push(bytes);
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
  const file = await unpacking('ZIP', shown, () => shelf.keep(pieces(), () => names[0] ?? 'unpacked'));
  if (names.length !== 1) {
    const list = names.slice(0, 5).join(', ') + (names.length > 5 ? ' …' : '');
    throw new TaurecError('packed-file', {
      file: shown,
      what: names.length === 0 ? 'a ZIP archive without files' : `a ZIP archive with ${names.length} files (${list})`,
      remedy: `Unpack it, and pass the file with the data: unzip ${shown}`,
    });
  }
  return file;
}

async function unzstd<F>(shelf: Shelf<F>, packed: F, shown: string): Promise<F> {
  let pending: Uint8Array[] = [];
  let ended = false;
  const stream = new Decompress((piece, last) => {
    if (piece.length > 0) pending.push(piece);
    ended ||= last === true;
  });
  async function* pieces() {
    for await (const bytes of shelf.bytes(packed, false)) {
      stream.push(new Uint8Array(bytes));
      yield* pending;
      pending = [];
    }
    stream.push(new Uint8Array(0), true);
    yield* pending;
    if (!ended) throw new Error('the stream is cut off');
  }
  return unpacking('zstd', shown, () => shelf.keep(pieces(), () => shown.replace(/\.zst(d)?$/i, '')));
}

async function unpacking<F>(format: string, shown: string, work: () => Promise<F>): Promise<F> {
  try {
    return await work();
  } catch (cause) {
    // Errors of the file system have a number.
    if (cause instanceof TaurecError || typeof (cause as { errno?: unknown }).errno === 'number') throw cause;
    const reason = `the stream is broken, cut off or encrypted (${(cause as Error).message}).`;
    throw new TaurecError('unreadable-file', { file: shown, format, reason }, { cause });
  }
}
