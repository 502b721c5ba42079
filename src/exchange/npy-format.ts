/**
 * The .npy format of NumPy (numpy.lib.format): 6 bytes of magic, 2 bytes of version, the length of the header, the header (a Python dict as text with type, order
 * and shape), then the numbers.
 */

import { halfValues } from '../array/half.ts';

/** The parsed header of a .npy file. */
export interface NpyHeader {
  /** Byte order and type in NumPy's notation: '<f4' is a little-endian 32-bit float. */
  readonly descr: string;
  /** True if the array is stored column by column. */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
  /** Byte offset of the first number. */
  readonly dataStart: number;
}

/** The supported number types, by the part of `descr` after the byte order: half, single and double precision. */
const floats: Readonly<
  Record<string, { bytes: number; read: (view: DataView, at: number, little: boolean) => number }>
> = {
  f2: { bytes: 2, read: (view, at, little) => halfValues()[view.getUint16(at, little)]! },
  f4: { bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
};

/** The bytes before the numbers of a little-endian array in C order (format version 1), padded with spaces so that the numbers begin at a multiple of 64 bytes. */
export function npyHead(descr: '<f4' | '<i4' | '<i8' | '|S3', shape: readonly number[]): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // 10 bytes of magic, version and length come before the dict; one line end follows it.
  const length = Math.ceil((10 + dict.length + 1) / 64) * 64 - 10;
  const head = new Uint8Array(10 + length).fill(0x20);
  // \x93NUMPY, version 1.0
  head.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0]);
  new DataView(head.buffer).setUint16(8, length, true);
  head.set(new TextEncoder().encode(dict), 10);
  head[head.length - 1] = 0x0a;
  return head;
}

/** True if the bytes begin with the magic of a .npy file. */
export function isNpy(bytes: Uint8Array): boolean {
  return bytes[0] === 0x93 && new TextDecoder('latin1').decode(bytes.subarray(1, 6)) === 'NUMPY';
}

/** Parses a header (format versions 1 to 3) from the first bytes of a file. Returns the problem as a clause if the header is invalid. */
export function parseNpyHead(bytes: Uint8Array): NpyHeader | string {
  if (bytes.length < 12 || !isNpy(bytes)) return 'it does not start like a .npy file';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = bytes[6]!;
  if (version < 1 || version > 3) return `its format version is ${version}, expected 1, 2 or 3`;
  // Version 1 stores the length of the header in 2 bytes, later versions in 4.
  const textStart = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (textStart + length > bytes.length) return 'it is cut short: its header is incomplete';
  const text = new TextDecoder(version === 3 ? 'utf-8' : 'latin1').decode(
    bytes.subarray(textStart, textStart + length),
  );
  const descr = /'descr'\s*:\s*'([^']*)'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  // A structured array has a list of fields as `descr`, not a string.
  if (descr === undefined) return 'its elements are records, or their type is missing; expected plain numbers';
  if (order === undefined || shape === undefined) return 'its header lacks fortran_order or shape';
  const sizes = shape
    .split(',')
    // Python 2 wrote long integers with the suffix L.
    .map((size) => size.trim().replace(/L$/, ''))
    .filter((size) => size !== '')
    .map(Number);
  return { descr, fortranOrder: order === 'True', shape: sizes, dataStart: textStart + length };
}

/** The size of the array's numbers in bytes, or the problem as a clause if they are not floats. */
export function npyDataBytes({ descr, shape }: NpyHeader): number | string {
  const type = floats[descr.slice(1)];
  const whole = shape.reduce((a, b) => a * b, 1);
  return type && '<>|='.includes(descr[0]!)
    ? type.bytes * whole
    : `its numbers are of type '${descr}', expected floats: <f4 (float32), <f8 or <f2`;
}

/**
 * Converts the numbers to 32-bit floats in C order, from any byte order, width and order of the array. `data` holds exactly `npyDataBytes` bytes.
 * Little-endian float32 in C order is returned as a view of `data` without a copy; the caller makes sure that `data` begins at a multiple of 4.
 */
export function npyFloats({ descr, fortranOrder, shape }: NpyHeader, data: Uint8Array): Float32Array {
  const { bytes, read } = floats[descr.slice(1)]!;
  const little = descr[0] !== '>';
  const count = data.length / bytes;
  const columns = shape.length === 2 ? shape[1]! : 1;
  const transposed = fortranOrder && shape.length === 2;
  if (descr.slice(1) === 'f4' && little && !transposed) return new Float32Array(data.buffer, data.byteOffset, count);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const floats32 = new Float32Array(new SharedArrayBuffer(count * 4));
  const rows = columns === 0 ? 0 : count / columns;
  for (let at = 0; at < count; at++) {
    // Number `at` of a column-major file is row at % rows of column ⌊at / rows⌋.
    const place = transposed ? (at % rows) * columns + Math.floor(at / rows) : at;
    floats32[place] = read(view, at * bytes, little);
  }
  return floats32;
}
