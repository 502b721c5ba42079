import type { DataRequest, Source, TablePreview } from '../../session.ts';

/** What a file is for. */
export type Use = 'train' | 'test' | 'valid' | 'catalogue' | 'titles';

/** The roles of columns that the page offers. */
export const columnRoles = ['user', 'item', 'rating', 'time', 'weight'] as const;
/** The role of a column. */
export type ColumnRole = (typeof columnRoles)[number];

/** The ways to hold out a test part; `none` leaves nothing to judge by but a file. */
export const splitNames = ['random', 'leave-last-out', 'temporal', 'debiased', 'none'] as const;
/** A way to hold out a test part. */
export type SplitName = (typeof splitNames)[number];

/** Columns by role, as they were corrected; `false`: none. */
export interface Columns {
  readonly user?: string;
  readonly item?: string;
  readonly rating?: string | false;
  readonly time?: string | false;
  readonly weight?: string;
}

/** What a person has chosen on the data screen, before it is loaded. */
export interface Setup {
  /** Ids of sources by their use. */
  readonly files: Readonly<Partial<Record<Use, string>>>;
  /** Corrections of the guessed columns. */
  readonly columns: Columns;
  readonly minRating?: number;
  readonly kCoreUsers?: number;
  readonly kCoreItems?: number;
  readonly split: SplitName;
  readonly testRatio: number;
  readonly validRatio: number;
}

/** The choices before a person makes any. */
export const freshSetup: Setup = { files: {}, columns: {}, split: 'random', testRatio: 0.2, validRatio: 0.1 };

/** The request of a setup; undefined without interactions. */
export function requestOf(setup: Setup): DataRequest | undefined {
  const { files, columns, minRating, kCoreUsers = 0, kCoreItems = 0, split, testRatio, validRatio } = setup;
  if (files.train === undefined) return undefined;
  const ownTest = files.test !== undefined;
  return {
    ...files,
    train: files.train,
    ...columns,
    ...(minRating !== undefined && { minRating }),
    ...(kCoreUsers + kCoreItems > 0 && { kCore: { users: kCoreUsers, items: kCoreItems } }),
    ...(!ownTest && split !== 'none' && { split, ...(split !== 'leave-last-out' && { testRatio }) }),
    ...(files.valid === undefined && validRatio > 0 && { validRatio }),
  } as DataRequest;
}

/** The setup that a request was made from. */
export function setupOf(request: DataRequest): Setup {
  const uses: readonly Use[] = ['train', 'test', 'valid', 'catalogue', 'titles'];
  const files = Object.fromEntries(uses.flatMap((use) => (request[use] === undefined ? [] : [[use, request[use]]])));
  const columns = Object.fromEntries(
    columnRoles.flatMap((role) => (request[role] === undefined ? [] : [[role, request[role]]])),
  );
  const core = request.kCore;
  const { users, items } = typeof core === 'object' ? core : { users: core ?? 0, items: core ?? 0 };
  return {
    files,
    columns,
    ...(request.minRating !== undefined && { minRating: request.minRating }),
    ...(users > 0 && { kCoreUsers: users }),
    ...(items > 0 && { kCoreItems: items }),
    split: request.split ?? 'none',
    testRatio: request.testRatio ?? freshSetup.testRatio,
    validRatio: request.validRatio ?? 0,
  };
}

/** What each column is for: as a person said, else as a reader guesses. A reader that lacks the user or the item guesses nothing. */
export function rolesOf(columns: Columns, shown: TablePreview['columns']): readonly (string | undefined)[] {
  const roles = shown.map(({ role }) => role);
  for (const role of columnRoles) {
    const wanted = columns[role];
    if (wanted === undefined) continue;
    const guessed = roles.indexOf(role);
    if (guessed >= 0) roles[guessed] = undefined;
    const at = shown.findIndex((_, column) => wanted !== false && nameOf(shown, column) === wanted);
    if (at >= 0) roles[at] = role;
  }
  return roles;
}

/** A column as options name it: by its name where that is clear, else by its position. */
function nameOf(shown: TablePreview['columns'], at: number): string {
  const same = (name: string) => name.toLowerCase() === shown[at]!.name.toLowerCase();
  const { name } = shown[at]!;
  const isClear = name !== '' && !/^\d+$/.test(name) && shown.filter((column) => same(column.name)).length === 1;
  return isClear ? name : String(at + 1);
}

/** Gives a column a role, or none. The role leaves the column that had it; a rating or time that is left without a column is switched off, so that it is not guessed again. */
export function assignRole(
  columns: Columns,
  shown: TablePreview['columns'],
  at: number,
  role: ColumnRole | undefined,
): Columns {
  const before = rolesOf(columns, shown);
  const now = new Map(
    columnRoles.flatMap((one) => (before.includes(one) ? [[one, before.indexOf(one)] as const] : [])),
  );
  for (const [held, column] of now) if (column === at) now.delete(held);
  if (role) now.set(role, at);
  const next: Partial<Record<ColumnRole, string | false>> = {};
  for (const one of columnRoles) {
    const column = now.get(one);
    if (column !== undefined) next[one] = nameOf(shown, column);
    else if ((one === 'rating' || one === 'time') && (before.includes(one) || columns[one] === false))
      next[one] = false;
  }
  return next as Columns;
}

/** The likely use of files by their names, in their order: at most one of each, and the first one left has the interactions. */
export function guessUses(files: readonly Source[]): Setup['files'] {
  const uses: Partial<Record<Use, string>> = {};
  const left: Source[] = [];
  for (const file of files) {
    const name = file.name.toLowerCase();
    const use: Use | undefined = /\btest|[_.-]test/.test(name)
      ? 'test'
      : /\bvalid|[_.-]valid/.test(name)
        ? 'valid'
        : /catalog|item|movie|product|title|article|book/.test(name)
          ? 'catalogue'
          : undefined;
    if (use && uses[use] === undefined) uses[use] = file.id;
    else left.push(file);
  }
  const [first] = left;
  if (first) uses.train = first.id;
  else if (files.length === 1) return { train: files[0]!.id };
  return uses;
}

/** The part of a setup that an address holds: options and a sample's id, never files. */
export function optionsOfSetup(setup: Setup, sources: readonly Source[]): Readonly<Record<string, string>> {
  const sample = sources.find(({ id, kind }) => kind === 'sample' && id === setup.files.train);
  const text = (value: number | undefined, usual?: number) =>
    value === undefined || value === usual ? '' : String(value);
  return {
    sample: sample?.id ?? '',
    minRating: text(setup.minRating),
    kCoreUsers: text(setup.kCoreUsers),
    kCoreItems: text(setup.kCoreItems),
    split: setup.split === freshSetup.split ? '' : setup.split,
    testRatio: text(setup.testRatio, freshSetup.testRatio),
    validRatio: text(setup.validRatio, freshSetup.validRatio),
  };
}

/** The setup of an address. What cannot be understood has its default. */
export function setupOfOptions(options: Readonly<Record<string, string>>, sources: readonly Source[]): Setup {
  const sample = sources.find(({ id, kind }) => kind === 'sample' && id === options.sample);
  const number = (text: string | undefined) => (text && Number.isFinite(Number(text)) ? Number(text) : undefined);
  const [minRating, kCoreUsers, kCoreItems] = [options.minRating, options.kCoreUsers, options.kCoreItems].map(number);
  return {
    files: sample ? filesOfSample(sample) : {},
    columns: {},
    ...(minRating !== undefined && { minRating }),
    ...(kCoreUsers !== undefined && { kCoreUsers }),
    ...(kCoreItems !== undefined && { kCoreItems }),
    split: splitNames.find((name) => name === options.split) ?? freshSetup.split,
    testRatio: number(options.testRatio) ?? freshSetup.testRatio,
    validRatio: number(options.validRatio) ?? freshSetup.validRatio,
  };
}

/** The files of a sample: its interactions, and its catalogue where it has one. */
export function filesOfSample({ id, catalogue }: Source): Setup['files'] {
  return { train: id, ...(catalogue !== undefined && { catalogue }) };
}
