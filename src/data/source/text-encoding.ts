// Encodings of text other than UTF-8: recognised by a byte-order mark or named by the option; and the bytes that are not UTF-8.

import { TaurecError } from '../../errors.ts';
import type { FileHead } from '../../platform/head.ts';

/** True for the name of an encoding that taurec can decode: the labels of the WHATWG encoding standard. */
export function isEncoding(name: string): boolean {
  try {
    new TextDecoder(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * The encoding to decode a file from; undefined for UTF-8, which needs no decoding. A byte-order mark wins over the option.
 * @param asked the option: the name of an encoding, or 'auto'
 * @throws TaurecError `bad-encoding` for UTF-16 without a byte-order mark, when no encoding is named
 */
export function encodingOf(shown: string, head: FileHead, asked = 'auto'): string | undefined {
  const [a, b] = head.bytes;
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (a === 0xef && b === 0xbb && head.bytes[2] === 0xbf) return undefined;
  if (asked !== 'auto') {
    const { encoding } = new TextDecoder(asked);
    return encoding === 'utf-8' ? undefined : encoding;
  }
  const zeros = zeroBytes(head.bytes.subarray(0, 4096));
  if (zeros) {
    const reason = `byte ${zeros === 'utf-16be' ? 1 : 2} is 0, as in UTF-16 text without a byte-order mark`;
    throw new TaurecError('bad-encoding', { file: shown, line: 1, reason, encoding: zeros });
  }
  return undefined;
}

/** The UTF-16 whose zero bytes a text has; undefined where fewer than half of the characters have one. */
function zeroBytes(bytes: Uint8Array): string | undefined {
  const counts = [0, 0];
  for (let at = 0; at < bytes.length; at++) if (bytes[at] === 0) counts[at % 2]!++;
  const most = counts[1]! >= counts[0]! ? 1 : 0;
  return counts[most]! > bytes.length / 4 && counts[1 - most]! < bytes.length / 32
    ? ['utf-16be', 'utf-16le'][most]
    : undefined;
}

/** The first byte that is not UTF-8, with its line from 1; undefined for UTF-8. */
export async function findForeignByte(
  pieces: AsyncIterable<Uint8Array>,
): Promise<{ line: number; byte: number } | undefined> {
  let line = 1;
  let rest: Uint8Array = new Uint8Array(0);
  const faultOf = (bytes: Uint8Array) => {
    const from = bytes.subarray(0, validLength(bytes));
    for (const byte of from) if (byte === 10) line++;
    return { line, byte: bytes[from.length]! };
  };
  for await (const piece of pieces) {
    const bytes = joined(rest, piece);
    // A character may continue in the next piece, so the last, incomplete one waits.
    const end = bytes.length - incompleteEnd(bytes);
    const complete = bytes.subarray(0, end);
    if (!isUtf8(complete)) return faultOf(complete);
    for (let at = complete.indexOf(10); at >= 0; at = complete.indexOf(10, at + 1)) line++;
    rest = bytes.subarray(end);
  }
  return rest.length > 0 ? faultOf(rest) : undefined;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

/** Number of bytes before the first one that is not UTF-8. Binary search: a prefix is valid apart from its last, incomplete character. */
function validLength(bytes: Uint8Array): number {
  const good = (length: number) => {
    const prefix = bytes.subarray(0, length);
    return isUtf8(prefix.subarray(0, length - incompleteEnd(prefix)));
  };
  let low = 0;
  let high = bytes.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (good(middle)) low = middle;
    else high = middle - 1;
  }
  return low - incompleteEnd(bytes.subarray(0, low));
}

/** Number of bytes of an incomplete character at the end, 0 to 3. */
function incompleteEnd(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return length > back ? back : 0;
    }
  }
  return 0;
}

/**
 * The error itself, or `bad-encoding` for a bad row whose text holds bytes that are not UTF-8.
 * @param bytes opens the bytes of the file, unpacked
 */
export async function namingEncoding(
  error: unknown,
  file: string,
  bytes: () => AsyncIterable<Uint8Array>,
): Promise<unknown> {
  if (!(error instanceof TaurecError) || error.code !== 'bad-row') return error;
  const { line, column, got } = error.facts;
  // The decoder writes U+FFFD for such bytes, but a text may also contain that character.
  const found = String(got).includes('\uFFFD') ? await findForeignByte(bytes()) : undefined;
  if (!found) return error;
  const at = foreignByte(file, { line: Number(line), byte: found.byte });
  return new TaurecError('bad-encoding', { ...at.facts, column }, { cause: error });
}

/** The error for a byte that is not UTF-8. */
export function foreignByte(shown: string, { line, byte }: { line: number; byte: number }): TaurecError {
  const hex = byte.toString(16).toUpperCase().padStart(2, '0');
  const reason = `the byte 0x${hex} is not UTF-8, so the text is probably Latin-1 (windows-1252)`;
  return new TaurecError('bad-encoding', { file: shown, line, reason, encoding: 'latin1' });
}
