import { type AttributeType, type AttributeValue, columnOf } from '../../data/attribute-columns.ts';
import { catalogueColumns, reasonToLeaveOut } from '../../data/catalogue-columns.ts';
import type { CatalogueTable } from '../../data/catalogue-table.ts';
import { trimmed } from '../../data/formats/cells.ts';
import { sniffTable } from '../../data/formats/table-layout.ts';
import { IdMapBuilder } from '../../data/id-map.ts';
import type { TitleOptions } from '../../data/title-columns.ts';
import { TaurecError } from '../../errors.ts';
import { type CatalogueValues, valuesOfJson, valuesOfParquet, valuesOfTexts } from './catalogue-values.ts';
import { exactObject } from './json-values.ts';
import { type PageShelf, pageShelf } from './page-shelf.ts';
import { type NamedBlob, type PagePlace, shownPlace } from './page-source.ts';
import type { ReadControls } from './read-controls.ts';
import { objectsOf, openItems, recordsOf } from './read-tables.ts';
import { withPageSources } from './with-page-sources.ts';

/**
 * Reads a catalogue of items in a browser: ids, titles and attributes, from one file or address, with the rules of `readCatalogue` in Node (docs/catalogue.md).
 * @throws TaurecError `bad-catalogue` for an id that occurs twice or is missing, naming the line; the errors of `readInteractions` for files and columns
 */
export async function readCatalogue(
  source: PagePlace,
  options: TitleOptions = {},
  controls: Pick<ReadControls, 'signal'> = {},
): Promise<CatalogueTable> {
  const shelf = pageShelf(controls.signal);
  const [table] = await withPageSources(shelf, source, options, ({ file }) => readFile(shelf, file, options));
  return { ...table!, source: shownPlace(source) };
}

/** The cells of a table, column by column, and where its rows are. */
interface Cells {
  readonly names: readonly string[];
  /** The values of a column, as those of an attribute. */
  readonly columns: readonly CatalogueValues[];
  /** The text of the id or the title in a row. */
  textOf(column: number, row: number): string;
  readonly rows: number;
  readonly lineOf: (row: number) => number;
  readonly unit?: string;
}

async function readFile(shelf: PageShelf, file: NamedBlob, options: TitleOptions): Promise<CatalogueTable> {
  const cells = await cellsOf(shelf, file, options);
  const { names, id, title } = catalogueColumns(file.name, cells.names, options);
  const bad = (row: number, problem: string): never => {
    const { lineOf, unit } = cells;
    throw new TaurecError('bad-catalogue', { file: file.name, line: lineOf(row), ...(unit && { unit }), problem });
  };
  const taken: [name: string, type: AttributeType, values: readonly AttributeValue[]][] = [];
  const leftOut: { name: string; reason: string }[] = [];
  for (const [at, { type, values, given }] of cells.columns.entries()) {
    if (at === id || at === title) continue;
    const name = names[at]!;
    const reason = reasonToLeaveOut(name, at, type, given);
    if (reason !== undefined) leftOut.push({ name, reason });
    else taken.push([name, type!, values]);
  }
  const seen = new Set<string>();
  const ids = new IdMapBuilder();
  for (let row = 0; row < cells.rows; row++) {
    const own = trimmed(cells.textOf(id, row));
    if (own === '') bad(row, 'the id is missing');
    if (seen.has(own)) bad(row, `the id ${JSON.stringify(own)} occurs twice`);
    seen.add(own);
    ids.add(own);
  }
  if (seen.size === 0) throw new TaurecError('empty-data', { file: file.name, reason: 'it names no items' });
  const titles =
    title === undefined ? undefined : Array.from({ length: cells.rows }, (_, row) => trimmed(cells.textOf(title, row)));
  return {
    source: file.name,
    ids: ids.build(),
    ...(titles && { titles }),
    attributes: new Map(taken.map(([name, type, values]) => [name, columnOf(type, values)])),
    leftOut,
  };
}

async function cellsOf(shelf: PageShelf, source: NamedBlob, options: TitleOptions): Promise<Cells> {
  const items = await openItems(shelf, source, options);
  const { file, head, format } = items;
  if (format === 'parquet') {
    const { openParquet } = await import('./parquet-file.ts');
    const { columns, groups, read } = await openParquet(file);
    const all = columns.map((): unknown[] => []);
    // One by one: a call takes some hundred thousand arguments at most.
    for (const [start, end] of groups)
      for (const [c, column] of columns.entries())
        for (const value of Array.from(await read(column, start, end))) all[c]!.push(value);
    return {
      names: columns.map(({ name }) => name),
      columns: columns.map((column, c) => valuesOfParquet(column, all[c]!)),
      textOf: (column, row) => columns[column]!.textOf(all[column]![row]) ?? '',
      rows: groups.at(-1)?.[1] ?? 0,
      lineOf: (row) => row + 1,
      unit: 'row',
    };
  }
  const lines: number[] = [];
  const lineOf = (row: number) => lines[row]!;
  if (format === 'jsonl') {
    const objects: Record<string, unknown>[] = [];
    const exact: Record<string, unknown>[] = [];
    const names = new Set<string>();
    for await (const { line, text, object } of objectsOf(shelf, items)) {
      lines.push(line);
      objects.push(object);
      exact.push(exactObject(text, object));
      for (const name of Object.keys(object)) names.add(name);
    }
    const list = [...names];
    return {
      names: list,
      columns: list.map((name) =>
        valuesOfJson(
          objects.map((object) => object[name]),
          exact.map((object) => object[name]),
        ),
      ),
      textOf: (column, row) => String(exact[row]![list[column]!] ?? ''),
      rows: objects.length,
      lineOf,
    };
  }
  const { layout, first } = sniffTable(file.name, format, head, {
    user: 1,
    item: 1,
    delimiter: options.delimiter,
    header: true,
  });
  const texts = first.map((): string[] => []);
  for await (const { line, fields } of recordsOf(shelf, items, layout)) {
    lines.push(line);
    for (const [c, column] of texts.entries()) column.push(trimmed(fields[c]!));
  }
  return {
    names: first,
    columns: texts.map(valuesOfTexts),
    textOf: (column, row) => texts[column]![row]!,
    rows: lines.length,
    lineOf,
  };
}
