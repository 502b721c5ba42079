// A Parquet file by hyparquet, with the types and texts that Node's reader has.

import { gunzipSync } from 'fflate';
import { decompress } from 'fzstd';
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  type ParquetParsers,
  parquetMetadataAsync,
  parquetScan,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import { TaurecError } from '../../errors.ts';
import { concatenated } from './gunzip.ts';
import { doubleText, floatText } from './number-text.ts';
import type { NamedBlob } from './page-source.ts';

/** A column of a Parquet file. */
export interface ParquetColumn {
  readonly name: string;
  /** Its type as Node's reader names it, such as `BIGINT`, `VARCHAR[]` or `STRUCT(a INTEGER)`. */
  readonly type: string;
  /** The type of its values: that of the elements of a list. */
  readonly valueType: string;
  /** The text of a value; undefined for none. */
  textOf(value: unknown): string | undefined;
}

/** A Parquet file that is open for reading. */
export interface ParquetFile {
  readonly columns: readonly ParquetColumn[];
  /** The rows of each row group: from the first to before the end. */
  readonly groups: readonly (readonly [start: number, end: number])[];
  /** The values of a column in the rows `start` to before `end` of a row group; lists are arrays, and dates and times are `Instant`s. */
  read(column: ParquetColumn, start: number, end: number): Promise<ArrayLike<unknown>>;
}

/** A date or time: microseconds since 1970-01-01 UTC, and the nanoseconds below them. */
export interface Instant {
  readonly micros: number;
  readonly nanos?: string;
}

/** Opens a Parquet file. @throws TaurecError `unreadable-file` */
export async function openParquet({ name, blob }: NamedBlob): Promise<ParquetFile> {
  const file: AsyncBuffer = {
    byteLength: blob.size,
    slice: (start, end) => blob.slice(start, end).arrayBuffer(),
  };
  const unreadable = (cause: Error): never => {
    if (cause instanceof TaurecError) throw cause;
    throw new TaurecError('unreadable-file', { file: name, format: 'parquet', reason: `${cause.message}.` }, { cause });
  };
  const metadata: FileMetaData = await parquetMetadataAsync(file, { geoparquet: false }).catch(unreadable);
  const compressors = compressorsOf(name, metadata);
  const scan = await parquetScan({ file, metadata, compressors, parsers, geoparquet: false }).catch(unreadable);
  return {
    columns: parquetSchema(metadata).children.map(columnOf),
    groups: scan.ranges.map(({ rowStart, rowEnd }) => [rowStart, rowEnd]),
    read: ({ name: column }, rowStart, rowEnd) => scan.readColumn({ column, rowStart, rowEnd }).catch(unreadable),
  };
}

const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis) => ({ micros: Number(millis) * 1000 }),
  timestampFromMicroseconds: (micros) => ({ micros: Number(micros) }),
  timestampFromNanoseconds: (nanos) => ({
    micros: Number(nanos / 1000n),
    nanos: String(((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n).padStart(9, '0'),
  }),
  dateFromDays: (days) => ({ micros: days * 86_400e6 }),
  jsonFromBytes: (bytes) => bytes && new TextDecoder().decode(bytes),
};

/** What unpacks the pages of a file. Snappy is in hyparquet. @throws TaurecError `unreadable-file` for compressions that a browser does not read */
function compressorsOf(name: string, { row_groups }: FileMetaData): Compressors {
  const codecs = new Set(row_groups.flatMap(({ columns }) => columns.map(({ meta_data }) => meta_data?.codec)));
  const compressors: Compressors = {};
  for (const codec of codecs) {
    if (codec === undefined || codec === 'UNCOMPRESSED' || codec === 'SNAPPY') continue;
    if (codec === 'GZIP') {
      compressors.GZIP = (bytes, length) => gunzipSync(bytes, { out: new Uint8Array(length) });
    } else if (codec === 'ZSTD') {
      compressors.ZSTD = (bytes, length) => decompress(bytes, new Uint8Array(length));
    } else {
      const reason = `its pages are compressed by ${codec}, which a browser does not read; write it with zstd, gzip or snappy.`;
      throw new TaurecError('unreadable-file', { file: name, format: 'parquet', reason });
    }
  }
  return compressors;
}

function columnOf(tree: SchemaTree): ParquetColumn {
  const type = typeOf(tree);
  const valueType = type.replace(/\[\]$/, '');
  return { name: tree.element.name, type, valueType, textOf: (value) => textOf(valueType, value) };
}

/** The type of a column, in DuckDB's names. */
function typeOf({ element, children }: SchemaTree): string {
  const inner = () => {
    if (children.length === 0) return scalarType(element);
    const [first] = children;
    if (element.converted_type === 'LIST' && first?.element.repetition_type === 'REPEATED') {
      const [own] = first.children;
      // A list is a group with a repeated group with one element; older writers leave out the inner group.
      return first.children.length === 1 ? `${typeOf(own!)}[]` : typeOf(first);
    }
    if (element.converted_type === 'MAP' && first?.children.length === 2)
      return `MAP(${first.children.map(typeOf).join(', ')})`;
    return `STRUCT(${children.map((child) => `${fieldName(child.element.name)} ${typeOf(child)}`).join(', ')})`;
  };
  return element.repetition_type === 'REPEATED' ? `${inner()}[]` : inner();
}

const fieldName = (name: string) => (/^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`);

const integers: Readonly<Record<string, string>> = {
  INT_8: 'TINYINT',
  INT_16: 'SMALLINT',
  UINT_8: 'UTINYINT',
  UINT_16: 'USMALLINT',
  UINT_32: 'UINTEGER',
  UINT_64: 'UBIGINT',
};

function scalarType({
  type,
  converted_type: converted,
  logical_type: logical,
  precision,
  scale,
}: SchemaTree['element']): string {
  if (logical?.type === 'TIMESTAMP') {
    if (logical.isAdjustedToUTC) return 'TIMESTAMP WITH TIME ZONE';
    return logical.unit === 'NANOS' ? 'TIMESTAMP_NS' : 'TIMESTAMP';
  }
  if (logical?.type === 'UUID') return 'UUID';
  if (converted === 'DECIMAL') return `DECIMAL(${precision ?? 18},${scale ?? 0})`;
  if (converted === 'DATE') return 'DATE';
  if (converted === 'TIMESTAMP_MILLIS' || converted === 'TIMESTAMP_MICROS') return 'TIMESTAMP WITH TIME ZONE';
  if (converted !== undefined && converted in integers) return integers[converted]!;
  switch (type) {
    case 'BOOLEAN':
      return 'BOOLEAN';
    case 'INT32':
      return 'INTEGER';
    case 'INT64':
      return 'BIGINT';
    case 'INT96':
      return 'TIMESTAMP';
    case 'FLOAT':
      return 'FLOAT';
    case 'DOUBLE':
      return 'DOUBLE';
    default:
      return 'VARCHAR';
  }
}

function textOf(type: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') {
    if (type === 'DOUBLE') return doubleText(value);
    if (type === 'FLOAT') return floatText(value);
    const scale = /^DECIMAL\(\d+,(\d+)\)$/.exec(type);
    return scale ? value.toFixed(Number(scale[1])) : String(value);
  }
  if (value instanceof Uint8Array) return new TextDecoder().decode(concatenated([value]));
  return isInstant(value) ? instantText(type, value) : String(value);
}

/** True for a date or time. */
export const isInstant = (value: unknown): value is Instant =>
  typeof value === 'object' && value !== null && 'micros' in value;

function instantText(type: string, { micros, nanos }: Instant): string {
  const seconds = Math.floor(micros / 1e6);
  const [day, clock] = new Date(seconds * 1000).toISOString().slice(0, 19).split('T') as [string, string];
  if (type === 'DATE') return day;
  const digits = type === 'TIMESTAMP_NS' ? (nanos ?? '') : String(micros - seconds * 1e6).padStart(6, '0');
  const fraction = digits.replace(/0+$/, '');
  return `${day} ${clock}${fraction && `.${fraction}`}${type === 'TIMESTAMP WITH TIME ZONE' ? '+00' : ''}`;
}
