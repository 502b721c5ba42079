import type { FileHead } from '../../platform/head.ts';

/** Where readers find files and keep the copies that they make of them: temporary folders in Node, Blobs in a browser. `F` is a file: a path, or a Blob with a name. */
export interface Shelf<F> {
  /** The name that errors of readers have for the file. */
  nameOf(file: F): string;
  /** The beginning of a plain or gzip file. @throws TaurecError `file-not-found`, `unreadable-file` */
  head(file: F): Promise<FileHead>;
  /** The bytes of a file, decompressed if `gzip`. */
  bytes(file: F, gzip: boolean): AsyncIterable<Uint8Array>;
  /** Keeps bytes or text (as UTF-8) as a new file. `name` is called at the end; the ending of a name may decide the format. */
  keep(pieces: AsyncIterable<Uint8Array | string>, name: () => string): Promise<F>;
}
