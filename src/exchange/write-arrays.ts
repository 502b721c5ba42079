import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { bytesOf } from '../array/byte-blocks.ts';
import type { Csr } from '../array/csr.ts';
import type { IdMap } from '../data/id-map.ts';
import { writeSafetensors } from '../model/safetensors.ts';
import type { StreamedTensor } from '../model/safetensors-format.ts';
import { type Exported, formulaOf, type Rows } from './exported.ts';
import { npyHead } from './npy-format.ts';

/** Writes users.npy, items.npy and the ids into a folder; also itemBias.npy if there are biases, seen-offsets.npy and seen-items.npy (compressed sparse rows) if asked for, and neighbors.npz, liked-offsets.npy and liked-items.npy if there is a neighbour term. */
export async function writeNpy(folder: string, exported: Exported): Promise<void> {
  const { model, scored, neighbors, liked, seen, step } = exported;
  for (const name of ['users', 'items'] as const) {
    const table = scored[name];
    await writePieces(join(folder, `${name}.npy`), npyPieces(table, step));
  }
  const list = (name: string, descr: '<f4' | '<i4', data: Float32Array | Int32Array) =>
    writePieces(join(folder, name), [npyHead(descr, [data.length]), bytesOf(data)]);
  if (scored.itemBias) await list('itemBias.npy', '<f4', scored.itemBias);
  for (const [name, pairs] of Object.entries({ seen: seen ? model.seen : undefined, liked })) {
    if (!pairs) continue;
    await list(`${name}-offsets.npy`, '<i4', pairs.offsets);
    await list(`${name}-items.npy`, '<i4', pairs.indices);
  }
  if (neighbors) await writePieces(join(folder, 'neighbors.npz'), [npz(neighbors)]);
  await writeIds(folder, exported);
}

/** Writes embeddings.safetensors and the ids into a folder. The metadata of the file holds the formula of a score. */
export async function writeSafetensorsFolder(folder: string, exported: Exported): Promise<void> {
  const { model, scored, neighbors, liked, seen, step } = exported;
  const table = (rows: Rows): StreamedTensor => ({
    shape: [rows.rows, rows.columns],
    type: 'F32',
    pieces: () => counted(rows, step),
  });
  const list = <A extends Float32Array | Int32Array>(data: A) => ({ shape: [data.length], data });
  await writeSafetensors(
    join(folder, 'embeddings.safetensors'),
    {
      users: table(scored.users),
      items: table(scored.items),
      ...(scored.itemBias && { itemBias: list(scored.itemBias) }),
      ...(neighbors && {
        'neighbors.offsets': list(neighbors.offsets),
        'neighbors.items': list(neighbors.indices),
        'neighbors.values': list(neighbors.values!),
      }),
      ...(seen && { 'seen.offsets': list(model.seen.offsets), 'seen.items': list(model.seen.indices) }),
      ...(liked && { 'liked.offsets': list(liked.offsets), 'liked.items': list(liked.indices) }),
    },
    { score: formulaOf(exported) },
  );
  await writeIds(folder, exported);
}

/** The bytes of a sparse matrix as `scipy.sparse.save_npz` writes a CSR matrix: a ZIP archive, not compressed, of .npy files. */
function npz({ rows, columns, offsets, indices, values }: Csr): Uint8Array {
  const npy = (descr: Parameters<typeof npyHead>[0], shape: number[], data: Uint8Array) => {
    const head = npyHead(descr, shape);
    const file = new Uint8Array(head.length + data.length);
    file.set(head);
    file.set(data, head.length);
    return file;
  };
  const shape = BigInt64Array.of(BigInt(rows), BigInt(columns));
  return zipSync(
    {
      'indices.npy': npy('<i4', [indices.length], bytesOf(indices)),
      'indptr.npy': npy('<i4', [offsets.length], bytesOf(offsets)),
      'format.npy': npy('|S3', [], new TextEncoder().encode('csr')),
      'shape.npy': npy('<i8', [2], bytesOf(shape)),
      'data.npy': npy('<f4', [values!.length], bytesOf(values!)),
    },
    { level: 0 },
  );
}

/** Writes user-ids.jsonl and item-ids.jsonl: line n is the id of row n as a JSON string, so that an id may contain a line end. */
async function writeIds(folder: string, { model }: Exported): Promise<void> {
  await writePieces(join(folder, 'user-ids.jsonl'), idLines(model.userIds));
  await writePieces(join(folder, 'item-ids.jsonl'), idLines(model.itemIds));
}

function* idLines(ids: IdMap): Generator<string> {
  for (const id of ids) yield `${JSON.stringify(id)}\n`;
}

/** The pieces of a .npy file: the header, then one block of rows after the other. */
function* npyPieces(table: Rows, step: () => void): Generator<Uint8Array> {
  yield npyHead('<f4', [table.rows, table.columns]);
  for (const block of counted(table, step)) yield bytesOf(block);
}

/** The blocks of a table; calls `step` for each row of a block after the block was consumed. */
function* counted(table: Rows, step: () => void): Generator<Float32Array> {
  for (const block of table.blocks()) {
    yield block;
    for (let at = 0; at < block.length; at += table.columns) step();
  }
}

/** Characters of text that are gathered before a write (2^20). */
const GATHERED = 1 << 20;

/**
 * Writes a new file from pieces of text or bytes and forces it to disk. Short texts are gathered, so that a row does not cost a system call; at most a few
 * megabytes are in memory at a time. Fails if the file exists.
 */
export async function writePieces(
  path: string,
  pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    let text = '';
    const flushText = async () => {
      if (text !== '') await file.writeFile(text);
      text = '';
    };
    for await (const piece of pieces) {
      if (typeof piece === 'string') {
        text += piece;
        if (text.length >= GATHERED) await flushText();
      } else {
        await flushText();
        await file.writeFile(piece);
      }
    }
    await flushText();
    await file.sync();
  } finally {
    await file.close();
  }
}
