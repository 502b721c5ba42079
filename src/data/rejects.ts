import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Stringifier, stringify } from 'csv-stringify';
import { TaurecError } from '../errors.ts';

/** A row that cannot be read: where, what stands there, what should. */
export interface BadRow {
  line: number;
  column: string;
  got: string;
  expected: string;
}

/** What becomes of bad rows: the first one is an error, or each is written to a CSV file (line, column, value, reason) and passed over. */
export class Rejects {
  count = 0;
  private readonly file: string;
  private readonly mode: 'fail' | 'skip';
  private readonly path: string;
  private readonly temporary: string;
  private output?: { rows: Stringifier; stream: WriteStream };

  constructor(file: string, mode: 'fail' | 'skip', directory: string) {
    this.file = file;
    this.mode = mode;
    this.path = join(directory, `${basename(file)}.rejects.csv`);
    this.temporary = `${this.path}.${process.pid}.tmp`;
  }

  /** Makes room for the file of rejects. */
  async open(): Promise<void> {
    if (this.mode === 'skip') await mkdir(join(this.path, '..'), { recursive: true });
  }

  /** Takes a bad row. Throws `bad-row` in mode 'fail'. */
  add(bad: BadRow): void {
    if (this.mode === 'fail') throw new TaurecError('bad-row', { file: this.file, ...bad });
    this.count++;
    if (!this.output) {
      const rows = stringify({ header: true, columns: ['line', 'column', 'value', 'reason'] });
      const stream = createWriteStream(this.temporary);
      rows.pipe(stream);
      this.output = { rows, stream };
    }
    this.output.rows.write([bad.line, bad.column, bad.got, `expected ${bad.expected}`]);
  }

  /** Completes the file of rejects; its path, when there is one. */
  async close(): Promise<string | undefined> {
    if (!this.output) return undefined;
    this.output.rows.end();
    await once(this.output.stream, 'finish');
    await rename(this.temporary, this.path);
    return this.path;
  }

  /** Leaves nothing behind after an error. */
  async abandon(): Promise<void> {
    this.output?.stream.destroy();
    if (this.output) await rm(this.temporary, { force: true });
  }
}
