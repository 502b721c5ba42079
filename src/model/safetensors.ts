import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { TaurecError } from '../errors.ts';
import { writeAtomically } from '../platform/atomic-file.ts';
import { openRegular } from '../platform/regular-file.ts';
import { type FileDigest, refuseDamaged, signedDigest, unsigned, withDigest } from './file-digest.ts';
import { PIECE_BYTES, type Reading, ReadingCheck } from './reading-check.ts';
import {
  floatRanges,
  headerLength,
  headerOf,
  type Safetensors,
  type StreamedTensor,
  safetensorsOf,
  type Tensor,
  toSafetensors,
} from './safetensors-format.ts';
import { type DataPart, TensorMemory, viewsOf } from './tensor-memory.ts';

/** Bytes per read call of `readAll` (256 MiB). Linux moves less than 2 GiB per call, so larger files need several. */
const CALL_BYTES = 1 << 28;
const TRUNCATED = 'it was truncated while it was being read';
/** Pieces of a file that are read at a time. The memory is new, and most of the time of a read is the system's for its pages. */
const AT_A_TIME = 4;

/**
 * Writes tensors as a safetensors file (https://huggingface.co/docs/safetensors): the header length (8 bytes, little-endian), a JSON header, the data.
 * The write is atomic: `path` holds the old file until the new one is complete.
 * @param options.signed adds `sha256` to the metadata: the digest of the file itself, computed with 64 zeros in the place of the digest
 * @returns size and SHA-256 of the file
 * @throws TypeError when the data of a tensor do not fill its shape
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, Tensor | StreamedTensor>>,
  metadata: Readonly<Record<string, string>> = {},
  options: { readonly signed?: boolean } = {},
): Promise<FileDigest> {
  const { head, pieces } = toSafetensors(tensors, options.signed ? { ...metadata, sha256: unsigned } : metadata);
  const hash = createHash('sha256').update(head);
  let bytes = head.length;
  let sha256 = '';
  await writeAtomically(path, async (temporary) => {
    const file = await open(temporary, 'wx');
    try {
      await writeAll(file, head);
      for (const piece of pieces()) {
        hash.update(piece);
        await writeAll(file, piece);
        bytes += piece.length;
      }
      sha256 = hash.digest('hex');
      if (options.signed) await file.write(withDigest(head, unsigned, sha256), 0, head.length, 0);
    } finally {
      await file.close();
    }
  });
  return { bytes, sha256 };
}

/** Checks of `openSafetensors`, in addition to those of the format. */
export interface OpenChecks {
  /** Size and digest that the file must have, from the list that names it; undefined if there is none. */
  readonly digest?: FileDigest;
  /** The file contains its own digest (`writeSafetensors`, option `signed`), and must match it. */
  readonly signed?: boolean;
  /** All floats of 32 and 16 bits must be finite. */
  readonly finite?: boolean;
  /** Computes digests while other work goes on; without it this thread computes them. Pass one `ReadingCheck` for files that are read together. */
  readonly check?: ReadingCheck;
}

/**
 * Opens a safetensors file: reads it once, each tensor into shared memory of its own. The digest is computed while the file is read.
 * @returns the file, and `sound`, which rejects if a check fails. Use no value before it resolves: until then only the format has been checked.
 * @throws TaurecError `bad-safetensors` when the file is missing, cannot be read, is cut short or of another format, or when its tensors overlap, leave gaps or do not fit their shapes
 */
export async function readSafetensors(
  path: string,
  { digest, signed: isSigned = false, finite = false, check = new ReadingCheck(0) }: OpenChecks = {},
): Promise<{ readonly file: Safetensors; readonly sound: Promise<void> }> {
  const file = await openRegular(path).catch((cause: NodeJS.ErrnoException) => {
    const problem = cause.code === 'ENOENT' ? 'it does not exist' : cause.message;
    throw new TaurecError('bad-safetensors', { path, problem }, { cause });
  });
  try {
    const { size, length, header } = await readHeader(file, path);
    const bytes = size - 8 - header.length;
    const parsed = headerOf(path, header, bytes);
    const { parts, placeOf } = new TensorMemory(parsed.tensors);
    const own = isSigned ? signedDigest(header) : undefined;
    const hashed = own === undefined ? header : withDigest(header, own, unsigned);
    const checks = {
      hash: digest !== undefined || own !== undefined,
      finite: finite ? floatRanges(parsed, placeOf) : [],
    };
    const reading = check.begin([length, hashed], parts, checks);
    try {
      await readPieces(file, size - bytes, parts, bytes, reading);
      const opened = safetensorsOf(path, parsed, placeOf);
      const sound = reading.result().then((found) => {
        if (isSigned && own === undefined) {
          throw new TaurecError('damaged-file', { path, problem: 'it does not contain its SHA-256' });
        }
        refuseDamaged(opened, { bytes: size, ...found }, digest ?? { sha256: own });
      });
      // Whoever awaits `sound` gets the error; nobody may have begun to when it comes.
      sound.catch(() => {});
      return { file: opened, sound };
    } catch (cause) {
      reading.abandon();
      throw unreadable(path, cause);
    }
  } finally {
    await file.close();
  }
}

/**
 * The metadata of a safetensors file: only its header is read, and nothing is checked against a digest.
 * @throws TaurecError `bad-safetensors` when the file cannot be read, is cut short or of another format; the error of the file system where it cannot be opened
 */
export async function readMetadata(path: string): Promise<Safetensors['metadata']> {
  const file = await openRegular(path);
  try {
    const { size, header } = await readHeader(file, path);
    return headerOf(path, header, size - 8 - header.length).metadata;
  } finally {
    await file.close();
  }
}

/** The size of a file, its first eight bytes, and its header. */
async function readHeader(file: FileHandle, path: string) {
  try {
    const { size } = await file.stat();
    const length = new Uint8Array(8);
    // `headerLength` refuses shorter files.
    if (size >= 8) await readAll(file, length, 0);
    const header = new Uint8Array(headerLength(path, length, size));
    await readAll(file, header, 8);
    return { size, length, header };
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** The error of reading, with the file's name. */
function unreadable(path: string, cause: unknown): TaurecError {
  if (cause instanceof TaurecError) return cause;
  return new TaurecError('bad-safetensors', { path, problem: (cause as Error).message }, { cause });
}

/** As `readSafetensors`, with all checks done. @throws TaurecError also `damaged-file` and `bad-model`, where a check fails */
export async function openSafetensors(path: string, checks: OpenChecks = {}): Promise<Safetensors> {
  const { file, sound } = await readSafetensors(path, checks);
  await sound;
  return file;
}

/** Reads the `bytes` bytes of a file's data, which begin at byte `position`, into their parts, several pieces at a time. */
async function readPieces(
  file: FileHandle,
  position: number,
  parts: readonly DataPart[],
  bytes: number,
  reading: Reading,
): Promise<void> {
  const pieces = Math.ceil(bytes / PIECE_BYTES);
  const isRead = new Uint8Array(pieces);
  let next = 0;
  let done = 0;
  const readSome = async () => {
    while (next < pieces) {
      const piece = next++;
      const from = piece * PIECE_BYTES;
      const views = viewsOf(parts, from, Math.min(from + PIECE_BYTES, bytes));
      await readInto(file, views, position + from);
      isRead[piece] = 1;
      const before = done;
      while (isRead[done]) done++;
      if (done > before) reading.read(Math.min(done * PIECE_BYTES, bytes));
    }
  };
  const stopping = (error: unknown) => {
    next = pieces;
    throw error;
  };
  const readers = await Promise.allSettled(Array.from({ length: AT_A_TIME }, () => readSome().catch(stopping)));
  for (const reader of readers) if (reader.status === 'rejected') throw reader.reason;
}

/** Fills views, one after another, from byte `position` of the file. A single call may read fewer bytes than it is asked for. */
async function readInto(file: FileHandle, views: readonly Uint8Array[], position: number): Promise<void> {
  let at = position;
  for (let rest = views; rest.length > 0; ) {
    const { bytesRead } = await file.readv(rest, at);
    if (bytesRead === 0) throw new Error(TRUNCATED);
    at += bytesRead;
    rest = withoutFirst(rest, bytesRead);
  }
}

/** The views without their first `count` bytes. */
function withoutFirst(views: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  return views.flatMap((view) => {
    const part = view.subarray(Math.min(left, view.length));
    left -= view.length - part.length;
    return part.length > 0 ? [part] : [];
  });
}

/** Writes all bytes at the current position. A single call may write fewer than it is given. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at)).bytesWritten;
  }
}

/** Fills `target` from byte `position` of the file. A single call may read fewer bytes than it is asked for. */
export async function readAll(file: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < target.length; ) {
    const { bytesRead } = await file.read(target, at, Math.min(CALL_BYTES, target.length - at), position + at);
    if (bytesRead === 0) throw new Error(TRUNCATED);
    at += bytesRead;
  }
}
