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

/** Bytes per read or write call (256 MiB). Linux moves less than 2 GiB per call, so larger files need several. */
const CALL_BYTES = 1 << 28;

/**
 * Writes tensors as a safetensors file (https://huggingface.co/docs/safetensors): the header length (8 bytes, little-endian), a JSON header, the data.
 * The write is atomic: `path` holds the old file until the new one is complete.
 * @throws TypeError when the data of a tensor do not fill its shape
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
        // The header is already written: a tensor of another length would shift all that follow.
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
 * Opens a safetensors file: reads it into shared memory once; tensors are views of that memory.
 * @throws TaurecError `bad-safetensors` when the file is missing, cut short or of another format, or when its tensors overlap, leave gaps or do not fit their shapes
 */
export async function openSafetensors(path: string): Promise<Safetensors> {
  const file = await open(path, 'r').catch((cause: NodeJS.ErrnoException) => {
    const problem = cause.code === 'ENOENT' ? 'it does not exist' : cause.message;
    throw new TaurecError('bad-safetensors', { path, problem }, { cause });
  });
  try {
    const size = (await file.stat()).size;
    const length = new Uint8Array(8);
    // `headerLength` refuses shorter files.
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

/** Writes all bytes at the current position. A single call may write fewer than it is given. */
async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, Math.min(CALL_BYTES, bytes.length - at))).bytesWritten;
  }
}

/** Fills `target` from byte `position` of the file. A single call may read fewer bytes than it is asked for. */
export async function readAll(file: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < target.length; ) {
    const { bytesRead } = await file.read(target, at, Math.min(CALL_BYTES, target.length - at), position + at);
    if (bytesRead === 0) throw new Error('The file was truncated while it was being read.');
    at += bytesRead;
  }
}
