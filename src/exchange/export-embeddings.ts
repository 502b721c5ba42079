import { readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import { csrTranspose } from '../array/csr.ts';
import { TaurecError } from '../errors.ts';
import { type Model, trainedItems } from '../model/model.ts';
import { checkOptions, declaredOptions, oneOf, option, yesOrNo } from '../option.ts';
import { temporaryName, writeAtomically } from '../platform/atomic-file.ts';
import { replaceFolder } from '../platform/replace-folder.ts';
import { makeFolder } from '../platform/write-fault.ts';
import { EXPORT_FORMAT, type Exported, manifestOf, scoredRows, stepper, stopper } from './exported.ts';
import { writeNpy, writePieces, writeSafetensorsFolder } from './write-arrays.ts';
import { jsonPieces } from './write-json.ts';
import { writeParquet } from './write-parquet.ts';
import { copyPieces, insertPieces, tableNames } from './write-pgvector.ts';

/** The formats of `exportEmbeddings`. npy, safetensors and parquet are written as a folder of files, the others as a single file. */
export const embeddingFormats = ['npy', 'safetensors', 'parquet', 'pgvector-sql', 'pgvector-copy', 'json'] as const;
/** A format for exported embeddings: one of `embeddingFormats`. */
export type EmbeddingFormat = (typeof embeddingFormats)[number];

/** The declarations of what an export holds. */
export const exportShape = {
  format: option(oneOf(embeddingFormats), {
    flag: '--format <name>',
    help: 'output format; npy, safetensors and parquet write a folder, the others a file',
  }),
  /** True to export the rows unscaled; not for the pgvector formats. Default false: rows of a cosine model are divided by their length, so that the inner product is the score. */
  raw: option(yesOrNo.default(false), { flag: '--raw', help: 'do not normalise the rows of cosine models' }),
  /** True to append a column, 1 for users and the bias for items, so that the inner product includes the item's bias. The pgvector formats always do. Default false. */
  foldBias: option(yesOrNo.default(false), {
    flag: '--fold-bias',
    help: 'add item biases as a last column, with 1 for users (pgvector: always)',
  }),
  /** True to also export the pairs of user and seen item, so that the other program can exclude them from its lists. Default true. */
  seen: option(yesOrNo.default(true), { flag: '--no-seen', help: 'leave out seen items' }),
  /** Prefix of the table names in PostgreSQL: `<table>_users`, `<table>_items`, `<table>_seen`; 1 to 50 bytes. Only for the pgvector formats. Default taurec. */
  table: option(z.string().optional(), {
    flag: '--table <name>',
    help: 'prefix of table names in PostgreSQL (default: taurec)',
  }),
};

const schema = z.object(exportShape);
/** The declared options of an export. */
export const exportOptions = declaredOptions(exportShape);

/** Options of `exportEmbeddings`: what it holds, and the controls of the run. */
export interface ExportEmbeddingsOptions extends Readonly<z.input<typeof schema>> {
  /** Called every 1024 rows, users and items together, and at the end. */
  readonly onProgress?: (rows: number, total: number) => void;
  /** Cancels with error `aborted`; an earlier export at `path` stays unchanged. */
  readonly signal?: AbortSignal;
}

/** The file that describes the export (see `manifestOf`). It also marks the folder as an export, which a later export may overwrite. */
const MANIFEST = 'export.json';

/**
 * Writes a model's embeddings for other programs: a folder (`npy`, `safetensors`, `parquet`) or a file (`pgvector-sql`, `pgvector-copy`, `json`). See docs/export.md.
 *
 * The weights S of a neighbour term are written too, and with the seen items the liked items P_u that the term is computed from: those without the items held out for validation.
 *
 * Without `raw`, a score is the inner product of a user's row and an item's row, plus the item's bias if the model has one. The pgvector formats always store the
 * bias as a column of the vectors. Large tables are written a few megabytes at a time. The write is atomic: `path` holds either the old export or the complete new one.
 *
 * @throws TaurecError `bad-option`; `not-an-export` for a folder with other content; `cannot-export` for a model that the format cannot hold; `aborted`
 */
export async function exportEmbeddings(model: Model, path: string, options: ExportEmbeddingsOptions): Promise<void> {
  const { onProgress, signal } = options;
  const { format, raw, foldBias, seen, table } = checkOptions(schema, options);
  const sql = format === 'pgvector-sql' || format === 'pgvector-copy';
  if (sql && raw) fail('raw', raw, 'false for the pgvector formats, because their queries score by inner product');
  if (!sql && table !== undefined) fail('table', table, 'no value, because only the pgvector formats write tables');
  const names = tableNames(table ?? 'taurec');
  // A pgvector query is one inner product, so the bias must be part of the vectors.
  const scored = scoredRows(model, { raw, foldBias: foldBias || (sql && model.itemBias !== undefined) });
  const step = stepper(scored.users.rows + scored.items.rows, onProgress, signal);
  const neighbors = model.neighbors && csrTranspose(model.neighbors.votes);
  const liked = seen && model.neighbors ? trainedItems(model) : undefined;
  const exported: Exported = { model, scored, neighbors, liked, seen, step, pair: stopper(signal) };
  if (format === 'npy') await writeFolder(path, exported, writeNpy);
  else if (format === 'safetensors') await writeFolder(path, exported, writeSafetensorsFolder);
  else if (format === 'parquet') await writeFolder(path, exported, writeParquet);
  else {
    const pieces =
      format === 'json'
        ? jsonPieces(exported)
        : (format === 'pgvector-sql' ? insertPieces : copyPieces)(exported, names);
    await writeAtomically(path, (temporary) => writePieces(temporary, pieces));
  }
}

/** Throws `not-an-export` unless an export may be written to the folder: it is missing, empty, or holds an earlier export. */
async function checkTarget(directory: string): Promise<void> {
  const names = await readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') throw new TaurecError('not-an-export', { directory, got: 'a file' });
    throw error;
  });
  if (names.length === 0) return;
  const text = await readFile(join(directory, MANIFEST), 'utf8').catch(() => '');
  if (!text.includes(`"${EXPORT_FORMAT}"`))
    throw new TaurecError('not-an-export', { directory, got: names.slice(0, 3).join(', ') });
}

/** Every file that an export may write, in any format. A new export deletes these files of an earlier export and keeps all other files in the folder. */
const ownFiles = [
  ...[MANIFEST, 'user-ids.jsonl', 'item-ids.jsonl', 'embeddings.safetensors'],
  ...['users', 'items', 'itemBias'].map((name) => `${name}.npy`),
  ...['seen-offsets', 'seen-items', 'liked-offsets', 'liked-items'].map((name) => `${name}.npy`),
  ...['users', 'items', 'seen', 'neighbors'].map((name) => `${name}.parquet`),
  'neighbors.npz',
];

/** Writes the files and the manifest into a temporary folder, then swaps it with the target. A failed export leaves the target as it was. */
async function writeFolder(
  directory: string,
  exported: Exported,
  write: (folder: string, exported: Exported) => Promise<void>,
): Promise<void> {
  const target = resolve(directory);
  await checkTarget(target);
  const temporary = temporaryName(target);
  makeFolder(temporary);
  try {
    await write(temporary, exported);
    await writePieces(join(temporary, MANIFEST), [`${JSON.stringify(manifestOf(exported), null, 2)}\n`]);
    await replaceFolder(target, temporary, (name) => ownFiles.includes(name));
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

function fail(option: string, got: unknown, expected: string): never {
  throw new TaurecError('bad-option', { option, got, expected });
}
