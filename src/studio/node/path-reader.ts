import { previewTable } from '../../data/preview-table.ts';
import { readInteractions } from '../../data/read.ts';
import { readCatalogue } from '../../data/read-catalogue.ts';
import { readTitles } from '../../data/read-titles.ts';
import { temporaryFolder } from '../../platform/temporary-folder.ts';
import type { Readable, Reader } from '../workbench/host.ts';
import { previewRows } from '../workbench/shown-preview.ts';

/** Reads files by their paths, with the readers of Node. Lists of bad rows go to a temporary folder. */
export function pathReader(): Reader {
  let rejects: Promise<string> | undefined;
  return {
    async interactions(file, options) {
      rejects ??= temporaryFolder();
      return readInteractions(pathOf(file), { ...options, rejectsDirectory: await rejects });
    },
    titles: (file, items, options) => readTitles(pathOf(file), items, options),
    catalogue: (file, options) => readCatalogue(pathOf(file), options),
    preview: (file, options) => previewTable(pathOf(file), { ...options, rows: previewRows }),
  };
}

function pathOf(file: Readable): string {
  if (typeof file === 'string') return file;
  throw new TypeError('a reader of paths got a File');
}
