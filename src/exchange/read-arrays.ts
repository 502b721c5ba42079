import { type FileHandle, open, readFile } from 'node:fs/promises';
import { unzipSync } from 'fflate';
import { matrix } from '../array/matrix.ts';
import { TaurecError } from '../errors.ts';
import { openSafetensors } from '../model/safetensors.ts';
import { typeOfArray } from '../model/safetensors-header.ts';
import { npyDataBytes, npyFloats, parseNpyHead } from './npy-format.ts';
import { badEmbeddings, type Vectors } from './vectors-table.ts';

/** The most that one system call reads: Linux stops at 2 GiB. */
const CALL_BYTES = 1 << 28;
/** More than any header holds that NumPy writes. */
const HEAD_BYTES = 1 << 16;

/** An array as it stands in a file. */
export interface FloatArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Reads a .npy file of floats. Throws `bad-embeddings`. */
export async function readNpy(path: string): Promise<FloatArray> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = new Uint8Array(Math.min(size, HEAD_BYTES));
    await readAll(file, head, 0);
    const header = parseNpyHead(head);
    if (typeof header === 'string') throw badEmbeddings(path, header);
    const bytes = checkedBytes(path, header, size - header.dataStart);
    const data = new Uint8Array(new SharedArrayBuffer(bytes));
    await readAll(file, data, header.dataStart);
    return { shape: header.shape, data: npyFloats(header, data) };
  } finally {
    await file.close();
  }
}

function checkedBytes(path: string, header: Parameters<typeof npyDataBytes>[0], there: number): number {
  const bytes = npyDataBytes(header);
  if (typeof bytes === 'string') throw badEmbeddings(path, bytes);
  if (there !== bytes) {
    const short = there < bytes ? 'it is cut short: ' : '';
    throw badEmbeddings(
      path,
      `${short}${there} bytes of numbers, expected ${bytes} for ${header.descr} [${header.shape.join(', ')}]`,
    );
  }
  return bytes;
}

/** The array called `name` of an .npz file, or its only one. The file is read whole. Throws `bad-embeddings`. */
export async function readNpz(path: string, names: readonly string[]): Promise<FloatArray> {
  const packed = await readFile(path);
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(packed, { filter: ({ name }) => name.endsWith('.npy') });
  } catch (cause) {
    throw badEmbeddings(path, `not a readable .npz file: ${(cause as Error).message}`, cause);
  }
  const found = pick(
    path,
    new Map(Object.entries(files).map(([name, bytes]) => [name.replace(/\.npy$/, ''), bytes])),
    names,
  );
  const header = parseNpyHead(found);
  if (typeof header === 'string') throw badEmbeddings(path, header);
  const bytes = checkedBytes(path, header, found.length - header.dataStart);
  const data = new Uint8Array(new SharedArrayBuffer(bytes));
  data.set(found.subarray(header.dataStart));
  return { shape: header.shape, data: npyFloats(header, data) };
}

/** The tensor called one of `names` of a safetensors file, or its only one, and its tensor itemBias. Throws `bad-embeddings`. */
export async function readTensor(
  path: string,
  names: readonly string[],
): Promise<FloatArray & { readonly itemBias?: Float32Array }> {
  const { tensors } = await openSafetensors(path).catch((error) => {
    if (!(error instanceof TaurecError)) throw error;
    throw badEmbeddings(path, `not a readable safetensors file: ${error.facts.problem}`, error);
  });
  const { shape, data } = pick(path, tensors, names);
  const floats = floatsOf(path, data);
  const bias = tensors.get('itemBias');
  return { shape, data: floats, ...(bias && { itemBias: floatsOf(path, bias.data) }) };
}

type Data = Parameters<typeof typeOfArray>[0];

function floatsOf(path: string, data: Data): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Float64Array) {
    const floats = new Float32Array(new SharedArrayBuffer(data.length * 4));
    floats.set(data);
    return floats;
  }
  throw badEmbeddings(path, `its numbers are of type ${typeOfArray(data)}, expected F32 or F64`);
}

/** The first of `names` that is there, else the only one. */
function pick<T>(path: string, there: ReadonlyMap<string, T>, names: readonly string[]): T {
  const name = names.find((one) => there.has(one));
  if (name !== undefined) return there.get(name)!;
  const only = [...there.values()];
  if (only.length === 1 && names.length > 1) return only[0]!;
  const known = [...there.keys()].join(', ') || 'none';
  throw badEmbeddings(path, `no array called ${names[0]}; there are: ${known}. Name one: ${path}#NAME`);
}

/** An array as a table of vectors. Throws `bad-embeddings` unless it has two dimensions. */
export function vectorsOf(file: string, { shape, data }: FloatArray, bias?: Float32Array): Vectors {
  if (shape.length !== 2)
    throw badEmbeddings(file, `its shape is [${shape.join(', ')}], expected two dimensions: rows and columns`);
  return { file, table: matrix(shape[0]!, shape[1]!, data), ...(bias && { bias }) };
}

async function readAll(file: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < target.length; ) {
    const { bytesRead } = await file.read(target, at, Math.min(CALL_BYTES, target.length - at), position + at);
    if (bytesRead === 0) throw new Error('The file became shorter while it was read.');
    at += bytesRead;
  }
}
