import { open } from 'node:fs/promises';

/** Characters of text that are gathered before they are written. */
const GATHERED = 1 << 20;

/** Writes a new file from pieces, texts or bytes, gathering short texts: no more than some megabytes are held at a time. */
export async function writePieces(
  path: string,
  pieces: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const file = await open(path, 'wx');
  try {
    let text = '';
    const flushText = async () => {
      if (text !== '') await file.writeFile(text);
      text = '';
    };
    for await (const piece of pieces) {
      if (typeof piece === 'string') {
        text += piece;
        if (text.length >= GATHERED) await flushText();
      } else {
        await flushText();
        await file.writeFile(piece);
      }
    }
    await flushText();
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A view's own bytes. */
export function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
