import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { temporaryFolder } from '../../platform/temporary-folder.ts';
import { version } from '../../platform/version.ts';
import { launch } from '../../training/train-embeddings.ts';
import { type Host, type HostFile, passingId } from '../workbench/host.ts';
import { memoryStore } from '../workbench/memory-store.ts';
import { pathReader } from './path-reader.ts';

/**
 * A host in Node: files are in a temporary folder, which goes with the process, and runs are kept in memory. A server replaces what it has better: its folder, its store, its samples.
 */
export function nodeHost(own: Partial<Host> = {}): Host {
  const added: HostFile[] = [];
  let folder: Promise<string> | undefined;
  const place = async (name: string, content: string | Uint8Array) => {
    folder ??= temporaryFolder();
    const path = join(await folder, `${added.length}-${basename(name)}`);
    await writeFile(path, content);
    return path;
  };
  return {
    about: { kind: 'server', version },
    reader: pathReader(),
    store: memoryStore(),
    files: async () => ({ files: added }),
    async add(file, control) {
      const path = await place(file.name, new Uint8Array(await file.arrayBuffer()));
      control?.onProgress?.({ done: file.size, total: file.size });
      const one: HostFile = {
        source: { id: passingId(added.length + 1), name: file.name, kind: 'file', bytes: file.size },
        file: path,
      };
      added.push(one);
      return one;
    },
    place,
    train: launch,
    ...own,
  };
}
