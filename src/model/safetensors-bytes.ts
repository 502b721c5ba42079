import { TaurecError } from '../errors.ts';
import { MAX_HEADER_BYTES, parseHeader, viewOf } from './safetensors-header.ts';
import type { Safetensors } from './tensor.ts';

/**
 * The bytes of a file's header, by its first eight bytes; `size` is the whole file's.
 * @throws TaurecError `bad-safetensors`, naming `path`, when the file cannot hold it
 */
export function headerLength(path: string, first: Uint8Array, size: number): number {
  const fail = (problem: string) => new TaurecError('bad-safetensors', { path, problem });
  if (size < 8) throw fail(`it holds ${size} bytes, expected at least 8`);
  const bytes = Number(new DataView(first.buffer, first.byteOffset).getBigUint64(0, true));
  if (bytes > MAX_HEADER_BYTES) throw fail(`its header would be ${bytes} bytes, so it is another kind of file`);
  if (bytes > size - 8) throw fail(`it is cut short: a header of ${bytes} bytes in a file of ${size}`);
  return bytes;
}

/**
 * A safetensors file of its parts: tensors are views of `data`, all that follows the header.
 * @throws TaurecError `bad-safetensors`, naming `path`, when they do not fit
 */
export function safetensorsOf(path: string, header: Uint8Array, data: ArrayBufferLike): Safetensors {
  const parsed = parseHeader(header, data.byteLength);
  if (typeof parsed === 'string') throw new TaurecError('bad-safetensors', { path, problem: parsed });
  const tensors = new Map(parsed.tensors.map((e) => [e.name, { shape: e.shape, data: viewOf(e, data) }]));
  return { path, metadata: parsed.metadata, tensors };
}
