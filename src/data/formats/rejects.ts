import { renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { TaurecError } from '../../errors.ts';
import { TextFile } from '../../platform/text-file.ts';
import { makeFolder } from '../../platform/write-fault.ts';

/** Maximum characters of a bad value in messages and in the rejects file. */
const longestShown = 200;

/** A bad row: its line, the column of its first bad cell, the content of that cell, and the expected content. */
export interface BadRow {
  line: number;
  column: string;
  got: string;
  expected: string;
  /** What to do about it, as a sentence. */
  remedy?: string;
}

/** Rows that a reader passed over without fault, and fields over several lines, as counts. */
export interface PassedOver {
  /** Rows whose fields are all blank. */
  blankRows: number;
  /** Lines that repeat the header. */
  repeatedHeaders: number;
  /** Rows with an id that means "missing" (`nullValues`). */
  missingIds: number;
  /** Quoted fields over several lines: how many rows have one, the line of the first, and the most lines of a row. */
  manyLines: { rows: number; first: number; most: number };
}

/** Handles bad rows. In mode 'fail' the first one throws; in mode 'skip' each is written to a CSV file (line, column, value, reason). */
export class Rejects {
  count = 0;
  readonly passed: PassedOver = {
    blankRows: 0,
    repeatedHeaders: 0,
    missingIds: 0,
    manyLines: { rows: 0, first: 0, most: 0 },
  };
  private readonly file: string;
  private readonly mode: 'fail' | 'skip';
  private readonly path: string;
  private readonly temporary: string;
  private readonly headerLines: number;
  private output?: TextFile;

  /**
   * @param headerLines lines before the first row; subtracted from each line, so that the rejects file counts rows of a database table instead of lines. Default 0
   * @param label the name of the rejects file without its ending. Default: that of the file
   */
  constructor(file: string, mode: 'fail' | 'skip', directory: string, headerLines = 0, label = basename(file)) {
    this.file = file;
    this.mode = mode;
    this.headerLines = headerLines;
    this.path = join(directory, `${label}.rejects.csv`);
    this.temporary = `${this.path}.${process.pid}.tmp`;
  }

  /** Records a bad row. Throws `bad-row` in mode 'fail'. */
  add(bad: BadRow): void {
    const got = bad.got.length > longestShown ? `${bad.got.slice(0, longestShown)}…` : bad.got;
    if (this.mode === 'fail') throw new TaurecError('bad-row', { file: this.file, ...bad, got });
    this.count++;
    if (!this.output) {
      makeFolder(dirname(this.temporary));
      this.output = new TextFile(this.temporary);
      this.output.write('line,column,value,reason\n');
    }
    this.output.write(stringify([[bad.line - this.headerLines, bad.column, got, `expected ${bad.expected}`]]));
  }

  /** Counts a good row with a quoted field over several lines. */
  addLines(line: number, lines: number): void {
    const all = this.passed.manyLines;
    if (all.rows++ === 0) all.first = line - this.headerLines;
    all.most = Math.max(all.most, lines);
  }

  /** Completes the rejects file and returns its path; undefined when no row was bad. */
  close(): string | undefined {
    if (!this.output) return undefined;
    this.output.close();
    this.output = undefined;
    renameSync(this.temporary, this.path);
    return this.path;
  }

  /** Removes the unfinished file after an error. */
  abandon(): void {
    this.output?.close();
    rmSync(this.temporary, { force: true });
  }
}
