/** The character that encloses fields; '' for none. */
export type Quote = '' | '"' | "'";

/** One record of a delimited text: its fields, and the line (from 1) on which it starts. */
export interface TextRecord {
  line: number;
  fields: string[];
  /** The number of lines that the record spans; absent for one. */
  lines?: number;
  /** The position, from 1, of the first quoted field that is not closed, has text after its closing quote, or has taken up rows. */
  broken?: number;
  /** The number of lines that the broken field would span up to the next quote; absent for a field without one. */
  taken?: number;
}

/** Maximum characters of a record with an open quote; beyond them the quote counts as never closed. */
const longestRecord = 1 << 20;

/** A quoted field over several lines: the positions of its quotes, and the number of fields before it. */
interface OpenField {
  at: number;
  close: number;
  before: number;
}

/** How a splitter takes quotes. */
export interface QuoteRules {
  /** Default '"'. */
  quote?: Quote;
  /** True for the fields of a plain line that could be a row. With it, a quoted field over several lines that could be rows is broken: its quote is a stray one. Default: no such check. */
  isRow?: (fields: readonly string[]) => boolean;
  /** Removes spaces and tabs around fields; a quoted field keeps those inside its quotes. Default false. */
  trim?: boolean;
}

/**
 * Splits delimited text into records. In a quoted field a quote is doubled, and delimiters and line ends are plain text. A line ends with \n, \r\n or \r. Blank lines are skipped. Feed the text in pieces with `push`, then call `end`.
 * DuckDB's reader reads the data itself; this splitter reads the heads of files and finds the bad rows of files that have some.
 */
export class RecordSplitter {
  private readonly delimiter: string;
  private readonly quote: Quote;
  private readonly isRow?: QuoteRules['isRow'];
  private readonly trim: boolean;
  private rest = '';
  private line = 1;

  constructor(delimiter: string, { quote = '"', isRow, trim = false }: QuoteRules = {}) {
    this.delimiter = delimiter;
    this.quote = quote;
    this.isRow = isRow;
    this.trim = trim;
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
    const plain = this.plainRecord(start);
    if (plain) return plain;
    const text = this.rest;
    const fields: string[] = [];
    let at = start;
    let lines = 0;
    let broken = 0;
    // The first quoted field that spans lines, for the check of the whole record.
    let open: OpenField | undefined;
    for (;;) {
      let field = '';
      const from = this.trim && this.quote !== '' ? this.afterSpaces(at) : at;
      const quoted = this.quote !== '' && text[from] === this.quote;
      if (quoted) {
        const close = this.closing(from + 1);
        if (close < 0) {
          if (!last && text.length - start <= longestRecord) return undefined;
          return this.brokenLine(open ?? { at: from, before: fields.length, close: from }, fields);
        }
        if (close + 1 >= text.length && !last) return undefined;
        const inside = text.slice(from + 1, close);
        const more = countLines(inside);
        if (more > 0) open ??= { at: from, before: fields.length, close };
        lines += more;
        field = inside.replaceAll(this.quote + this.quote, this.quote);
        at = close + 1;
      }
      let end = at;
      while (end < text.length && !isLineEnd(text, end) && !text.startsWith(this.delimiter, end)) end++;
      // Two characters: \r\n or a delimiter of two characters may continue in the next piece.
      if (end + 2 > text.length && !last) return undefined;
      const rest = this.trim ? trimSpaces(text.slice(at, end)) : text.slice(at, end);
      if (quoted && rest !== '') broken ||= fields.length + 1;
      fields.push(field + rest);
      if (text.startsWith(this.delimiter, end) && end < text.length) {
        at = end + this.delimiter.length;
        continue;
      }
      // With text after its closing quote, a field over several lines was most likely opened by a stray quote.
      if (open && (broken || this.tookRows(start, open.close))) return this.brokenLine(open, fields, lines + 1);
      const next = Math.min(text.length, end + (text.startsWith('\r\n', end) ? 2 : 1));
      const record: TextRecord = { line: this.line, fields };
      if (lines > 0) record.lines = lines + 1;
      if (broken) record.broken = broken;
      this.line += lines + 1;
      const blank = fields.length === 1 && !quoted && fields[0] === '';
      return { record: blank ? undefined : record, next };
    }
  }

  /** The record of a line without quotes that ends with \n or \r\n, as most do: found by what the language does fastest. Undefined for any other line. */
  private plainRecord(start: number): { record?: TextRecord; next: number } | undefined {
    const { rest, quote, delimiter } = this;
    const end = rest.indexOf('\n', start);
    if (end < 0) return undefined;
    const line = rest.slice(start, rest.charCodeAt(end - 1) === 13 && end > start ? end - 1 : end);
    if ((quote !== '' && line.includes(quote)) || line.includes('\r')) return undefined;
    const fields = line.split(delimiter);
    if (this.trim) for (let f = 0; f < fields.length; f++) fields[f] = trimSpaces(fields[f]!);
    const record = { line: this.line++, fields };
    return { record: fields.length === 1 && fields[0] === '' ? undefined : record, next: end + 1 };
  }

  /** The position of the first character from `at` on that is not a space; a delimiter is never one. */
  private afterSpaces(at: number): number {
    let from = at;
    while ((this.rest[from] === ' ' || this.rest[from] === '\t') && !this.rest.startsWith(this.delimiter, from)) from++;
    return from;
  }

  /** The position of the quote that closes a field whose text starts at `from`; −1 when it is not in the text. */
  private closing(from: number): number {
    for (let close = from; ; close += 2) {
      close = this.rest.indexOf(this.quote, close);
      if (close < 0 || this.rest[close + 1] !== this.quote) return close;
    }
  }

  /** True when the lines from `start` to that of the closing quote at `close` could be rows: the first, the last and at least half of those between. Then a stray quote has taken them up. */
  private tookRows(start: number, close: number): boolean {
    const { isRow, rest } = this;
    if (!isRow) return false;
    let end = close;
    while (end < rest.length && !isLineEnd(rest, end)) end++;
    const lines = rest.slice(start, end).split(/\r\n|\n|\r/);
    const couldBe = (line: string) => isRow(line.split(this.delimiter));
    const between = lines.slice(1, -1).filter((line) => line.trim() !== '');
    return couldBe(lines[0]!) && couldBe(lines.at(-1)!) && between.filter(couldBe).length * 2 >= between.length;
  }

  /** Ends a record with the line on which its quoted field opens, at `open.at`; splitting resumes on the next line. */
  private brokenLine(open: OpenField, fields: readonly string[], taken?: number): { record: TextRecord; next: number } {
    let end = open.at;
    while (end < this.rest.length && !isLineEnd(this.rest, end)) end++;
    const kept = [...fields.slice(0, open.before), this.rest.slice(open.at, end)];
    // No field before `open` spans lines.
    const record: TextRecord = { line: this.line++, fields: kept, broken: kept.length };
    if (taken !== undefined) record.taken = taken;
    return { record, next: Math.min(this.rest.length, end + (this.rest.startsWith('\r\n', end) ? 2 : 1)) };
  }
}

/** The records of a text, at most the first `most`. */
export function splitRecords(
  text: string,
  delimiter: string,
  rules?: QuoteRules,
  most = Number.POSITIVE_INFINITY,
): TextRecord[] {
  const splitter = new RecordSplitter(delimiter, rules);
  const records: TextRecord[] = [];
  for (const part of [() => splitter.push(text), () => splitter.end()]) {
    for (const record of part()) {
      if (records.length === most) return records;
      records.push(record);
    }
  }
  return records;
}

function trimSpaces(text: string): string {
  // The first and the last character of most fields are above the space.
  return text.charCodeAt(0) > 32 && text.charCodeAt(text.length - 1) > 32 ? text : text.replace(/^[ \t]+|[ \t]+$/g, '');
}

function isLineEnd(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 10 || code === 13;
}

function countLines(text: string): number {
  return (text.match(/\r\n|\n|\r/g) ?? []).length;
}
