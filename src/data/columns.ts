// Columns of a log: the options that name them, and their detection by usual names.

import * as z from 'zod';
import { TaurecError } from '../errors.ts';
import { option } from '../option.ts';
import { type EventOptions, namesKinds } from './event-kinds.ts';

/** A column: its name, or its position counted from 1. Text made of digits that is no column name is a position too. */
export type Column = string | number;

const group = 'Reading data:';
const columnExpected = 'a column: its name, or its position counted from 1';
const column = z.union([z.string(), z.number()], { error: columnExpected });
const columnOrNone = z.union([z.string(), z.number(), z.literal(false)], { error: `${columnExpected}; false: none` });

/** The declarations of the columns by role. `false` ignores a rating or time column that would otherwise be detected by its name. */
export const columnShape = {
  /** Column of user ids. Default: the first column with a usual name (user, user_id, customer …). Files of two columns and known layouts need no names (`chooseColumns`). */
  user: option(column.optional(), {
    group,
    flag: '--user <column>',
    help: 'user column: its name, or its position counted from 1 (default: found by name)',
  }),
  /** Column of item ids. Default: the first column with a usual name (item, item_id, movieId, product, asin, sku …), as for users. */
  item: option(column.optional(), {
    group,
    flag: '--item <column>',
    help: 'item column (default: found by name)',
  }),
  /** Column of ratings. Default: the first column with a usual name (rating, score, stars …), else none. Ratings drop no rows unless `minRating` is given. */
  rating: option(columnOrNone.optional(), {
    group,
    flag: '--rating <column>',
    help: 'rating column (default: found by name)',
    opposite: 'ignore ratings',
  }),
  /** Column of times: numbers or ISO dates. Default: the first column with a usual name (timestamp, time, date …), else none. */
  time: option(columnOrNone.optional(), {
    group,
    flag: '--time <column>',
    help: 'time column (default: found by name)',
    opposite: 'ignore times',
  }),
  /** Column of weights: how much a row counts as a positive. Default: none, all rows count equally. */
  weight: option(column.optional(), {
    group,
    flag: '--weight <column>',
    help: 'column with a weight for each row',
  }),
};

/** Columns of a log by role. */
export type ColumnOptions = z.input<z.ZodObject<typeof columnShape>> & EventOptions;

/** The meaning of a column for a reader of interactions. */
export type Role = 'user' | 'item' | 'rating' | 'time' | 'weight' | 'event';
/** All roles, in the order of the columns in temporary files. */
export const roles: readonly Role[] = ['user', 'item', 'rating', 'time', 'weight', 'event'];

/** Column positions, counted from 0, by role. */
export type ColumnPositions = { user: number; item: number } & Partial<Record<Role, number>>;

/** How a column was found: named by an option, by its usual name, by its position in a file of two columns, by the values of a known layout, or fixed by the format (LightGCN text). */
export type FoundBy = 'option' | 'name' | 'position' | 'values' | 'format';

/** A column that a reader took: its name (absent without a header), its position from 1, and how it was found. */
export interface ColumnTaken {
  readonly name?: string;
  readonly position: number;
  readonly by: FoundBy;
}

/** The columns of a log: those that were read, by role, and the rest. */
export interface ColumnsRead extends Readonly<Partial<Record<Role, ColumnTaken>>> {
  readonly user: ColumnTaken;
  readonly item: ColumnTaken;
  /** The columns that were not read. */
  readonly unread: readonly Omit<ColumnTaken, 'by'>[];
}

/** A table whose columns are to be found. */
export interface ColumnTable {
  /** The file, for messages. */
  file: string;
  /** The names of the header; undefined without a header. */
  names?: readonly string[];
  /** The number of columns. */
  width: number;
  /** The first rows, for messages. */
  rows?: readonly (readonly string[])[];
  /** Without a header, and where columns 1 and 2 are known by their values to be user and item: the positions, from 0, of rating and time. */
  layout?: { rating?: number; time?: number };
}

/** Usual column names by role, normalised by `plain`: lower case, without accents, `_`, `-`, spaces and a `:type` suffix (`user_id:token` → `userid`). */
const usualNames: Record<Exclude<Role, 'weight'>, ReadonlySet<string>> = {
  user: words(
    'user userid uid username customer customerid customerno customernumber member memberid visitor visitorid reviewer reviewerid person personid account accountid ' +
      'client clientid shopper shopperid buyer buyerid listener listenerid subscriber subscriberid reader readerid viewer viewerid patron patronid ' +
      'benutzer benutzerid kunde kundenid kundennr kundennummer nutzer nutzerid utilisateur utilisateurid idutilisateur usuario usuarioid idusuario cliente clienteid idcliente ' +
      'utente utenteid gebruiker gebruikerid klant klantid 用户 用户id 用户编号 ユーザー ユーザーid',
  ),
  item: words(
    'item itemid iid movie movieid product productid productcode asin parentasin sku skuid stockcode articlecode artist artistid album albumid book bookid isbn track trackid song songid ' +
      'business businessid gmapid location locationid venue venueid poi poiid article articleid news newsid content contentid show showid game gameid ' +
      'app appid anime animeid video videoid document documentid recipe recipeid film filmid course courseid job jobid ' +
      'artikel artikelid artikelnr artikelnummer produkt produktid produktnr produktnummer produit produitid idproduit articulo articuloid producto productoid idproducto prodotto prodottoid ' +
      '商品 商品id 物品 物品id 商品编号 アイテム アイテムid',
  ),
  rating: words('rating bookrating score stars overall bewertung puntuacion valoracion 评分'),
  time: words('timestamp time datetime date unixreviewtime unixtime ts createdat'),
  event: words('event eventtype eventname kind action actiontype behavior behaviour behaviortype'),
};

/** The words of a list separated by spaces. */
function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '));
}

/** Normalises a column name for the comparison with `usualNames`. RecBole's .inter files have the `:type` suffix. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{Mn}/gu, '')
    .normalize('NFC')
    .replace(/:\w+$/, '')
    .replace(/[\s_-]/g, '');
}

/** True when `name` is a usual column name for `role`. */
export function isUsualName(role: keyof typeof usualNames, name: string): boolean {
  return usualNames[role].has(plain(name));
}

/** Finds the position of each role's column; see `chooseColumns`. */
export function findColumns(
  file: string,
  names: readonly string[] | undefined,
  width: number,
  options: ColumnOptions,
): ColumnPositions {
  return chooseColumns({ file, names, width }, options).positions;
}

/**
 * Finds the column of each role: by the options, else by usual names. Where these name no user or no item: in a table of two columns by position (user, item), and without a
 * header by the values of a known layout; or, if only the item is named, column 1 is the user.
 * @throws TaurecError `missing-column` for an option that names no column, `same-name` for a name that two columns have, `unclear-columns` where user or item is not found
 */
export function chooseColumns(
  table: ColumnTable,
  options: ColumnOptions,
): { positions: ColumnPositions; columns: ColumnsRead } {
  const { file, names, width, layout } = table;
  const all = names ?? Array.from({ length: width }, (_, c) => String(c + 1));
  const found: Partial<Record<Role, { at: number; by: FoundBy }>> = {};
  const take = (role: Role, at: number, by: FoundBy) => {
    found[role] = { at, by };
  };
  const isTaken = (at: number) => Object.values(found).some((column) => column.at === at);
  for (const role of roles) {
    const asked = role === 'event' ? options.eventColumn : options[role];
    if (asked !== undefined && asked !== false) take(role, askedAt(file, all, names, role, asked), 'option');
  }
  const usual = (role: Exclude<Role, 'weight'>) =>
    names?.findIndex((name, at) => !isTaken(at) && usualNames[role].has(plain(name))) ?? -1;
  for (const role of ['user', 'item', 'rating', 'time'] as const) {
    const at = found[role] || options[role] === false ? -1 : usual(role);
    if (at >= 0) {
      checkSameName(file, all, at, role);
      take(role, at, 'name');
    }
  }
  const needsEvent = namesKinds(options);
  const event = found.event || !needsEvent ? -1 : usual('event');
  if (event >= 0) {
    checkSameName(file, all, event, 'event');
    take('event', event, 'name');
  }
  if (!found.user && !found.item && !names && layout) {
    take('user', 0, 'values');
    take('item', 1, 'values');
    for (const role of ['rating', 'time'] as const) {
      const at = layout[role];
      if (at !== undefined && !found[role] && options[role] !== false && !isTaken(at)) take(role, at, 'values');
    }
  }
  if (width < 2)
    for (const role of ['user', 'item'] as const)
      if (!found[role]) askedAt(file, all, names, role, role === 'user' ? 1 : 2);
  for (const role of ['user', 'item'] as const) {
    if (found[role]) continue;
    const other = role === 'user' ? found.item : found.user;
    // In a table of two columns the one that is left, or in their order; else, without a header, column 1 for the user of a named item.
    const fallback = role === 'user' ? 0 : 1;
    const at = other?.at === fallback ? 1 - fallback : fallback;
    const isPlaced =
      !isTaken(at) &&
      (width === 2 ? canBeId(all, names, at) : !names && role === 'user' && at === 0 && other?.by === 'option');
    if (!isPlaced) throw unclear(table, found, options);
    take(role, at, 'position');
  }
  if (needsEvent && !found.event)
    throw new TaurecError('missing-column', { file, got: 'event', role: 'the kind of event', columns: all });
  const { user, item, ...others } = found as Required<typeof found>;
  const positions: ColumnPositions = { user: user.at, item: item.at };
  for (const [role, column] of Object.entries(others)) if (column) positions[role as Role] = column.at;
  return { positions, columns: columnsRead(names, width, found) };
}

/** The position of a column that an option names. @throws TaurecError `missing-column`, `same-name` */
function askedAt(
  file: string,
  columns: readonly string[],
  names: readonly string[] | undefined,
  role: Role,
  column: Column,
): number {
  // Names are tried before positions, because a column may be called "2".
  const byName = typeof column === 'string' && names ? names.indexOf(column) : -1;
  if (byName >= 0) {
    checkSameName(file, columns, byName, role);
    return byName;
  }
  const position = /^\d+$/.test(String(column)) ? Number(column) - 1 : -1;
  if (position >= 0 && position < columns.length) return position;
  throw new TaurecError('missing-column', { file, got: column, role, columns });
}

/** Refuses a column, found by its name, if another has that name too. @throws TaurecError `same-name` */
function checkSameName(file: string, names: readonly string[], at: number, role: Role): void {
  const same = names.findIndex((name, other) => other !== at && name.toLowerCase() === names[at]!.toLowerCase());
  if (same < 0) return;
  const [first, second] = [at, same].sort((a, b) => a - b) as [number, number];
  throw new TaurecError('same-name', {
    file,
    role,
    got: names[at],
    names: [names[first], names[second]],
    positions: [first + 1, second + 1],
  });
}

/** False for a nameless column and for one that by its name holds ratings or times: position alone does not make these an id. */
function canBeId(columns: readonly string[], names: readonly string[] | undefined, at: number): boolean {
  const name = columns[at]!;
  return !names || !(name === '' || isUsualName('rating', name) || isUsualName('time', name));
}

/** The error about a table whose user or item column is not known, with all columns and their first values. */
function unclear(table: ColumnTable, found: Partial<Record<Role, unknown>>, options: ColumnOptions): TaurecError {
  const { file, names, width, rows } = table;
  const missing = (['user', 'item'] as const).filter((role) => !found[role] && options[role] === undefined);
  const columns = Array.from({ length: width }, (_, at) => ({
    position: at + 1,
    ...(names && { name: names[at]! }),
    // The first value that is not blank.
    ...(rows && { value: rows.find((row) => (row[at] ?? '').trim() !== '')?.[at] ?? '' }),
  }));
  return new TaurecError('unclear-columns', { file, missing, header: names !== undefined, columns });
}

/** The public description of the columns found. */
function columnsRead(
  names: readonly string[] | undefined,
  width: number,
  found: Partial<Record<Role, { at: number; by: FoundBy }>>,
): ColumnsRead {
  const named = (at: number) => ({ ...(names && { name: names[at]! }), position: at + 1 });
  const taken = roles.flatMap((role) =>
    found[role] ? [[role, { ...named(found[role].at), by: found[role].by }]] : [],
  );
  const isRead = (at: number) => Object.values(found).some((column) => column.at === at);
  const unread = Array.from({ length: width }, (_, at) => at).filter((at) => !isRead(at));
  return { ...(Object.fromEntries(taken) as Pick<ColumnsRead, Role>), unread: unread.map(named) };
}

/** Checks that a table has a rating column if `minRating` is set. `columns` are the names of the header. @throws TaurecError `missing-column` */
export function checkRating(
  file: string,
  positions: ColumnPositions,
  columns: readonly string[],
  options: ColumnOptions & { minRating?: number; sumRatings?: boolean },
): void {
  if ((options.minRating === undefined && !options.sumRatings) || positions.rating !== undefined) return;
  throw new TaurecError('missing-column', {
    file,
    got: options.rating ?? 'rating',
    role: `the rating that ${options.sumRatings ? 'sumRatings' : 'minRating'} needs`,
    columns,
  });
}
