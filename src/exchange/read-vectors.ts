import { existsSync } from 'node:fs';
import { readHead } from '../platform/file-head.ts';
import { isNpy } from './npy-format.ts';
import { readNpy, readNpz, readTensor, vectorsOf } from './read-arrays.ts';
import { readParquetVectors } from './read-parquet.ts';
import { readDelimited, readJson, readJsonLines } from './read-text.ts';
import { badEmbeddings, checkVectors, type Vectors } from './vectors-table.ts';

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
  // Without a name: what taurec calls it, what others do, or the only one.
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
