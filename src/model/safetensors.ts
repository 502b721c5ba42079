import { type FileHandle, open } from 'node:fs/promises';
import { TaurecError } from '../errors.ts';
import { writeAtomically } from '../platform/atomic-file.ts';
import {
  bytesPerElement,
  headerLength,
  layOut,
  product,
  type Safetensors,
  type StreamedTensor,
  safetensorsOf,
  type Tensor,
  typeOfArray,
} from './safetensors-format.ts';

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
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    const problem = cause.code === 'ENOENT' ? 'it does not exist' : cause.message;
    throw new TaurecError('bad-safetensors', { path, problem }, { cause });
  });
  try {
    const size = (await file.stat()).size;
    const length = new Uint8Array(8);
    if (size >= 8) await readAll(file, length, 0);
    const headerBytes = headerLength(path, length, size);
    const header = new Uint8Array(headerBytes);
    await readAll(file, header, 8);
    const data = new SharedArrayBuffer(size - 8 - headerBytes);
    await readAll(file, new Uint8Array(data), 8 + headerBytes);
    return safetensorsOf(path, header, data);
  } finally {
    await file.close();
  }
}

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
