import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { stringify } from 'csv-stringify/sync';
import type { UserRecommendations } from '../recommender/recommendation.ts';
import { type ExportFormat, type ListFormat, listColumns } from './list-format.ts';
import { parquetLists } from './parquet-lists.ts';

/** Opens a format. @param titles whether the model has titles */
export function openListFormat(format: ExportFormat, titles: boolean): Promise<ListFormat> {
  if (format === 'parquet') return parquetLists(listColumns(titles));
  return Promise.resolve(format === 'csv' ? csvLists(titles) : jsonLists());
}

function csvLists(titles: boolean): ListFormat {
  const rowsOf = ({ user, items }: UserRecommendations) =>
    items.map(({ id, score, title }, i) => [user, i + 1, id, score, ...(titles ? [title ?? null] : [])]);
  return textLists(stringify([listColumns(titles)]), (block) => stringify(block.flatMap(rowsOf)));
}

function jsonLists(): ListFormat {
  return textLists('', (block) => block.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
}

/** A format of text: the file is a header, then the parts one after another. */
function textLists(header: string, textOf: (block: readonly UserRecommendations[]) => string): ListFormat {
  const opened = new Set<FileHandle>();
  return {
    async begin(path) {
      const file = await open(path, 'wx');
      opened.add(file);
      return {
        async add(block) {
          await file.writeFile(textOf(block));
        },
        async end() {
          return async () => {
            opened.delete(file);
            await file.close();
          };
        },
      };
    },
    async join(parts, path) {
      async function* bytes() {
        yield Buffer.from(header);
        for (const part of parts) yield* createReadStream(part);
      }
      await pipeline(bytes, createWriteStream(path, { flags: 'wx' }));
    },
    async close() {
      await Promise.all(Array.from(opened, (file) => file.close()));
    },
  };
}
