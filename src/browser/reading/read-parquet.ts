import { type ColumnPositions, type Role, roles } from '../../data/columns.ts';
import { cellKind, measureOf, trimmed } from '../../data/formats/cells.ts';
import { blankRow, RowEncoder } from '../../data/formats/encode-rows.ts';
import { badCell, unevenLists } from '../../data/formats/judge-rows.ts';
import { checkNesting } from '../../data/formats/nesting.ts';
import type { Rejects } from '../../data/formats/rejects.ts';
import { chooseNamed, type LogFacts, type Read, rowRules } from '../../data/read-log.ts';
import type { ReadOptions } from '../../data/read-options.ts';
import { TaurecError } from '../../errors.ts';
import type { NamedBlob } from './page-source.ts';
import { isInstant, openParquet, type ParquetColumn, type ParquetFile } from './parquet-file.ts';
import type { ReadControls } from './read-controls.ts';

/** Rows shown to those who choose columns. */
const headRows = 5;

/** Reads Parquet, one row group after another. Lists of items, and of their ratings or times, are unfolded. @throws TaurecError as `readInteractions` */
export async function readParquet(
  file: NamedBlob,
  options: ReadOptions & LogFacts,
  rejects: Rejects,
  { signal, onProgress }: ReadControls,
): Promise<Read> {
  const parquet = await openParquet(file);
  const { columns, groups } = parquet;
  const names = columns.map(({ name }) => name);
  const { positions, about } = chooseNamed(file.name, names, await firstRows(parquet, headRows), options);
  const present = roles.filter((role) => positions[role] !== undefined);
  const taken = present.map((role) => {
    const column = columns[positions[role]!]!;
    return { role, column, isList: checkNesting(file.name, role, column.name, column.type) };
  });
  const rows = new ParquetRows(taken, names, positions, options, rejects);
  const totalBytes = file.blob.size;
  for (const [start, end] of groups) {
    if (signal?.aborted) throw new TaurecError('aborted');
    const values = await Promise.all(taken.map(({ column }) => parquet.read(column, start, end)));
    const row = (at: number) => values.map((column) => column[at]);
    for (let at = 0; at < end - start; at++) rows.add(start + at + 1, row(at));
    onProgress?.({ file: file.name, bytes: Math.round((totalBytes * end) / groups.at(-1)![1]), totalBytes });
  }
  return { ...rows.encoder.finish(), ...about };
}

/** The texts of the first rows, at most `count`. */
export async function firstRows({ columns, groups, read }: ParquetFile, count: number): Promise<string[][]> {
  const rows: string[][] = [];
  for (const [start, groupEnd] of groups) {
    const end = Math.min(groupEnd, count);
    if (end <= start) break;
    const values = await Promise.all(columns.map((column) => read(column, start, end)));
    for (let at = 0; at < end - start; at++) rows.push(columns.map((column, c) => cellText(column, values[c]![at])));
  }
  return rows;
}

/** The text of a cell in the first rows. */
function cellText(column: ParquetColumn, value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((one) => column.textOf(one) ?? 'NULL').join(', ')}]`;
  return column.textOf(value) ?? '';
}

interface Taken {
  readonly role: Role;
  readonly column: ParquetColumn;
  readonly isList: boolean;
}

/** Judges and encodes the rows of a Parquet file. */
class ParquetRows {
  readonly encoder: RowEncoder;
  private readonly taken: readonly Taken[];
  private readonly names: readonly string[];
  private readonly positions: ColumnPositions;
  private readonly options: ReadOptions;
  private readonly rejects: Rejects;
  private readonly row = blankRow();

  constructor(
    taken: readonly Taken[],
    names: readonly string[],
    positions: ColumnPositions,
    options: ReadOptions & LogFacts,
    rejects: Rejects,
  ) {
    this.encoder = new RowEncoder(
      taken.map(({ role }) => role),
      rowRules(options),
    );
    this.taken = taken;
    this.names = names;
    this.positions = positions;
    this.options = options;
    this.rejects = rejects;
  }

  /** Takes row `line`, whose values are in the order of the roles. */
  add(line: number, values: readonly unknown[]): void {
    const lengths = values.flatMap((value, at) => (this.taken[at]!.isList && Array.isArray(value) ? value.length : []));
    const isUneven = new Set(lengths).size > 1;
    // A row whose lists are all missing has no item.
    const count = this.taken.some(({ isList }) => isList) ? Math.max(0, ...lengths) : 1;
    for (let at = 0; at < count; at++) {
      if (isUneven) this.rejects.add(unevenLists(line, this.names[this.positions.item]!));
      else
        this.addOne(
          line,
          values.map((value, c) => (this.taken[c]!.isList ? (value as unknown[] | null)?.[at] : value)),
        );
    }
  }

  private addOne(line: number, values: readonly unknown[]): void {
    const { taken, row, options, rejects } = this;
    let isGood = true;
    for (let c = 0; c < taken.length; c++) {
      const { role, column } = taken[c]!;
      if (role === 'user' || role === 'item' || role === 'event') {
        const text = column.textOf(values[c]) ?? '';
        row[role] = role === 'event' ? trimmed(text) : text;
        if (cellKind(role, text, options) !== 'good') isGood = false;
      } else {
        const value = measureIn(role, column, values[c], options);
        if (value === undefined) isGood = false;
        else row[role] = value;
      }
    }
    if (isGood) {
      this.encoder.add(row);
      return;
    }
    const { names, positions } = this;
    const textAt = (position: number) => {
      const c = taken.findIndex(({ role }) => positions[role] === position);
      return taken[c]!.column.textOf(values[c]) ?? '';
    };
    const fault = badCell(line, { names, positions, rules: options }, textAt);
    if (fault === 'missing') rejects.passed.missingIds++;
    else if (fault) rejects.add(fault);
  }
}

/** The value of a rating, time or weight: NaN for a blank one, undefined for a bad one. */
function measureIn(
  role: 'rating' | 'time' | 'weight',
  { valueType, textOf }: ParquetColumn,
  value: unknown,
  options: ReadOptions,
): number | undefined {
  if (valueType === 'VARCHAR') return measureOf(role, textOf(value) ?? '', options);
  if (value === undefined || value === null || Number.isNaN(value)) return role === 'weight' ? undefined : Number.NaN;
  if (isInstant(value)) return role === 'time' ? value.micros / 1e6 : undefined;
  const number = Number(value);
  return Number.isFinite(number) && (role !== 'weight' || number >= 0) ? number : undefined;
}
