import type { Shelf } from '../../data/source/shelf.ts';
import { TaurecError } from '../../errors.ts';
import { type FileHead, headBytes } from '../../platform/head.ts';
import { piecesOf } from '../../platform/text-pieces.ts';
import { concatenated, gunzipped, gunzippedHead } from './gunzip.ts';
import type { NamedBlob } from './page-source.ts';

/** Files of a page; copies are Blobs, which a browser keeps in memory or, where they are large, on disk. */
export interface PageShelf extends Shelf<NamedBlob> {
  /** The bytes of a file. @param see gets the packed bytes */
  bytes(file: NamedBlob, gzip: boolean, see?: (piece: Uint8Array) => void): AsyncIterable<Uint8Array>;
}

/** The shelf of one read, which `signal` stops with the error `aborted`. */
export function pageShelf(signal?: AbortSignal): PageShelf {
  async function* raw(file: NamedBlob, see?: (piece: Uint8Array) => void): AsyncGenerator<Uint8Array> {
    const pieces = piecesOf(file.blob.stream());
    try {
      for (;;) {
        if (signal?.aborted) throw new TaurecError('aborted');
        const { done, value } = await pieces.next().catch((cause: Error) => {
          // A file that changed or went away since it was chosen.
          const facts = { file: file.name, format: 'a file', reason: `${cause.message.replace(/\.$/, '')}.` };
          throw new TaurecError('unreadable-file', facts, { cause });
        });
        if (done) return;
        see?.(value);
        yield value;
      }
    } finally {
      await pieces.return(undefined);
    }
  }
  return {
    nameOf: ({ name }) => name,
    async head(file): Promise<FileHead> {
      const { blob, name } = file;
      const pieces: Uint8Array[] = [];
      for await (const piece of raw({ name, blob: blob.slice(0, headBytes) })) pieces.push(piece);
      const bytes = concatenated(pieces);
      const whole = blob.size <= headBytes;
      // 1f 8b is the magic of gzip.
      if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return { gzip: false, bytes, whole };
      try {
        return { gzip: true, bytes: gunzippedHead(bytes), whole };
      } catch (cause) {
        const reason = `${(cause as Error).message}.`;
        throw new TaurecError('unreadable-file', { file: name, format: 'gzip', reason }, { cause });
      }
    },
    bytes: (file, gzip, see) => (gzip ? gunzipped(raw(file, see)) : raw(file, see)),
    async keep(pieces, name) {
      const parts: BlobPart[] = [];
      for await (const piece of pieces) parts.push(piece as BlobPart);
      return { name: name(), blob: new Blob(parts) };
    },
  };
}
