import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { TaurecError } from '../../errors.ts';
import { TextFile } from '../../platform/text-file.ts';

/** Characters of a bad value that are shown. */
const longestShown = 200;

/** A row that cannot be read: its place, its content, and the expected content. */
export interface BadRow {
  line: number;
  column: string;
  got: string;
  expected: string;
}

/** Handling of bad rows: the first one throws, or each is written to a CSV file (line, column, value, reason) and skipped. */
export class Rejects {
  count = 0;
  private readonly file: string;
  private readonly mode: 'fail' | 'skip';
  private readonly path: string;
  private readonly temporary: string;
  private readonly headerLines: number;
  private output?: TextFile;

  /** @param headerLines lines before the first row, where rows are to be counted in the file of rejects instead of lines */
  constructor(file: string, mode: 'fail' | 'skip', directory: string, headerLines = 0) {
    this.file = file;
    this.mode = mode;
    this.headerLines = headerLines;
    this.path = join(directory, `${basename(file)}.rejects.csv`);
    this.temporary = `${this.path}.${process.pid}.tmp`;
  }

  /** Takes a bad row. Throws `bad-row` in mode 'fail'. */
  add(bad: BadRow): void {
    const got = bad.got.length > longestShown ? `${bad.got.slice(0, longestShown)}…` : bad.got;
    if (this.mode === 'fail') throw new TaurecError('bad-row', { file: this.file, ...bad, got });
    this.count++;
    if (!this.output) {
      mkdirSync(dirname(this.temporary), { recursive: true });
      this.output = new TextFile(this.temporary);
      this.output.write('line,column,value,reason\n');
    }
    this.output.write(stringify([[bad.line - this.headerLines, bad.column, got, `expected ${bad.expected}`]]));
  }

  /** Completes the file of rejects; its path, when there is one. */
  close(): string | undefined {
    if (!this.output) return undefined;
    this.output.close();
    this.output = undefined;
    renameSync(this.temporary, this.path);
    return this.path;
  }

  /** Leaves no unfinished file behind after an error. */
  abandon(): void {
    this.output?.close();
    rmSync(this.temporary, { force: true });
  }
}
