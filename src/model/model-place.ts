/** A folder of a browser: one of the page's private file system (OPFS), or one that the user picked. Every `FileSystemDirectoryHandle` is one. */
export interface FolderHandle {
  readonly kind: 'directory';
  readonly name: string;
}

/** Where a model is: in Node the path of its folder. In a browser its address, a folder, or a zip of it (`zipModel`). */
export type ModelPlace = string | URL | FolderHandle | Blob;
