import { sha256 } from '#sha256';
import { sharedInt32 } from '../../array/shared.ts';
import { TaurecError } from '../../errors.ts';
import type { KindCount } from '../event-kinds.ts';
import type { PassedOver } from '../formats/rejects.ts';
import type { IdMap } from '../id-map.ts';
import { type Interactions, mergeDuplicates, type ReadReport } from '../interactions.ts';
import { shownRows } from '../read-report.ts';
import type { Spread } from '../spread.ts';
import { houseOrder, unionIds } from '../union-ids.ts';

/**
 * Joins the logs of several files into the log that one file with all their rows gives. Its `sha256` is the digest of theirs, in order.
 * @param sumRatings see `mergeDuplicates`
 * @throws TaurecError `missing-column` when some of the files have ratings or times and others have none
 */
export function mergeLogs(logs: readonly Interactions[], source: string, sumRatings = false): Interactions {
  const users = joinIds(logs.map((log) => ({ ids: log.userIds, codes: log.users })));
  const items = joinIds(logs.map((log) => ({ ids: log.itemIds, codes: log.items })));
  const measure = (role: 'rating' | 'time', name: 'ratings' | 'times') => {
    const having = logs.find((log) => log[name]);
    if (!having) return undefined;
    // A file with a column that is blank in every row has no values, but lacks no column.
    const lacking = logs.find((log) => !log[name] && !log.report.columns?.[role]);
    if (!lacking) return logs.map((log) => log[name] ?? new Float64Array(log.users.length).fill(Number.NaN));
    const columns = ['user', 'item', ...(lacking.ratings ? ['rating'] : []), ...(lacking.times ? ['time'] : [])];
    throw new TaurecError('missing-column', {
      file: lacking.source,
      got: role,
      role: `the ${role} that ${having.source} has (--no-${role} reads neither)`,
      columns,
    });
  };
  const ratings = measure('rating', 'ratings');
  const times = measure('time', 'times');
  // A file without weights has weight 1 in every row.
  const weights = logs.some((log) => log.weights)
    ? logs.map((log) => log.weights ?? new Float32Array(log.users.length).fill(1))
    : undefined;
  const count = users.codes.length;
  const raw = {
    userIds: users.ids,
    itemIds: items.ids,
    users: users.codes,
    items: items.codes,
    ...(ratings && { ratings: joined(ratings, new Float32Array(count)) }),
    ...(times && { times: joined(times, new Float64Array(count)) }),
    ...(weights && { weights: joined(weights, new Float32Array(count)) }),
  };
  const { duplicates, ...merged } = mergeDuplicates(raw, sumRatings);
  return { ...merged, report: mergeReports(logs, duplicates), sha256: digestOf(logs.map((log) => log.sha256)), source };
}

/** The digest of digests, in order. */
export function digestOf(digests: readonly string[]): string {
  return sha256([new TextEncoder().encode(digests.join(''))]);
}

/** The sums of the reports, with the columns of the first. `duplicates` are the pairs that occur in more than one file. */
function mergeReports(logs: readonly Interactions[], duplicates: number): ReadReport {
  const reports = logs.map((log) => log.report);
  const sum = (count: 'rows' | 'duplicates' | 'skipped' | 'belowMinRating' | 'withoutRating' | 'withoutTime') =>
    reports.reduce((total, report) => total + (report[count] ?? 0), 0);
  const rejects = reports.flatMap(({ rejectsFile }) => rejectsFile ?? []);
  const skippedRows = reports.flatMap((report) => report.skippedRows ?? []);
  const kinds = new Map<string, KindCount>();
  for (const { kind, rows, weight, expired = 0 } of reports.flatMap((report) => report.kinds ?? [])) {
    const before = kinds.get(kind);
    const old = expired + (before?.expired ?? 0);
    kinds.set(kind, { kind, rows: rows + (before?.rows ?? 0), weight, ...(old > 0 && { expired: old }) });
  }
  // Rows kept, before duplicates are merged.
  const spreads = logs.flatMap(({ users, report: { ratings, duplicates: merged, withoutRating = 0 } }) =>
    ratings ? { ...ratings, rows: users.length + merged - withoutRating } : [],
  );
  const withoutRating = sum('withoutRating');
  const withoutTime = sum('withoutTime');
  const nullIds = reports.flatMap((report) => report.nullIds ?? []);
  return {
    ...reports[0]!,
    rows: sum('rows'),
    duplicates: sum('duplicates') + duplicates,
    skipped: sum('skipped'),
    belowMinRating: sum('belowMinRating'),
    ...(spreads.length > 0 && { ratings: joinSpreads(spreads) }),
    ...(withoutRating > 0 && { withoutRating }),
    ...(withoutTime > 0 && { withoutTime }),
    ...(nullIds.length > 0 && {
      nullIds: {
        count: nullIds.reduce((total, { count }) => total + count, 0),
        texts: [...new Set(nullIds.flatMap(({ texts }) => texts))],
      },
    }),
    passed: joinPassed(reports.flatMap(({ passed }) => passed ?? [])),
    firstRows: reports.flatMap(({ firstRows }) => firstRows ?? []).slice(0, shownRows),
    ...(kinds.size > 0 && { kinds: [...kinds.values()] }),
    rejectsFile: rejects.length > 0 ? rejects.join(', ') : undefined,
    ...(skippedRows.length > 0 && { skippedRows }),
  };
}

/** The sums of what was passed over. The first field over several lines is that of the first file with one. */
function joinPassed(all: readonly Readonly<PassedOver>[]): PassedOver {
  const sum = (count: 'blankRows' | 'repeatedHeaders' | 'missingIds') =>
    all.reduce((total, passed) => total + passed[count], 0);
  const many = all.map(({ manyLines }) => manyLines).filter(({ rows }) => rows > 0);
  return {
    blankRows: sum('blankRows'),
    repeatedHeaders: sum('repeatedHeaders'),
    missingIds: sum('missingIds'),
    manyLines: {
      rows: many.reduce((total, { rows }) => total + rows, 0),
      first: many[0]?.first ?? 0,
      most: Math.max(0, ...many.map(({ most }) => most)),
    },
  };
}

function joinSpreads(spreads: readonly (Spread & { rows: number })[]): Spread {
  const rows = spreads.reduce((sum, spread) => sum + spread.rows, 0);
  return {
    min: Math.min(...spreads.map(({ min }) => min)),
    mean: spreads.reduce((sum, spread) => sum + spread.mean * (spread.rows / rows), 0),
    max: Math.max(...spreads.map(({ max }) => max)),
  };
}

interface Column {
  readonly ids: IdMap;
  readonly codes: Int32Array;
}

/** One map of all ids, in the order that a single file would have given them, and the codes of all entries in it. */
function joinIds(columns: readonly Column[]): { ids: IdMap; codes: Int32Array } {
  const { ids, maps } = joinMaps(columns.map((column) => column.ids));
  const order = houseOrder(ids);
  const place = new Int32Array(ids.size);
  order.forEach((index, at) => {
    place[index] = at;
  });
  const codes = sharedInt32(columns.reduce((sum, column) => sum + column.codes.length, 0));
  let at = 0;
  columns.forEach((column, c) => {
    for (const code of column.codes) codes[at++] = place[maps[c]![code]!]!;
  });
  return { ids: ids.pick(order), codes };
}

/** The union of id maps, and for each map its indices in the union. Halves are joined first, so that an id is copied log₂(maps) times. */
function joinMaps(all: readonly IdMap[]): { ids: IdMap; maps: Int32Array[] } {
  if (all.length === 1) return { ids: all[0]!, maps: [Int32Array.from({ length: all[0]!.size }, (_, i) => i)] };
  const half = all.length >> 1;
  const first = joinMaps(all.slice(0, half));
  const second = joinMaps(all.slice(half));
  const union = unionIds(first.ids, second.ids);
  const through = (map: Int32Array, into: Int32Array) => map.map((index) => into[index]!);
  return {
    ids: union.ids,
    maps: [
      ...first.maps.map((map) => through(map, union.fromFirst)),
      ...second.maps.map((map) => through(map, union.fromSecond)),
    ],
  };
}

function joined<T extends Float32Array | Float64Array>(parts: readonly ArrayLike<number>[], target: T): T {
  let at = 0;
  for (const part of parts) {
    target.set(part, at);
    at += part.length;
  }
  return target;
}
