import { type FileHandle, open } from 'node:fs/promises';
import { TaurecError } from '../errors.ts';
import { writeAtomically } from './atomic-file.ts';
import {
  bytesPerElement,
  layOut,
  MAX_HEADER_BYTES,
  parseHeader,
  product,
  type TensorArray,
  type TensorType,
  typeOfArray,
  viewOf,
} from './safetensors-header.ts';

/** An array and its shape, row-major. */
export interface Tensor<A extends TensorArray = TensorArray> {
  readonly shape: readonly number[];
  readonly data: A;
}

/** A tensor that is written piece by piece, so that a table never exists twice. The pieces' elements add up to the shape. */
export interface StreamedTensor {
  readonly shape: readonly number[];
  readonly type: TensorType;
  pieces(): Iterable<TensorArray>;
}

/** An opened file: tensors are views into one shared buffer; nothing but the header was parsed. */
export interface Safetensors {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The most that one system call moves: Linux stops at 2 GiB. */
const CALL_BYTES = 1 << 28;

/**
 * Writes tensors as a safetensors file (https://huggingface.co/docs/safetensors): 8 bytes header length, little-endian; a JSON header;
 * the data. Atomic: `path` is replaced only by a whole file. Throws a `TypeError` when a tensor's data does not fill its shape.
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, Tensor | StreamedTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const described = Object.entries(tensors).map(([name, tensor]) => ({
    name,
    shape: tensor.shape,
    type: 'data' in tensor ? typeOfArray(tensor.data) : tensor.type,
  }));
  const { head, entries } = layOut(described, metadata);
  await writeAtomically(path, async (temporary) => {
    const file = await open(temporary, 'wx');
    try {
      await writeAll(file, head);
      for (const { name, type, shape } of entries) {
        const tensor = tensors[name]!;
        let written = 0;
        for (const piece of 'data' in tensor ? [tensor.data] : tensor.pieces()) {
          await writeAll(file, new Uint8Array(piece.buffer, piece.byteOffset, piece.byteLength));
          written += piece.byteLength;
        }
        const expected = product(shape) * bytesPerElement(type);
        if (written !== expected)
          throw new TypeError(`Tensor ${name}: ${written} bytes for ${type} [${shape}], expected ${expected}.`);
      }
    } finally {
      await file.close();
    }
  });
}

/**
 * Opens a safetensors file: one read into shared memory, tensors as views. Throws `bad-safetensors` when the file is missing, cut short, foreign,
 * or when its tensors overlap, leave gaps or do not fit their shapes.
 */
export async function openSafetensors(path: string): Promise<Safetensors> {
  const fail = (problem: string, cause?: unknown) => new TaurecError('bad-safetensors', { path, problem }, { cause });
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    throw fail(error.code === 'ENOENT' ? 'it does not exist' : error.message, error);
  });
  try {
    const size = (await file.stat()).size;
    if (size < 8) throw fail(`it holds ${size} bytes, expected at least 8`);
    const length = new Uint8Array(8);
    await readAll(file, length, 0);
    const headerBytes = Number(new DataView(length.buffer).getBigUint64(0, true));
    if (headerBytes > MAX_HEADER_BYTES)
      throw fail(`its header would be ${headerBytes} bytes, so it is another kind of file`);
    if (headerBytes > size - 8) throw fail(`it is cut short: a header of ${headerBytes} bytes in a file of ${size}`);
    const header = new Uint8Array(headerBytes);
    await readAll(file, header, 8);
    const parsed = parseHeader(header, size - 8 - headerBytes);
    if (typeof parsed === 'string') throw fail(parsed);
    const data = new SharedArrayBuffer(size - 8 - headerBytes);
    await readAll(file, new Uint8Array(data), 8 + headerBytes);
    const tensors = new Map(parsed.tensors.map((e) => [e.name, { shape: e.shape, data: viewOf(e, data) }]));
    return { path, metadata: parsed.metadata, tensors };
  } finally {
    await file.close();
  }
}

/** A tensor of the given name, type and shape (−1 = any length). Throws `bad-safetensors` when the file has none such. */
export function tensorOf<T extends TensorType>(
  file: Safetensors,
  name: string,
  type: T,
  shape: readonly number[],
): Tensor<ArrayOf<T>> {
  const tensor = file.tensors.get(name);
  const text = (s: readonly number[]) => `[${s.map((n) => (n < 0 ? '…' : n)).join(', ')}]`;
  const expected = `expected ${type} ${text(shape)}`;
  const fail = (problem: string) => new TaurecError('bad-safetensors', { path: file.path, problem });
  if (!tensor) throw fail(`tensor ${JSON.stringify(name)} is missing, ${expected}`);
  const got = typeOfArray(tensor.data);
  const fits = tensor.shape.length === shape.length && shape.every((n, i) => n < 0 || n === tensor.shape[i]);
  if (got !== type || !fits) throw fail(`tensor ${JSON.stringify(name)} is ${got} ${text(tensor.shape)}, ${expected}`);
  return tensor as Tensor<ArrayOf<T>>;
}

type ArrayOf<T extends TensorType> = T extends 'F32'
  ? Float32Array
  : T extends 'I32'
    ? Int32Array
    : T extends 'U32'
      ? Uint32Array
      : T extends 'U8'
        ? Uint8Array
        : TensorArray;

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, Math.min(CALL_BYTES, bytes.length - at))).bytesWritten;
  }
}

async function readAll(file: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < target.length; ) {
    const { bytesRead } = await file.read(target, at, Math.min(CALL_BYTES, target.length - at), position + at);
    if (bytesRead === 0) throw new Error('The file became shorter while it was read.');
    at += bytesRead;
  }
}
