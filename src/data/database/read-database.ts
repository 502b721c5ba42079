import { createHash } from 'node:crypto';
import {
  type ColumnOptions,
  type ColumnPositions,
  type ColumnsRead,
  checkRating,
  chooseColumns,
  roles,
} from '../columns.ts';
import { type EventOptions, feedbackKinds, namesKinds } from '../event-kinds.ts';
import type { Interactions } from '../interactions.ts';
import { withDatabaseFile } from './database-file.ts';
import { type DatabasePlace, isFeedbackTable } from './database-place.ts';

/**
 * Reads interactions from a table or query: copies its columns to a temporary file and reads that with `readFile`. The rules for finding columns are those of files;
 * in the table of a feedback log the weight column is also read by default, and impressions are left out unless kinds are named. `sha256` is that of the interactions (`interactionsSha256`), and `source` is the
 * place without its password.
 */
export function readDatabase<O extends ColumnOptions & EventOptions & { minRating?: number }>(
  place: DatabasePlace,
  given: O,
  readFile: (
    file: string,
    options: O & { format: 'csv'; delimiter: string; quote: '"'; header: true; headerLines: number },
  ) => Promise<Interactions>,
): Promise<Interactions> {
  let options = given;
  let positions: ColumnPositions = { user: 0, item: 1 };
  let read: ColumnsRead | undefined;
  const choose = (names: readonly string[]): readonly number[] => {
    const isLog = isFeedbackTable(names);
    const weight = options.weight ?? (isLog ? 'weight' : undefined);
    // What was only shown is no positive.
    if (isLog && !namesKinds(options)) options = { ...options, events: feedbackKinds };
    const chosen = chooseColumns({ file: place.shown, names, width: names.length }, { ...options, weight });
    ({ positions, columns: read } = chosen);
    checkRating(place.shown, positions, names, options);
    return roles.flatMap((role) => positions[role] ?? []);
  };
  return withDatabaseFile(place, choose, async (file) => {
    const columns = columnsOfFile(positions);
    const layout = { format: 'csv', delimiter: ',', quote: '"', header: true, headerLines: 1 } as const;
    const log = await readFile(file, { ...options, ...columns, ...layout });
    // Names and positions are those of the table, not of its copy.
    const report = { ...log.report, columns: read };
    return { ...log, report, sha256: interactionsSha256(log), source: place.shown };
  });
}

/** The column options of the temporary file, which contains only the columns with a role, in the order of `roles`. */
function columnsOfFile(positions: ColumnPositions): ColumnOptions {
  const present = roles.filter((role) => positions[role] !== undefined);
  const at = (role: (typeof roles)[number]) => present.indexOf(role) + 1;
  return {
    user: 1,
    item: 2,
    rating: at('rating') || false,
    time: at('time') || false,
    weight: at('weight') || undefined,
    eventColumn: at('event') || undefined,
  };
}

/**
 * SHA-256, in hexadecimal, of the merged interactions: ids, pairs sorted by user and item, ratings, times, weights. A table has no row order, and the hash does
 * not depend on one: the same rows always give the same hash.
 */
function interactionsSha256(log: Omit<Interactions, 'sha256' | 'source' | 'report'>): string {
  // The first line names the format of the hashed bytes; a change of the format must change its number.
  const hash = createHash('sha256').update('taurec interactions 1\n');
  const arrays = {
    users: log.userIds.bytes,
    userOffsets: log.userIds.offsets,
    items: log.itemIds.bytes,
    itemOffsets: log.itemIds.offsets,
    userOf: log.users,
    itemOf: log.items,
    ratings: log.ratings,
    times: log.times,
    weights: log.weights,
  };
  for (const [name, array] of Object.entries(arrays)) {
    // Name and length before each array keep the byte sequence unambiguous.
    hash.update(`${name} ${array?.byteLength ?? 'none'}\n`);
    if (array) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  }
  return hash.digest('hex');
}
