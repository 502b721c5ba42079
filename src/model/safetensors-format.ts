/** The safetensors format (https://huggingface.co/docs/safetensors) without file access: header parsing, layout, and tensors as views. `safetensors.ts` reads and writes files with it, browsers fetch them. */

import { byteBlocks } from '../array/byte-blocks.ts';
import type { FloatRange } from '../array/finite.ts';
import { TaurecError } from '../errors.ts';

/** The element types taurec reads and writes, by their safetensors name. */
const arrays = {
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  // Bits: Node 20 and older browsers have no array of 16-bit floats. `typeOfArray` takes such an array for U16, so a tensor states its type.
  F16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
} as const;

export type TensorType = keyof typeof arrays;
/** A typed array that a safetensors file can hold. */
export type TensorArray =
  | Float64Array
  | BigInt64Array
  | BigUint64Array
  | Float32Array
  | Int32Array
  | Uint32Array
  | Int16Array
  | Uint16Array
  | Int8Array
  | Uint8Array;

/** Where one tensor lies: bytes [begin, end) after the header. */
export interface TensorEntry {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What the header of a file says. */
export interface SafetensorsHeader {
  readonly tensors: readonly TensorEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The longest header accepted; the reference implementation has the same limit. */
const MAX_HEADER_BYTES = 100_000_000;

/** The size of an element, in bytes. */
const bytesPerElement = (type: TensorType): number => arrays[type].BYTES_PER_ELEMENT;

/** The safetensors type of a typed array. */
export function typeOfArray(data: TensorArray): TensorType {
  for (const [type, array] of Object.entries(arrays)) if (data instanceof array) return type as TensorType;
  throw new TypeError('Not a typed array that safetensors can hold.');
}

/** Where the bytes of a tensor lie: in a buffer, from byte `at` on. */
export interface TensorPlace {
  readonly buffer: ArrayBufferLike;
  readonly at: number;
}

/** A tensor as a typed array over part of a buffer. It copies only if another program's writer left the tensor unaligned, which typed arrays do not allow. */
function viewOf({ type, begin, end }: TensorEntry, { buffer, at }: TensorPlace): TensorArray {
  const size = bytesPerElement(type);
  const bytes = end - begin;
  const aligned = at % size === 0;
  const construct = arrays[type] as new (buffer: ArrayBufferLike, byteOffset: number, length: number) => TensorArray;
  return new construct(aligned ? buffer : buffer.slice(at, at + bytes), aligned ? at : 0, bytes / size);
}

/**
 * Lays tensors out without gaps, as the format requires, widest elements first. The data start at a multiple of 8 bytes, so every tensor is aligned to
 * its element size. Returns the file's first bytes (header length and header) and the entries in file order.
 */
function layOut(
  tensors: readonly { readonly name: string; readonly type: TensorType; readonly shape: readonly number[] }[],
  metadata: Readonly<Record<string, string>>,
): { readonly head: Uint8Array<ArrayBuffer>; readonly entries: readonly TensorEntry[] } {
  const sorted = [...tensors].sort((a, b) => bytesPerElement(b.type) - bytesPerElement(a.type));
  const entries: TensorEntry[] = [];
  let begin = 0;
  for (const { name, type, shape } of sorted) {
    const end = begin + product(shape) * bytesPerElement(type);
    entries.push({ name, type, shape, begin, end });
    begin = end;
  }
  const described = entries.map((e) => [e.name, { dtype: e.type, shape: e.shape, data_offsets: [e.begin, e.end] }]);
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries([['__metadata__', metadata], ...described])));
  // Eight bytes of length, then the header, padded with spaces to a multiple of 8.
  const head = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(head.length - 8), true);
  head.set(json, 8);
  return { head, entries };
}

/**
 * A safetensors file as it is written: its first bytes, and its data in pieces.
 * @throws TypeError when the data of a tensor do not fill its shape
 */
export function toSafetensors(
  tensors: Readonly<Record<string, Tensor | StreamedTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): { readonly head: Uint8Array<ArrayBuffer>; pieces(): Iterable<Uint8Array> } {
  const described = Object.entries(tensors).map(([name, tensor]) => ({
    name,
    shape: tensor.shape,
    type: tensor.type ?? typeOfArray(tensor.data),
  }));
  const { head, entries } = layOut(described, metadata);
  return {
    head,
    *pieces() {
      for (const { name, type, shape, begin, end } of entries) {
        const tensor = tensors[name]!;
        let written = 0;
        for (const piece of 'data' in tensor ? [tensor.data] : tensor.pieces()) {
          yield* byteBlocks(piece);
          written += piece.byteLength;
        }
        // The header is already written: a tensor of another length would shift all that follow.
        if (written !== end - begin)
          throw new TypeError(`Tensor ${name}: ${written} bytes for ${type} [${shape}], expected ${end - begin}.`);
      }
    },
  };
}

/**
 * Parses and checks a header. The tensors must cover the `dataBytes` bytes after the header exactly, without gaps or overlaps.
 * Returns the problem as a clause, for the message of an error, if the header is invalid.
 */
function parseHeader(bytes: Uint8Array, dataBytes: number): SafetensorsHeader | string {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return 'its header is not JSON';
  }
  if (!isRecord(json)) return 'its header is not a JSON object';
  const metadata = json.__metadata__ ?? {};
  if (!isRecord(metadata) || !Object.values(metadata).every((v) => typeof v === 'string')) {
    return '"__metadata__" must map names to strings';
  }
  const tensors: TensorEntry[] = [];
  for (const [name, value] of Object.entries(json)) {
    if (name === '__metadata__') continue;
    const entry = parseEntry(name, value);
    if (typeof entry === 'string') return `tensor ${JSON.stringify(name)}: ${entry}`;
    tensors.push(entry);
  }
  // In the order of their bytes, every tensor must begin where the one before ended.
  let covered = 0;
  for (const entry of [...tensors].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== covered) {
      const problem =
        entry.begin < covered ? 'overlaps the tensor before it' : 'leaves a gap after the tensor before it';
      return `tensor ${JSON.stringify(entry.name)} ${problem}: begins at byte ${entry.begin}, expected ${covered}`;
    }
    covered = entry.end;
  }
  if (covered > dataBytes) return `it is cut short: ${dataBytes} bytes of data, expected ${covered}`;
  if (covered < dataBytes) return `it holds ${dataBytes} bytes of data, expected ${covered}`;
  return { tensors, metadata: metadata as Record<string, string> };
}

/** Parses the header's entry of one tensor. Returns the problem as a clause if it is invalid. */
function parseEntry(name: string, value: unknown): TensorEntry | string {
  if (!isRecord(value)) return 'not an object';
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(arrays, dtype)) {
    return `element type ${JSON.stringify(dtype)} is not one of ${Object.keys(arrays).join(', ')}`;
  }
  const type = dtype as TensorType;
  if (!isCounts(shape)) return `shape ${JSON.stringify(shape)} is not a list of whole numbers ≥ 0`;
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    return `offsets ${JSON.stringify(offsets)} are not [begin, end] with begin ≤ end`;
  }
  const [begin, end] = offsets as [number, number];
  const expected = product(shape) * bytesPerElement(type);
  if (end - begin !== expected) return `${end - begin} bytes, expected ${expected} for ${type} [${shape.join(', ')}]`;
  return { name, type, shape, begin, end };
}

/** The number of elements of a shape; 1 for a scalar, whose shape is []. */
const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** True for a list of whole numbers ≥ 0. */
const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((v) => Number.isSafeInteger(v) && v >= 0);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The length of a file's header in bytes, decoded from the file's first eight bytes. `size` is the size of the whole file.
 * @throws TaurecError `bad-safetensors`, naming `path`, when the file is too short for that length
 */
export function headerLength(path: string, first: Uint8Array, size: number): number {
  const fail = (problem: string) => new TaurecError('bad-safetensors', { path, problem });
  if (size < 8) throw fail(`it holds ${size} bytes, expected at least 8`);
  const bytes = Number(new DataView(first.buffer, first.byteOffset).getBigUint64(0, true));
  if (bytes > MAX_HEADER_BYTES) throw fail(`its header would be ${bytes} bytes, so the file has another format`);
  if (bytes > size - 8) throw fail(`it is cut short: a header of ${bytes} bytes in a file of ${size}`);
  return bytes;
}

/** The header of a file with `dataBytes` bytes after it. @throws TaurecError `bad-safetensors`, naming `path`, when header and data do not fit together */
export function headerOf(path: string, header: Uint8Array, dataBytes: number): SafetensorsHeader {
  const parsed = parseHeader(header, dataBytes);
  if (typeof parsed === 'string') throw new TaurecError('bad-safetensors', { path, problem: parsed });
  return parsed;
}

/** A safetensors file from its header and the bytes of its tensors, of which the tensors are views. */
export function safetensorsOf(
  path: string,
  { tensors, metadata }: SafetensorsHeader,
  placeOf: (entry: TensorEntry) => TensorPlace,
): Safetensors {
  const views = tensors.map((e): [string, Tensor] => {
    const tensor = { shape: e.shape, data: viewOf(e, placeOf(e)) };
    return [e.name, e.type === 'F16' ? { ...tensor, type: e.type } : tensor];
  });
  return { path, metadata, tensors: new Map(views) };
}

/** Where the 32-bit and 16-bit floats of a file lie. */
export function floatRanges(
  { tensors }: SafetensorsHeader,
  placeOf: (entry: TensorEntry) => TensorPlace,
): FloatRange[] {
  return tensors.flatMap((entry) => {
    const { name, type, begin, end } = entry;
    return type === 'F32' || type === 'F16' ? [{ name, type, begin, end, ...placeOf(entry) }] : [];
  });
}

/** An array and its shape, row-major. */
export interface Tensor<A extends TensorArray = TensorArray> {
  readonly shape: readonly number[];
  readonly data: A;
  /** F16 for the bits of 16-bit floats. Absent: the type of the array. */
  readonly type?: TensorType;
}

/** A tensor that is written piece by piece, so that a large table is never copied as a whole. The elements of all pieces together fill the shape. */
export interface StreamedTensor {
  readonly shape: readonly number[];
  readonly type: TensorType;
  /** The elements in row-major order, in pieces of any length. */
  pieces(): Iterable<TensorArray>;
}

/** An open safetensors file; only its header was parsed. */
export interface Safetensors {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** The tensor with the given name, type and shape (−1: any length). Throws `bad-safetensors` when it is missing, or has another type or shape. */
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
  const got = tensor.type ?? typeOfArray(tensor.data);
  const fits = tensor.shape.length === shape.length && shape.every((n, i) => n < 0 || n === tensor.shape[i]);
  if (got !== type || !fits) throw fail(`tensor ${JSON.stringify(name)} is ${got} ${text(tensor.shape)}, ${expected}`);
  return tensor as Tensor<ArrayOf<T>>;
}

/** The typed array of a safetensors element type. The types taurec's own files use are listed; any other is the union. */
type ArrayOf<T extends TensorType> = T extends 'F64'
  ? Float64Array
  : T extends 'F32'
    ? Float32Array
    : T extends 'I32'
      ? Int32Array
      : T extends 'U32'
        ? Uint32Array
        : T extends 'U8'
          ? Uint8Array
          : T extends 'F16'
            ? Uint16Array
            : TensorArray;
