import { TaurecError } from '../errors.ts';
import { writeAtomically } from '../platform/atomic-file.ts';
import { openListFile } from './list-files.ts';
import type { Id, RecommendOptions } from './recommendation.ts';
import type { Recommender } from './recommender.ts';

export const exportFormats = ['csv', 'jsonl', 'parquet'] as const;
/** A format that lists are written in. */
export type ExportFormat = (typeof exportFormats)[number];

/** Which lists are written, how, and how the work is followed and stopped. */
export interface ExportOptions extends RecommendOptions {
  /** Default: by the file's name (.csv, .jsonl, .ndjson, .parquet). */
  readonly format?: ExportFormat;
  /** Default: all users of the model. */
  readonly users?: Iterable<Id>;
  /** Called after each block of users. */
  readonly onProgress?: (users: number, total: number) => void;
  /** Stops between two blocks with error `aborted`; the file is left as it was. */
  readonly signal?: AbortSignal;
}

/**
 * Writes recommendations for all users (or those listed) to a file, streaming: a block of users is in memory at a time. CSV and Parquet hold a row for each
 * recommendation: user, rank (from 1), item, score, and title when the model has titles. JSON lines hold a line for each user: `{"user", "items": [{"id", "score", "title"?}]}`.
 * The file is replaced only by a whole one. Returns the number of users. Throws `bad-option` when the format is not known, `unknown-id` for a listed user, `aborted`.
 */
export async function exportRecommendations(
  recommender: Recommender,
  file: string,
  options: ExportOptions = {},
): Promise<number> {
  const { format = formatOf(file), onProgress, signal, ...rest } = options;
  if (!exportFormats.includes(format)) fail('format', format, `one of ${exportFormats.join(', ')}`);
  const listed = rest.users && [...rest.users];
  const total = listed?.length ?? recommender.userIds.size;
  let users = 0;
  await writeAtomically(file, async (temporary) => {
    const lists = await openListFile(format, temporary, recommender.hasTitles);
    try {
      for await (const block of recommender.recommendAll({ ...rest, users: listed })) {
        if (signal?.aborted) throw new TaurecError('aborted');
        await lists.write(block);
        users += block.length;
        onProgress?.(users, total);
      }
      await lists.finish();
    } finally {
      await lists.close();
    }
  });
  return users;
}

function formatOf(file: string): ExportFormat {
  if (/\.csv$/i.test(file)) return 'csv';
  if (/\.(jsonl|ndjson)$/i.test(file)) return 'jsonl';
  if (/\.parquet$/i.test(file)) return 'parquet';
  return fail('file', file, 'a name that ends in .csv, .jsonl, .ndjson or .parquet', 'Or give the format.');
}

function fail(option: string, got: unknown, expected: string, remedy?: string): never {
  throw new TaurecError('bad-option', { option, got, expected, remedy });
}
