import { trimmed } from '../../data/formats/cells.ts';
import { checkNesting } from '../../data/formats/nesting.ts';
import { sniffObjects } from '../../data/formats/table-layout.ts';
import type { IdMap } from '../../data/id-map.ts';
import { findTitleColumns, sniffTitles, type TitleOptions } from '../../data/title-columns.ts';
import { exactObject, textOfValue } from './json-values.ts';
import { type PageShelf, pageShelf } from './page-shelf.ts';
import type { PageSource } from './page-source.ts';
import type { ReadControls } from './read-controls.ts';
import { type ItemFile, objectsOf, openItems, recordsOf } from './read-tables.ts';
import { withPageSources } from './with-page-sources.ts';

/**
 * Reads item titles in a browser, from the sources and formats of `readInteractions` except LightGCN text. Returns them by item index, '' for an item without a title. Rows of items that `items` does not
 * contain are skipped; when an item occurs twice, one of its titles is kept.
 * @throws TaurecError the errors of `readInteractions` for files and columns
 */
export async function readTitles(
  source: PageSource,
  items: IdMap,
  options: TitleOptions = {},
  controls: Pick<ReadControls, 'signal'> = {},
): Promise<string[]> {
  const shelf = pageShelf(controls.signal);
  const lists = await withPageSources(shelf, source, options, async ({ file }) => {
    const titles = new Array<string>(items.size).fill('');
    await eachTitle(shelf, await openItems(shelf, file, options), options, (id, title) => {
      const index = items.indexOf(id);
      if (index >= 0) titles[index] = trimmed(title);
    });
    return titles;
  });
  return lists.reduce((all, list) => all.map((title, item) => list[item] || title));
}

/** Calls `take` with the id and the title of each row. */
async function eachTitle(
  shelf: PageShelf,
  items: ItemFile,
  options: TitleOptions,
  take: (id: string, title: string) => void,
): Promise<void> {
  const { file, head, format } = items;
  const find = (names: readonly string[] | undefined, width: number) =>
    findTitleColumns(file.name, names, width, options);
  if (format === 'parquet') {
    const { openParquet } = await import('./parquet-file.ts');
    const { columns, groups, read } = await openParquet(file);
    const { user, item } = find(
      columns.map(({ name }) => name),
      columns.length,
    );
    const [id, title] = [columns[user]!, columns[item]!];
    // Neither is a list.
    for (const { name, type } of [id, title]) checkNesting(file.name, 'user', name, type);
    for (const [start, end] of groups) {
      const [ids, titles] = await Promise.all([read(id, start, end), read(title, start, end)]);
      for (let at = 0; at < end - start; at++) take(id.textOf(ids[at]) ?? '', title.textOf(titles[at]) ?? '');
    }
  } else if (format === 'jsonl') {
    const { names } = sniffObjects(head);
    const { user, item } = find(names, names.length);
    for await (const { text, object } of objectsOf(shelf, items)) {
      const exact = exactObject(text, object);
      take(textOfValue(exact[names[user]!]), textOfValue(exact[names[item]!]));
    }
  } else {
    const { layout, first } = sniffTitles(file.name, format, head, options);
    const { user, item } = find(layout.header ? first : undefined, layout.width);
    for await (const { fields } of recordsOf(shelf, items, layout)) take(trimmed(fields[user]!), fields[item]!);
  }
}
