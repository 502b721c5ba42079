// A slow, plain reader of delimited text, line by line: what `readInteractions` must find in a file of user, item, rating and note.

/** The quote of a text: '' for none. `asked` turns off the check for rows that a stray quote has taken up. */
export interface PlainRules {
  delimiter: string;
  quote: string;
  asked: boolean;
}

/** What a reader finds: the largest rating of each pair, counts, and the lines of bad rows. */
export interface Found {
  pairs: Map<string, number>;
  rows: number;
  blankRows: number;
  repeatedHeaders: number;
  badLines: number[];
  /** Good rows with a field over several lines, the line of the first, and the most lines. */
  manyLines: { rows: number; first: number; most: number };
}

/** Reads a text whose first row that is not blank is a header of `names`. */
export function readPlainly(text: string, names: readonly string[], rules: PlainRules): Found {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  const found: Found = {
    pairs: new Map(),
    rows: 0,
    blankRows: 0,
    repeatedHeaders: 0,
    badLines: [],
    manyLines: { rows: 0, first: 0, most: 0 },
  };
  let hasHeader = false;
  for (let at = 0; at < lines.length; ) {
    const { fields, count, isBroken } = record(lines, at, names.length, rules);
    const line = at + 1;
    at += count;
    if (!isBroken && fields.length === 1 && lines[line - 1]!.trim() === '') continue;
    if (isBroken) found.badLines.push(line);
    else if (fields.every((field) => field.trim() === '')) found.blankRows++;
    else if (fields.length === names.length && fields.every((field, c) => field.trim() === names[c])) {
      if (hasHeader) found.repeatedHeaders++;
      hasHeader = true;
    } else if (fields.length !== names.length || !isGood(fields)) found.badLines.push(line);
    else {
      const [user, item, rating] = fields as [string, string, string];
      const key = JSON.stringify([user, item]);
      const value = rating.trim() === '' ? Number.NEGATIVE_INFINITY : Number(rating);
      found.pairs.set(key, Math.max(found.pairs.get(key) ?? Number.NEGATIVE_INFINITY, value));
      found.rows++;
      if (count > 1) {
        if (found.manyLines.rows++ === 0) found.manyLines.first = line;
        found.manyLines.most = Math.max(found.manyLines.most, count);
      }
    }
  }
  return found;
}

const isRating = (text: string) => text.trim() === '' || /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text.trim());
const isGood = ([user, item, rating]: readonly string[]) =>
  user!.trim() !== '' && item!.trim() !== '' && isRating(rating!);

/** The record that starts with line `at`: the fewest lines in which every quote is closed, or that line alone where its quotes are out of place. */
function record(lines: readonly string[], at: number, width: number, rules: PlainRules) {
  const alone = { fields: [] as string[], count: 1, isBroken: true };
  for (let count = 1; at + count <= lines.length; count++) {
    const split = fieldsOf(lines.slice(at, at + count).join('\n'), rules);
    if (!split.isClosed) continue;
    if (count === 1) return { fields: split.fields, count, isBroken: split.hasRest };
    if (split.hasRest) return alone;
    // The lines up to the end of the first field that has several.
    let first = 1;
    while (!firstFieldEnds(lines.slice(at, at + first).join('\n'), rules)) first++;
    return !rules.asked && areRows(lines.slice(at, at + first), width, rules.delimiter)
      ? alone
      : { fields: split.fields, count, isBroken: false };
  }
  return alone;
}

/** True when the first, the last and half of the lines between look like rows. */
function areRows(lines: readonly string[], width: number, delimiter: string): boolean {
  const isRow = (line: string) => {
    const fields = line.split(delimiter);
    return fields.length === width && fields.slice(0, 2).every((id) => /^\S+$/.test(id.trim())) && isRating(fields[2]!);
  };
  const between = lines.slice(1, -1).filter((line) => line.trim() !== '');
  return isRow(lines[0]!) && isRow(lines.at(-1)!) && between.filter(isRow).length >= between.length / 2;
}

/** True when the first quoted field over several lines is closed in the text, whatever follows. */
function firstFieldEnds(text: string, rules: PlainRules): boolean {
  return fieldsOf(text, rules).quoted.some((field) => field.includes('\n'));
}

/** Splits a text at delimiters outside quotes. `hasRest`: text follows a closing quote. `quoted`: the insides of closed quotes. */
function fieldsOf(text: string, { delimiter, quote }: PlainRules) {
  const fields: string[] = [];
  const quoted: string[] = [];
  let hasRest = false;
  let at = 0;
  for (;;) {
    let field = '';
    let start = at;
    while (quote !== '' && ' \t'.includes(text[start] ?? 'x') && !text.startsWith(delimiter, start)) start++;
    const isQuoted = quote !== '' && text[start] === quote;
    if (isQuoted) {
      at = start + 1;
      while (text[at] !== quote || text[at + 1] === quote) {
        if (at >= text.length) return { fields, quoted, hasRest, isClosed: false };
        field += text[at];
        at += text[at] === quote ? 2 : 1;
      }
      at++;
      quoted.push(field);
    }
    let rest = '';
    while (at < text.length && !text.startsWith(delimiter, at)) rest += text[at++];
    rest = rest.replace(/^[ \t]+|[ \t]+$/g, '');
    hasRest ||= isQuoted && rest !== '';
    fields.push(field + rest);
    if (at >= text.length) return { fields, quoted, hasRest, isClosed: true };
    at += delimiter.length;
  }
}
