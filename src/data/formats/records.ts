/** One record of a delimited text: its fields, and the line (from 1) on which it starts. */
export interface TextRecord {
  line: number;
  fields: string[];
  /** The position, from 1, of the first quoted field that is not closed or has text after its closing quote. */
  broken?: number;
}

/** Maximum characters of a record with an open quote; beyond them the quote counts as never closed. */
const longestRecord = 1 << 20;

/**
 * Splits delimited text into records. In a field in double quotes, a quote is doubled, and delimiters and line ends are plain text.
 * A line ends with \n, \r\n or \r. Blank lines are skipped. Feed the text in pieces with `push`, then call `end`.
 * DuckDB's reader reads the data itself; this splitter reads the heads of files and finds the bad rows of files that have some.
 */
export class RecordSplitter {
  private readonly delimiter: string;
  private rest = '';
  private line = 1;

  constructor(delimiter: string) {
    this.delimiter = delimiter;
  }

  /** Adds a piece of text and yields the records that it completes. */
  *push(text: string): Iterable<TextRecord> {
    this.rest += text;
    yield* this.split(false);
  }

  /** Yields the last record, if the text does not end with a line end. */
  *end(): Iterable<TextRecord> {
    yield* this.split(true);
  }

  private *split(last: boolean): Iterable<TextRecord> {
    let start = 0;
    while (start < this.rest.length) {
      const found = this.record(start, last);
      if (!found) break;
      if (found.record) yield found.record;
      start = found.next;
    }
    this.rest = this.rest.slice(start);
  }

  /** The record at `start` and the start of the next one; undefined when its end is not in the text yet. `last`: no more text follows. */
  private record(start: number, last: boolean): { record?: TextRecord; next: number } | undefined {
    const text = this.rest;
    const fields: string[] = [];
    let at = start;
    let lines = 0;
    let broken = 0;
    for (;;) {
      let field = '';
      const quote = text[at] === '"';
      if (quote) {
        let close = at + 1;
        for (;;) {
          close = text.indexOf('"', close);
          if (close < 0) {
            return last || text.length - start > longestRecord ? this.brokenLine(at, fields) : undefined;
          }
          if (text[close + 1] !== '"') break;
          close += 2;
        }
        if (close + 1 >= text.length && !last) return undefined;
        const quoted = text.slice(at + 1, close);
        lines += countLines(quoted);
        field = quoted.replaceAll('""', '"');
        at = close + 1;
      }
      let end = at;
      while (end < text.length && !isLineEnd(text, end) && !text.startsWith(this.delimiter, end)) end++;
      // Two characters: \r\n or a delimiter of two characters may continue in the next piece.
      if (end + 2 > text.length && !last) return undefined;
      if (quote && end > at) broken ||= fields.length + 1;
      fields.push(field + text.slice(at, end));
      if (text.startsWith(this.delimiter, end) && end < text.length) {
        at = end + this.delimiter.length;
        continue;
      }
      const next = Math.min(text.length, end + (text.startsWith('\r\n', end) ? 2 : 1));
      const record: TextRecord = { line: this.line, fields };
      if (broken) record.broken = broken;
      this.line += lines + 1;
      const blank = fields.length === 1 && end === start;
      return { record: blank ? undefined : record, next };
    }
  }

  /** Handles an unclosed quote at `at`: the record ends with that physical line, and splitting resumes on the next one. */
  private brokenLine(at: number, before: string[]): { record: TextRecord; next: number } {
    let end = at;
    while (end < this.rest.length && !isLineEnd(this.rest, end)) end++;
    const fields = [...before, this.rest.slice(at, end)];
    const record: TextRecord = { line: this.line++, fields, broken: fields.length };
    return { record, next: Math.min(this.rest.length, end + (this.rest.startsWith('\r\n', end) ? 2 : 1)) };
  }
}

/** All records of a text. */
export function splitRecords(text: string, delimiter: string): TextRecord[] {
  const splitter = new RecordSplitter(delimiter);
  return [...splitter.push(text), ...splitter.end()];
}

function isLineEnd(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 10 || code === 13;
}

function countLines(text: string): number {
  return (text.match(/\r\n|\n|\r/g) ?? []).length;
}
