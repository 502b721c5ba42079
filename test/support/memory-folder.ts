/** What a folder of a browser holds: files, and folders within. */
export interface Tree {
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  readonly folders: Map<string, Tree>;
}

export const emptyTree = (): Tree => ({ files: new Map(), folders: new Map() });

/** How often a folder may still be changed; at 0 every change throws `error`, as after the end of the page or of its storage. */
export interface Limit {
  changes: number;
  readonly error: string;
  /** `always`: the page has ended, and so have its changes. `once`: room is found afterwards. */
  readonly refuses: 'always' | 'once';
}

/**
 * A folder handle over `tree` with the methods that taurec calls, and the rules of the standard: content appears at `close`, at once; a missing entry is a NotFoundError.
 * @param canMove whether files have `move`, which some browsers lack
 */
export function memoryFolder(tree: Tree, limit?: Limit, canMove = true, name = 'films'): FileSystemDirectoryHandle {
  const missing = (what: string) => new DOMException(`no ${what}`, 'NotFoundError');
  const change = (work: () => void) => {
    if (limit && limit.changes <= 0) {
      if (limit.refuses === 'once') limit.changes = Infinity;
      throw new DOMException('refused', limit.error);
    }
    if (limit) limit.changes--;
    work();
  };
  const fileHandle = (file: string) => ({
    kind: 'file',
    name: file,
    async getFile() {
      const bytes = tree.files.get(file);
      if (!bytes) throw missing(file);
      return new File([bytes], file);
    },
    async createWritable() {
      const parts: Blob[] = [];
      return {
        write: async (content: Blob) => change(() => parts.push(content)),
        abort: async () => {},
        async close() {
          const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
          change(() => tree.files.set(file, bytes));
        },
      };
    },
    ...(canMove && {
      async move(to: { readonly tree: Tree }, as: string) {
        change(() => {
          to.tree.files.set(as, tree.files.get(file)!);
          tree.files.delete(file);
        });
      },
    }),
  });
  const handle = {
    kind: 'directory',
    name,
    tree,
    async *keys() {
      yield* [...tree.files.keys(), ...tree.folders.keys()];
    },
    async getFileHandle(file: string, { create = false } = {}) {
      if (!tree.files.has(file)) {
        if (!create) throw missing(file);
        change(() => tree.files.set(file, new Uint8Array(0)));
      }
      return fileHandle(file);
    },
    async getDirectoryHandle(folder: string, { create = false } = {}) {
      if (!tree.folders.has(folder)) {
        if (!create) throw missing(folder);
        change(() => tree.folders.set(folder, emptyTree()));
      }
      return memoryFolder(tree.folders.get(folder)!, limit, canMove, folder);
    },
    async removeEntry(entry: string) {
      if (!tree.files.has(entry) && !tree.folders.has(entry)) throw missing(entry);
      change(() => void (tree.files.delete(entry) || tree.folders.delete(entry)));
    },
  };
  return handle as unknown as FileSystemDirectoryHandle;
}
