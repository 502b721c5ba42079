import { closeSync, openSync, writeSync } from 'node:fs';

const bufferLength = 1 << 16;

/** A text file being written, in pieces of about 64 kB. */
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

  /** Writes what is waiting and closes the file. */
  close(): void {
    try {
      this.flush();
    } finally {
      closeSync(this.descriptor);
    }
  }

  private flush(): void {
    const bytes = Buffer.from(this.waiting);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.descriptor, bytes, at);
    this.waiting = '';
  }
}
