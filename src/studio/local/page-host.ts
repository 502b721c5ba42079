import { previewTable } from '../../browser/reading/preview-table.ts';
import { readCatalogue } from '../../browser/reading/read-catalogue.ts';
import { readInteractions } from '../../browser/reading/read-interactions.ts';
import { readTitles } from '../../browser/reading/read-titles.ts';
import { runInWorker } from '../../browser/train-in-worker.ts';
import { version } from '../../platform/version.ts';
import { type Host, type HostFile, passingId, type Readable, type Reader } from '../workbench/host.ts';
import { previewRows } from '../workbench/shown-preview.ts';
import type { LossBench } from '../workbench/typed-loss.ts';
import { openPageStore } from './page-store.ts';

const reader: Reader = {
  interactions: (file, options, { signal, onProgress } = {}) =>
    readInteractions(fileOf(file), options, {
      signal,
      onProgress: ({ bytes, totalBytes }) => onProgress?.({ done: bytes, total: totalBytes }),
    }),
  titles: (file, items, options) => readTitles(fileOf(file), items, options),
  catalogue: (file, options) => readCatalogue(fileOf(file), options),
  preview: (file, options) => previewTable(fileOf(file), { ...options, rows: previewRows }),
};

function fileOf(file: Readable): File {
  if (typeof file !== 'string') return file;
  throw new TypeError('a page has no paths');
}

/** The host of a workbench in a worker of a page: files that the person chose stay in memory, runs in the browser's private file system. */
export async function pageHost(losses: LossBench): Promise<Host> {
  const added: HostFile[] = [];
  const { store, notes } = await openPageStore();
  return {
    about: { kind: 'page', version },
    reader,
    store,
    notes,
    losses,
    train: runInWorker,
    files: async () => ({ files: added }),
    async add(file, control) {
      control?.onProgress?.({ done: file.size, total: file.size });
      const { name, size: bytes } = file;
      const one: HostFile = { source: { id: passingId(added.length + 1), name, kind: 'file', bytes }, file };
      added.push(one);
      return one;
    },
    place: async (name, text) => new File([text], name),
  };
}
