import { TaurecError } from '../../errors.ts';

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

/** Takes the bad rows that are skipped, one by one: what is kept of them, and where, is the caller's. */
export interface RejectsList {
  /** `line` counts rows of a table from 1, or lines of a file. */
  write(line: number, column: string, got: string, reason: string): void;
}

/** Handles bad rows. In mode 'fail' the first one throws; in mode 'skip' each is counted and goes to a list. */
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
  private readonly list: RejectsList;
  private readonly headerLines: number;

  /** @param headerLines lines before the first row; subtracted from each line, so that the list counts rows of a database table instead of lines. Default 0 */
  constructor(file: string, mode: 'fail' | 'skip', list: RejectsList, headerLines = 0) {
    this.file = file;
    this.mode = mode;
    this.list = list;
    this.headerLines = headerLines;
  }

  /** Records a bad row. Throws `bad-row` in mode 'fail'. */
  add(bad: BadRow): void {
    const got = bad.got.length > longestShown ? `${bad.got.slice(0, longestShown)}…` : bad.got;
    if (this.mode === 'fail') throw new TaurecError('bad-row', { file: this.file, ...bad, got });
    this.count++;
    this.list.write(bad.line - this.headerLines, bad.column, got, `expected ${bad.expected}`);
  }

  /** Counts a good row with a quoted field over several lines. */
  addLines(line: number, lines: number): void {
    const all = this.passed.manyLines;
    if (all.rows++ === 0) all.first = line - this.headerLines;
    all.most = Math.max(all.most, lines);
  }
}
