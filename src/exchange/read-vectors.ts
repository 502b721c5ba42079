import { existsSync } from 'node:fs';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import type { DuckDBListValue } from '@duckdb/node-api';
import { unzipSync } from 'fflate';
import { matrix } from '../array/matrix.ts';
import { eachChunk, identifier, literal, openDuck } from '../data/formats/duckdb.ts';
import { TaurecError } from '../errors.ts';
import { openSafetensors } from '../model/safetensors.ts';
import { typeOfArray } from '../model/safetensors-format.ts';
import { readHead } from '../platform/file-head.ts';
import { isNpy, npyDataBytes, npyFloats, parseNpyHead } from './npy-format.ts';
import { isBiasName, isIdName, readDelimited, readJson, readJsonLines } from './read-text.ts';
import { badEmbeddings, checkVectors, RowGatherer, type Vectors } from './vectors-table.ts';

/** `file` or `file#name`: a name of an array in an .npz or a tensor in a safetensors file, or of a list in a JSON document. */
function parseSource(source: string): { readonly file: string; readonly name?: string } {
  const at = source.lastIndexOf('#');
  return at < 1 || existsSync(source) ? { file: source } : { file: source.slice(0, at), name: source.slice(at + 1) };
}

/**
 * Reads a table of vectors, a row for each user or item: .npy, .npz, safetensors, Parquet, JSON lines, a JSON document, or delimited text; content decides before the
 * name. With `bare`, delimited text has no column of ids. Throws `file-not-found`, `bad-embeddings`.
 */
export async function readVectors(source: string, role: 'users' | 'items', bare: boolean): Promise<Vectors> {
  const { file, name } = parseSource(source);
  // Without a name: taurec's own name for the array, then common names in other programs, then the only array.
  const singular = role.slice(0, -1);
  const names = name === undefined ? [role, `${singular}_factors`, `${singular}_embeddings`, singular] : [name];
  const vectors = await readAs(file, names, role, bare);
  checkVectors(vectors);
  return vectors;
}

async function readAs(
  file: string,
  names: readonly string[],
  role: 'users' | 'items',
  bare: boolean,
): Promise<Vectors> {
  const head = await readHead(file);
  const magic = new TextDecoder('latin1').decode(head.bytes.subarray(0, 4));
  const extension = /\.([^./\\]+)$/.exec(file.replace(/\.gz$/i, ''))?.[1]?.toLowerCase();
  if (head.bytes.length === 0) throw badEmbeddings(file, 'the file is empty, expected embeddings');
  const binary = isNpy(head.bytes) || magic === 'PK\x03\x04' || magic === 'PAR1' || extension === 'safetensors';
  if (head.gzip && binary) throw badEmbeddings(file, 'a binary file packed with gzip, expected one that is unpacked');
  if (isNpy(head.bytes)) return vectorsOf(file, await readNpy(file));
  if (magic === 'PK\x03\x04') return vectorsOf(file, await readNpz(file, names));
  if (magic === 'PAR1') return readParquetVectors(file, bare);
  if (extension === 'safetensors') {
    const { itemBias, ...tensor } = await readTensor(file, names);
    return vectorsOf(file, tensor, role === 'items' ? itemBias : undefined);
  }
  if (extension === 'npy' || extension === 'npz' || extension === 'parquet')
    throw badEmbeddings(file, `it does not begin as a .${extension} file does`);
  if (extension === 'json' && !head.gzip) return readJson(file, names);
  const first = new TextDecoder()
    .decode(head.bytes.subarray(0, 64))
    .replace(/^\uFEFF/, '')
    .trimStart()[0];
  if (first === '{') return readJsonLines(file, head.gzip);
  return readDelimited(file, extension === 'tsv' ? 'tsv' : 'csv', head, bare);
}

/** Reads a list of numbers, one for each item: a one-dimensional array, or a table with one column. Throws as `readVectors` does. */
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
    if (table.columns !== 1) throw badEmbeddings(file, `${table.columns} numbers in a row, expected one`);
    return table.data;
  }
  if (array.shape.length !== 1 && !(array.shape.length === 2 && array.shape[1] === 1))
    throw badEmbeddings(file, `its shape is [${array.shape.join(', ')}], expected one dimension`);
  return array.data;
}

/** Bytes per read call (256 MiB). Linux reads less than 2 GiB per call. */
const CALL_BYTES = 1 << 28;
/** Bytes read for a header; NumPy's own headers are shorter. */
const HEAD_BYTES = 1 << 16;

/** An array as read from a file. */
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
  const data = new Uint8Array(new SharedArrayBuffer(bytes));
  data.set(found.subarray(header.dataStart));
  return { shape: header.shape, data: npyFloats(header, data) };
}

/** The tensor called one of `names` of a safetensors file, or its only one, and its tensor itemBias. Throws `bad-embeddings`. */
async function readTensor(
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
function vectorsOf(file: string, { shape, data }: FloatArray, bias?: Float32Array): Vectors {
  if (shape.length !== 2)
    throw badEmbeddings(file, `its shape is [${shape.join(', ')}], expected two dimensions: rows and columns`);
  return { file, table: matrix(shape[0]!, shape[1]!, data), ...(bias && { bias }) };
}

async function readAll(file: FileHandle, target: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < target.length; ) {
    const { bytesRead } = await file.read(target, at, Math.min(CALL_BYTES, target.length - at), position + at);
    if (bytesRead === 0) throw new Error('The file was truncated while it was being read.');
    at += bytesRead;
  }
}

const isNumeric = (type: string) => /^(FLOAT|DOUBLE|DECIMAL.*|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?)$/.test(type);
const isVector = (type: string) => /^(FLOAT|DOUBLE)\[\d*\]$/.test(type);

/**
 * Reads vectors of a Parquet file: its first column of lists (or arrays) of floats, else all its columns of numbers; ids from a column with a usual name (id, user_id,
 * item …), biases from one called bias; without ids where they come from elsewhere (`bare`). Throws `bad-embeddings`.
 */
async function readParquetVectors(path: string, bare: boolean): Promise<Vectors> {
  const duck = await openDuck();
  try {
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
      throw badEmbeddings(path, `its columns are ${there}, expected a list of floats, or columns of numbers`);
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
            `row ${at}: a value is missing, expected an id, numbers, and a bias where there is one`,
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
