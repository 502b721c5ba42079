/** Reader of vectors in any supported file: detects the format, and reads the binary formats itself (.npy, .npz, safetensors, Parquet); read-text.ts reads text. */

import { existsSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { DuckDBListValue } from '@duckdb/node-api';
import { unzipSync } from 'fflate';
import { widen } from '../array/half.ts';
import { matrix } from '../array/matrix.ts';
import { eachChunk, identifier, literal, openDuck } from '../data/formats/duckdb.ts';
import { TaurecError } from '../errors.ts';
import { openSafetensors, readAll } from '../model/safetensors.ts';
import { type Tensor, typeOfArray } from '../model/safetensors-format.ts';
import { readHead } from '../platform/file-head.ts';
import { isNpy, npyDataBytes, npyFloats, parseNpyHead } from './npy-format.ts';
import { isBiasName, isIdName, readDelimited, readJson, readJsonLines } from './read-text.ts';
import { badEmbeddings, checkVectors, RowGatherer, type Vectors } from './vectors-table.ts';

/** Splits `file#name`, where the name selects an array of an .npz file, a tensor of a safetensors file or a list of a JSON document. A file whose own name has a # is kept whole. */
function parseSource(source: string): { readonly file: string; readonly name?: string } {
  const at = source.lastIndexOf('#');
  return at < 1 || existsSync(source) ? { file: source } : { file: source.slice(0, at), name: source.slice(at + 1) };
}

/**
 * Reads a table of vectors, one row per user or item, from .npy, .npz, safetensors, Parquet, JSON lines, a JSON document or delimited text. The first bytes decide the
 * format where they can, the extension otherwise. With `bare`, delimited text has no column of ids. Throws `file-not-found`, `bad-embeddings`.
 */
export async function readVectors(source: string, role: 'users' | 'items', bare: boolean): Promise<Vectors> {
  const { file, name } = parseSource(source);
  // Without a name, try taurec's name for the array, then names common in other programs. `pick` then accepts the only array of the file.
  const singular = role.slice(0, -1);
  const names = name === undefined ? [role, `${singular}_factors`, `${singular}_embeddings`, singular] : [name];
  const vectors = await readAs(file, names, role, bare);
  checkVectors(vectors);
  return vectors;
}

/** Detects the format and calls its reader. */
async function readAs(
  file: string,
  names: readonly string[],
  role: 'users' | 'items',
  bare: boolean,
): Promise<Vectors> {
  const head = await readHead(file);
  // PK\x03\x04 begins a zip archive (.npz), PAR1 a Parquet file. Safetensors files have no magic, so the extension decides.
  const magic = new TextDecoder('latin1').decode(head.bytes.subarray(0, 4));
  const extension = /\.([^./\\]+)$/.exec(file.replace(/\.gz$/i, ''))?.[1]?.toLowerCase();
  if (head.bytes.length === 0) throw badEmbeddings(file, 'the file is empty, expected embeddings');
  const binary = isNpy(head.bytes) || magic === 'PK\x03\x04' || magic === 'PAR1' || extension === 'safetensors';
  if (head.gzip && binary)
    throw badEmbeddings(file, 'it is a binary file compressed with gzip, expected it uncompressed');
  if (isNpy(head.bytes)) return vectorsOf(file, await readNpy(file));
  if (magic === 'PK\x03\x04') return vectorsOf(file, await readNpz(file, names));
  if (magic === 'PAR1') return readParquetVectors(file, bare);
  if (extension === 'safetensors') {
    const { itemBias, ...tensor } = await readTensor(file, names);
    return vectorsOf(file, tensor, role === 'items' ? itemBias : undefined);
  }
  if (extension === 'npy' || extension === 'npz' || extension === 'parquet')
    throw badEmbeddings(file, `it does not start like a .${extension} file`);
  if (extension === 'json' && !head.gzip) return readJson(file, names);
  // First character of the text after a byte order mark and blanks: { begins JSON lines.
  const first = new TextDecoder()
    .decode(head.bytes.subarray(0, 64))
    .replace(/^\uFEFF/, '')
    .trimStart()[0];
  if (first === '{') return readJsonLines(file, head.gzip);
  return readDelimited(file, extension === 'tsv' ? 'tsv' : 'csv', head, bare);
}

/** Reads one number per item: a one-dimensional array, or a table with one column. Throws as `readVectors` does. */
export async function readNumbers(source: string): Promise<Float32Array> {
  const { file, name } = parseSource(source);
  const names = name === undefined ? ['itemBias', 'item_bias', 'bias'] : [name];
  const head = await readHead(file);
  const array = isNpy(head.bytes)
    ? await readNpy(file)
    : /\.safetensors$/i.test(file)
      ? await readTensor(file, names)
      : /\.npz$/i.test(file)
        ? await readNpz(file, names)
        : undefined;
  if (!array) {
    const { table } = await readVectors(source, 'items', true);
    if (table.columns !== 1) throw badEmbeddings(file, `its rows have ${table.columns} numbers, expected one`);
    return table.data;
  }
  if (array.shape.length !== 1 && !(array.shape.length === 2 && array.shape[1] === 1))
    throw badEmbeddings(file, `its shape is [${array.shape.join(', ')}], expected one dimension`);
  return array.data;
}

/** Bytes read for a header (64 KiB). The headers that NumPy writes for plain arrays are much shorter. */
const HEAD_BYTES = 1 << 16;

/** An array of a file, as 32-bit floats in C order. */
interface FloatArray {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Reads a .npy file of floats. Throws `bad-embeddings`. */
async function readNpy(path: string): Promise<FloatArray> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = new Uint8Array(Math.min(size, HEAD_BYTES));
    await readNamed(path, file, head, 0);
    const header = parseNpyHead(head);
    if (typeof header === 'string') throw badEmbeddings(path, header);
    const bytes = checkedBytes(path, header, size - header.dataStart);
    const data = new Uint8Array(new SharedArrayBuffer(bytes));
    await readNamed(path, file, data, header.dataStart);
    return { shape: header.shape, data: npyFloats(header, data) };
  } finally {
    await file.close();
  }
}

/** Fills an array with bytes of a file, from a position on. Throws `bad-embeddings`. */
function readNamed(path: string, file: FileHandle, into: Uint8Array, at: number): Promise<void> {
  return readAll(file, into, at).catch((cause: Error) => {
    throw badEmbeddings(path, cause.message);
  });
}

/** The size of the array in bytes. Throws `bad-embeddings` unless it equals `there`, the bytes of the file after the header. */
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

/** Reads the array of an .npz file that is called one of `names`, or its only array. The whole file is unpacked in memory. Throws `bad-embeddings`. */
async function readNpz(path: string, names: readonly string[]): Promise<FloatArray> {
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
  // Copy: the numbers must begin at a multiple of 4, and models keep their tables in shared memory.
  const data = new Uint8Array(new SharedArrayBuffer(bytes));
  data.set(found.subarray(header.dataStart));
  return { shape: header.shape, data: npyFloats(header, data) };
}

/** Reads the tensor of a safetensors file that is called one of `names`, or its only tensor; also the tensor itemBias if there is one. Throws `bad-embeddings`. */
async function readTensor(
  path: string,
  names: readonly string[],
): Promise<FloatArray & { readonly itemBias?: Float32Array }> {
  const { tensors } = await openSafetensors(path).catch((error) => {
    if (!(error instanceof TaurecError)) throw error;
    throw badEmbeddings(path, `not a readable safetensors file: ${error.facts.problem}`, error);
  });
  const tensor = pick(path, tensors, names);
  const floats = floatsOf(path, tensor);
  const bias = tensors.get('itemBias');
  return { shape: tensor.shape, data: floats, ...(bias && { itemBias: floatsOf(path, bias) }) };
}

/** A tensor's numbers as 32-bit floats in shared memory. Throws `bad-embeddings` for other types than F32, F64 and F16. */
function floatsOf(path: string, { data, type = typeOfArray(data) }: Tensor): Float32Array {
  if (data instanceof Float32Array) return data;
  if (data instanceof Uint16Array && type === 'F16') {
    const floats = new Float32Array(new SharedArrayBuffer(data.length * 4));
    widen(data, floats);
    return floats;
  }
  if (data instanceof Float64Array) {
    const floats = new Float32Array(new SharedArrayBuffer(data.length * 4));
    floats.set(data);
    return floats;
  }
  throw badEmbeddings(path, `its numbers are of type ${type}, expected F32, F64 or F16`);
}

/** The first of `names` that the file has, or else its only array, unless the user named one (`names` then has length 1). Throws `bad-embeddings`. */
function pick<T>(path: string, there: ReadonlyMap<string, T>, names: readonly string[]): T {
  const name = names.find((one) => there.has(one));
  if (name !== undefined) return there.get(name)!;
  const only = [...there.values()];
  if (only.length === 1 && names.length > 1) return only[0]!;
  const known = [...there.keys()].join(', ') || 'none';
  throw badEmbeddings(path, `it has no array called ${names[0]}; its arrays: ${known}. Choose one with ${path}#NAME`);
}

/** Makes a table of vectors from an array. Throws `bad-embeddings` unless it has two dimensions. */
function vectorsOf(file: string, { shape, data }: FloatArray, bias?: Float32Array): Vectors {
  if (shape.length !== 2)
    throw badEmbeddings(file, `its shape is [${shape.join(', ')}], expected two dimensions: rows and columns`);
  return { file, table: matrix(shape[0]!, shape[1]!, data), ...(bias && { bias }) };
}

// Names of types as DuckDB's DESCRIBE prints them.
const isNumeric = (type: string) => /^(FLOAT|DOUBLE|DECIMAL.*|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?)$/.test(type);
const isVector = (type: string) => /^(FLOAT|DOUBLE)\[\d*\]$/.test(type);

/**
 * Reads vectors from a Parquet file. The vector is the first column with lists (or arrays) of floats, or else all columns of numbers together. Ids come from a column
 * with a usual name (id, user_id, item …), or else from the first text column unless the ids are in another file (`bare`); biases from a column called bias.
 * Throws `bad-embeddings`.
 */
async function readParquetVectors(path: string, bare: boolean): Promise<Vectors> {
  const duck = await openDuck();
  try {
    // Row r of the file must become row r of the table.
    await duck.connection.run('SET preserve_insertion_order = true');
    const from = `read_parquet(${literal(path)}, binary_as_string = true)`;
    const described = (await duck.connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)).getRows();
    const columns = described.map(([name, type]) => ({ name: String(name), type: String(type) }));
    const id =
      columns.find(({ name }) => isIdName(name)) ?? (bare ? undefined : columns.find((c) => /CHAR/.test(c.type)));
    const bias = columns.find(({ name, type }) => isBiasName(name) && isNumeric(type));
    const vector = columns.find(({ type }) => isVector(type));
    const single = columns.filter((c) => c !== id && c !== bias && isNumeric(c.type));
    if (!vector && single.length === 0) {
      const there = columns.map(({ name, type }) => `${name} ${type}`).join(', ');
      throw badEmbeddings(
        path,
        `its columns are ${there}, expected a column with lists of floats, or columns of numbers`,
      );
    }
    const embedding = vector
      ? `CAST(${identifier(vector.name)} AS FLOAT[])`
      : `[${single.map(({ name }) => `CAST(${identifier(name)} AS FLOAT)`).join(', ')}]`;
    const ids = id ? `CAST(${identifier(id.name)} AS VARCHAR)` : 'NULL';
    const biases = bias ? `CAST(${identifier(bias.name)} AS FLOAT)` : 'NULL';
    const rows = new RowGatherer(path);
    let at = 0;
    await eachChunk(duck, `SELECT ${embedding}, ${ids}, ${biases} FROM ${from}`, (chunk) => {
      const [vectors, names, numbers] = [0, 1, 2].map((c) => chunk.getColumnVector(c));
      for (let r = 0; r < chunk.rowCount; r++, at++) {
        const items = (vectors!.getItem(r) as DuckDBListValue | null)?.items;
        const name = names!.getItem(r) as string | null;
        const number = numbers!.getItem(r) as number | null;
        if (!items || items.includes(null) || (id && name === null) || (bias && number === null))
          throw badEmbeddings(
            path,
            `row ${at}: a value is null, expected the id, the bias and all numbers of the vector to be set`,
          );
        rows.add(`row ${at}`, items as number[], name ?? undefined, bias ? number! : undefined);
      }
    });
    return rows.vectors();
  } catch (cause) {
    if (cause instanceof TaurecError) throw cause;
    throw badEmbeddings(path, `not readable as Parquet: ${(cause as Error).message.split('\n', 1)[0]}`, cause);
  } finally {
    await duck.close();
  }
}
