import { open, stat } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';
import { TaurecError } from '../errors.ts';
import { type FileHead, headBytes } from './head.ts';

/** Reads the beginning of a plain or gzip file, which the first two bytes distinguish. Throws `file-not-found`, `unreadable-file`. */
export async function readHead(file: string): Promise<FileHead> {
  const info = await stat(file).catch(() => undefined);
  if (!info?.isFile()) throw new TaurecError('file-not-found', { file });
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(headBytes), 0, headBytes, 0);
    const raw = buffer.subarray(0, bytesRead);
    // 1f 8b is the magic of gzip.
    const gzip = raw[0] === 0x1f && raw[1] === 0x8b;
    const atEnd = bytesRead === info.size;
    if (!gzip) return { gzip, bytes: raw, whole: atEnd };
    // The head of a file is a truncated stream, which zlib accepts only with Z_SYNC_FLUSH.
    const bytes = gunzipSync(raw, { finishFlush: constants.Z_SYNC_FLUSH });
    return { gzip, bytes, whole: atEnd };
  } catch (cause) {
    throw new TaurecError(
      'unreadable-file',
      { file, format: 'gzip', reason: `${(cause as Error).message}.` },
      { cause },
    );
  } finally {
    await handle.close();
  }
}
