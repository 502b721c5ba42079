import { closeSync, openSync, writeSync } from 'node:fs';

/** Characters that are buffered before a write. */
const bufferLength = 1 << 16;

/** A writer of a text file with a buffer of 64 Ki characters, so that a short line does not cost a system call. Writes are synchronous. */
export class TextFile {
  private readonly descriptor: number;
  private waiting = '';

  constructor(path: string) {
    this.descriptor = openSync(path, 'w');
  }

  write(text: string): void {
    this.waiting += text;
    if (this.waiting.length >= bufferLength) this.flush();
  }

  /** Writes the rest of the buffer and closes the file. */
  close(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.descriptor);
    }
  }

  private flush(): void {
    const bytes = Buffer.from(this.waiting);
    // One call may write only a part of the bytes.
    for (let at = 0; at < bytes.length; ) at += writeSync(this.descriptor, bytes, at);
    this.waiting = '';
  }
}
