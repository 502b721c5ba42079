import { type ColumnOptions, type ColumnPositions, checkRating, findColumns, roles } from '../columns.ts';
import type { Interactions } from '../interactions.ts';
import { withDatabaseFile } from './database-file.ts';
import type { DatabasePlace } from './database-place.ts';
import { isFeedbackTable } from './feedback-columns.ts';
import { interactionsSha256 } from './interactions-sha256.ts';

/**
 * Reads interactions from a table or query by way of a file, with the reader of files. Columns are found by the same rules; of a feedback log the weights too.
 * The SHA-256 is that of the interactions (`interactionsSha256`), the source the place without its password.
 */
export function readDatabase<O extends ColumnOptions & { minRating?: number }>(
  place: DatabasePlace,
  options: O,
  readFile: (
    file: string,
    options: O & { format: 'csv'; delimiter: string; header: true; headerLines: number },
  ) => Promise<Interactions>,
): Promise<Interactions> {
  let positions: ColumnPositions = { user: 0, item: 1 };
  const choose = (names: readonly string[]): readonly number[] => {
    const weight = options.weight ?? (isFeedbackTable(names) ? 'weight' : undefined);
    positions = findColumns(place.shown, names, names.length, { ...options, weight });
    checkRating(place.shown, positions, names, options);
    return roles.flatMap((role) => positions[role] ?? []);
  };
  return withDatabaseFile(place, choose, async (file) => {
    const columns = columnsOfFile(positions);
    const layout = { format: 'csv', delimiter: ',', header: true, headerLines: 1 } as const;
    const log = await readFile(file, { ...options, ...columns, ...layout });
    return { ...log, sha256: interactionsSha256(log), source: place.shown };
  });
}

/** The columns of the file, which has those with a role alone, in the order of roles. */
function columnsOfFile(positions: ColumnPositions): ColumnOptions {
  const present = roles.filter((role) => positions[role] !== undefined);
  const at = (role: (typeof roles)[number]) => present.indexOf(role) + 1;
  return {
    user: 1,
    item: 2,
    rating: at('rating') || false,
    time: at('time') || false,
    weight: at('weight') || undefined,
  };
}
