import { sha256 as sha256Of } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { TaurecError } from '../../errors.ts';
import type { PageShelf } from './page-shelf.ts';
import type { NamedBlob } from './page-source.ts';
import type { ReadControls } from './read-controls.ts';

/** Bytes between two reports of progress. */
const step = 1 << 20;

/** One pass over a file: its bytes, decompressed, and the digest of what is stored. It goes on after an error of its reader, because only the end tells whether a gzip file is whole. */
export class FilePass implements AsyncIterable<Uint8Array> {
  private readonly file: NamedBlob;
  private readonly gzip: boolean;
  private readonly pieces: AsyncIterator<Uint8Array>;
  private readonly hash = sha256Of.create();

  constructor(shelf: PageShelf, file: NamedBlob, gzip: boolean, { onProgress }: ReadControls) {
    this.file = file;
    this.gzip = gzip;
    const totalBytes = file.blob.size;
    let bytes = 0;
    let told = 0;
    const see = (piece: Uint8Array) => {
      this.hash.update(piece);
      bytes += piece.length;
      if (bytes < totalBytes && bytes - told < step) return;
      told = bytes;
      onProgress?.({ file: file.name, bytes, totalBytes });
    };
    this.pieces = shelf.bytes(file, gzip, see)[Symbol.asyncIterator]();
  }

  /** The bytes. A loop over them may stop early, and `finish` takes the rest. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return { next: () => this.next() };
  }

  /** Reads the rest, and returns the SHA-256 of the stored bytes, in hexadecimal. @throws TaurecError `unreadable-file` for a gzip stream that is broken or cut off */
  async finish(): Promise<string> {
    while (!(await this.next()).done);
    return bytesToHex(this.hash.digest());
  }

  private async next(): Promise<IteratorResult<Uint8Array>> {
    try {
      return await this.pieces.next();
    } catch (cause) {
      if (cause instanceof TaurecError || !this.gzip) throw cause;
      const reason = `the gzip stream is broken or cut off (${(cause as Error).message}).`;
      throw new BrokenStream(this.file.name, reason, cause);
    }
  }
}

/** The error of a gzip stream; the reader, which knows the format, names it. */
export class BrokenStream extends Error {
  readonly file: string;
  readonly reason: string;

  constructor(file: string, reason: string, cause: unknown) {
    super(reason, { cause });
    this.file = file;
    this.reason = reason;
  }
}
