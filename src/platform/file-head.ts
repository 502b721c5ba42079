import { open, stat } from 'node:fs/promises';
import { constants, gunzipSync } from 'node:zlib';
import { TaurecError } from '../errors.ts';

/** Bytes read to detect a file's format. */
const headBytes = 1 << 18;

/** The beginning of a file, unpacked. */
export interface FileHead {
  gzip: boolean;
  bytes: Uint8Array;
  /** True when `bytes` is all there is. */
  whole: boolean;
}

/** Reads the beginning of a plain or gzip file; the first two bytes tell which. Throws `file-not-found`, `unreadable-file`. */
export async function readHead(file: string): Promise<FileHead> {
  const info = await stat(file).catch(() => undefined);
  if (!info?.isFile()) throw new TaurecError('file-not-found', { file });
  const handle = await open(file);
  try {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(headBytes), 0, headBytes, 0);
    const raw = buffer.subarray(0, bytesRead);
    const gzip = raw[0] === 0x1f && raw[1] === 0x8b;
    const atEnd = bytesRead === info.size;
    if (!gzip) return { gzip, bytes: raw, whole: atEnd };
    // Z_SYNC_FLUSH accepts a truncated stream, which the head of a file is.
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

/** The text of a head, cut at the last line end if the file continues. */
export function headText(head: FileHead): string {
  const text = new TextDecoder().decode(head.bytes).replace(/^\uFEFF/, '');
  return head.whole ? text : text.slice(0, text.lastIndexOf('\n') + 1) || text;
}
