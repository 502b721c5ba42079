/** Writes recommendation lists of many users to a CSV, JSON lines or Parquet file. The users are divided into parts; each part is written to a file of its own, and the parts are joined at the end. */

import { rename } from 'node:fs/promises';
import { TaurecError } from '../errors.ts';
import { temporaryName, writeAtomically } from '../platform/atomic-file.ts';
import type { Id, ListedUsers, RecommendOptions } from '../recommender/recommendation.ts';
import type { Recommender } from '../recommender/recommender.ts';
import { type ExportFormat, exportFormats, formatOf, type ListFormat } from './list-format.ts';
import { planLists } from './list-plan.ts';
import { openListFormat } from './open-list-format.ts';
import { PartFolder, type PartWork } from './part-folder.ts';

/** Options of `exportRecommendations`: the lists to write and their format, progress, cancellation, workers. */
export interface ExportOptions extends RecommendOptions {
  /** Default: by the extension of the file name (.csv, .jsonl, .ndjson, .parquet). */
  readonly format?: ExportFormat;
  /** The users to write lists for. Default: all users of the model. */
  readonly users?: Iterable<Id>;
  /**
   * Whether finished parts stay in the folder `FILE.parts` after a failure, a cancellation or a kill, and the next call with the same model, users and options goes on from them, to the same bytes. Default false; with `queue` true.
   * Only for lists of the model as it is stored: not under another prior, catalogue or edits.
   */
  readonly resume?: boolean;
  /** URL of a queue whose workers make the parts (`runListWorker`), with an exact index: `redis://…` or `postgres://…`. Default: this process makes them. */
  readonly queue?: string;
  /** Called after each block of users, over a queue after each part, with the number of users whose lists are written and the total. */
  readonly onProgress?: (users: number, total: number) => void;
  /** Cancels between two blocks with error `aborted`; an existing file stays unchanged. */
  readonly signal?: AbortSignal;
}

/**
 * Writes recommendations for all users (or those listed) to a file. It streams: one part of about a million rows is in memory at a time. CSV and Parquet have one row per
 * recommendation: user, rank (from 1), item, score, and title if the model has titles. JSON lines have one line per user: `{"user", "items": [{"id", "score", "title"?, "because"?}]}`.
 * The write is atomic: an existing file stays until the new one is complete. Equal models, users and options give equal bytes, on any number of threads and machines. Returns the number of users.
 * @throws TaurecError `bad-option` for an unknown format, and for `resume` or `queue` with a recommender that is not as stored; `unknown-id` for a listed user that the model does not know, unless `fallback` is set; `lists-mismatch` with `resume` when the parts are those of other lists, and
 * `folder-in-use`; over a queue `lists-failed`, `missing-package`, `queue-unreachable`; `aborted`
 */
export async function exportRecommendations(
  recommender: Recommender,
  file: string,
  options: ExportOptions = {},
): Promise<number> {
  const { format = formatOf(file), users, queue, resume = queue !== undefined, onProgress, signal, ...given } = options;
  checkExport(recommender, format, resume, options);
  const plan = planLists(recommender, format, users, given);
  // As the plan has them: iterables of the caller are used up by now.
  const lists = { ...plan.facts.options, feedback: plan.feedback };
  recommender.checkLists(lists, plan.users);
  const folder = await PartFolder.open(file, plan, resume);
  let keep = resume;
  let formatOfFile: ListFormat | undefined;
  try {
    formatOfFile = await openListFormat(format, recommender.hasTitles);
    const missing = folder.missing();
    const left = missing.reduce((sum, { from, to }) => sum + to - from, 0);
    const work: PartWork = { folder, plan, missing, done: plan.total - left, onProgress, signal };
    if (queue !== undefined) await (await import('./queued-parts.ts')).makeByWorkers(queue, work);
    else await makeHere(recommender, formatOfFile, lists, work);
    await writeAtomically(file, (temporary) =>
      formatOfFile!.join(
        plan.parts.map((part) => folder.pathOf(part)),
        temporary,
      ),
    );
    keep = false;
  } finally {
    try {
      await formatOfFile?.close();
    } finally {
      await folder.close(keep);
    }
  }
  return plan.total;
}

/** Makes parts in this process. A part is written while the next one is ranked. */
async function makeHere(
  recommender: Recommender,
  format: ListFormat,
  options: RecommendOptions,
  { folder, plan, missing, done, onProgress, signal }: PartWork,
): Promise<void> {
  let users = done;
  const onBlock = (block: number) => {
    if (signal?.aborted) throw new TaurecError('aborted');
    users += block;
    onProgress?.(users, plan.total);
  };
  let writing: Promise<void> = Promise.resolve();
  try {
    for (const part of missing) {
      const path = folder.pathOf(part);
      const draft = temporaryName(path);
      const { from, to } = part;
      const whose = plan.users ? { users: plan.users.slice(from, to) } : { rows: { from, to } };
      const finish = await rankPart(recommender, format, { ...options, ...whose }, draft, onBlock);
      // At most one part waits.
      await writing;
      writing = writeAtomically(path, async (temporary) => {
        await finish();
        await rename(draft, temporary);
      });
      // Its error comes out of the next `await`.
      writing.catch(() => {});
    }
    await writing;
  } finally {
    await writing.catch(() => {});
  }
}

/** Ranks users into a new file; returns what completes the file. */
export async function rankPart(
  recommender: Recommender,
  format: ListFormat,
  options: RecommendOptions & ListedUsers,
  path: string,
  onBlock: (users: number) => void,
): Promise<() => Promise<void>> {
  const writer = await format.begin(path);
  for await (const block of recommender.recommendAll(options)) {
    await writer.add(block);
    onBlock(block.length);
  }
  return writer.end();
}

/** @throws TaurecError `bad-option` */
function checkExport(
  recommender: Recommender,
  format: ExportFormat,
  resume: boolean,
  { explain = 0, queue }: ExportOptions,
): void {
  const fail = (option: string, got: unknown, expected: string, remedy?: string) => {
    throw new TaurecError('bad-option', { option, got, expected, remedy });
  };
  if (!exportFormats.includes(format)) fail('format', format, `one of ${exportFormats.join(', ')}`);
  if (format !== 'jsonl' && explain > 0) {
    fail('explain', explain, 'a file of JSON lines, because rows of a table hold no reasons', 'Write a .jsonl file.');
  }
  const option = queue === undefined ? 'resume' : 'queue';
  if (resume && !recommender.isAsStored) {
    fail(
      option,
      'lists under another prior, catalogue or edits',
      'those of the model as it is stored, which others have too',
    );
  }
  if (queue !== undefined && recommender.index === 'approximate') {
    fail(option, 'an approximate index', 'an exact one: workers open the model without its index');
  }
}
