import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { TaurecError } from '../errors.ts';
import type { Model } from '../model/model.ts';
import { temporaryName, writeAtomically } from '../platform/atomic-file.ts';
import { replaceFolder } from '../platform/replace-folder.ts';
import { EXPORT_FORMAT, type Exported, manifestOf, type RowOptions, scoredRows, stepper, stopper } from './exported.ts';
import { writeNpy, writePieces, writeSafetensorsFolder } from './write-arrays.ts';
import { jsonPieces } from './write-json.ts';
import { writeParquet } from './write-parquet.ts';
import { copyPieces, insertPieces, tableNames } from './write-pgvector.ts';

/** npy, safetensors and parquet are folders, the others one file. */
export const embeddingFormats = ['npy', 'safetensors', 'parquet', 'pgvector-sql', 'pgvector-copy', 'json'] as const;
/** A format for exported embeddings: one of `embeddingFormats`. */
export type EmbeddingFormat = (typeof embeddingFormats)[number];

/** Options of `exportEmbeddings`. */
export interface ExportEmbeddingsOptions extends RowOptions {
  readonly format: EmbeddingFormat;
  /** Also exports the items users have seen, so that a program can keep them out of lists. Default true. */
  readonly seen?: boolean;
  /** What the names of the tables in PostgreSQL begin with: `<table>_users`, `<table>_items`, `<table>_seen`. Default taurec. */
  readonly table?: string;
  /** Called every 1024 rows, users and items together, and at the end. */
  readonly onProgress?: (rows: number, total: number) => void;
  /** Cancels with error `aborted`; an earlier export at `path` stays unchanged. */
  readonly signal?: AbortSignal;
}

const MANIFEST = 'export.json';

/**
 * Writes a model's embeddings for other programs: a folder (`npy`, `safetensors`, `parquet`) or a file (`pgvector-sql`, `pgvector-copy`, `json`). Unless `raw`
 * is given, a score is an inner product of a user's row and an item's, plus the item's bias where the model has one; for pgvector the bias is a column
 * of the vectors, always. See docs/export.md. Large tables are written some megabytes at a time; `path` holds the old content or the whole new one, never a part.
 *
 * Throws `bad-option`; `not-an-export` for a folder with anything else in it; `cannot-export` for a model that the format cannot hold; `aborted`.
 */
export async function exportEmbeddings(model: Model, path: string, options: ExportEmbeddingsOptions): Promise<void> {
  const { format, raw, foldBias, seen = true, table, onProgress, signal } = options;
  if (!embeddingFormats.includes(format)) fail('format', format, `one of ${embeddingFormats.join(', ')}`);
  const sql = format === 'pgvector-sql' || format === 'pgvector-copy';
  if (sql && raw) fail('raw', raw, 'rows that are scored by inner product, which is what the query of pgvector does');
  if (!sql && table !== undefined) fail('table', table, 'nothing: only formats of pgvector have tables');
  const names = tableNames(table ?? 'taurec');
  const scored = scoredRows(model, { raw, foldBias: foldBias || (sql && model.itemBias !== undefined) });
  const step = stepper(scored.users.rows + scored.items.rows, onProgress, signal);
  const exported: Exported = { model, scored, seen, step, pair: stopper(signal) };
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

/** Throws `not-an-export` unless an export may be written to the folder: nothing, an empty folder, an older export. */
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

/** Files that an export may write. A new export deletes those of an older one; all other files in the folder stay. */
const ownFiles = [
  ...[MANIFEST, 'user-ids.jsonl', 'item-ids.jsonl', 'embeddings.safetensors'],
  ...['users', 'items', 'itemBias', 'seen-offsets', 'seen-items'].map((name) => `${name}.npy`),
  ...['users', 'items', 'seen'].map((name) => `${name}.parquet`),
];

async function writeFolder(
  directory: string,
  exported: Exported,
  write: (folder: string, exported: Exported) => Promise<void>,
): Promise<void> {
  const target = resolve(directory);
  await checkTarget(target);
  const temporary = temporaryName(target);
  await mkdir(temporary, { recursive: true });
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
