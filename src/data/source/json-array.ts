import { TaurecError } from '../../errors.ts';

/** True when the text of a file begins like a JSON array of objects, arrays or nothing. */
export function isJsonArray(head: string): boolean {
  return /^\s*\[\s*([{[\]]|$)/.test(head);
}

/**
 * The elements of a JSON array as text, one on a line. The text of an element stays as it is, apart from line ends between its tokens, so that long
 * numbers keep all their digits. Line n is element n.
 * @param shown the name of the file in messages
 * @throws TaurecError `unreadable-file` for an array that does not end, or with text after its end
 */
export async function* elementLines(texts: AsyncIterable<string>, shown: string): AsyncGenerator<string> {
  const splitter = new ElementSplitter();
  for await (const text of texts) yield splitter.push(text);
  const problem = splitter.problem();
  if (problem) throw new TaurecError('unreadable-file', { file: shown, format: 'a JSON array', reason: `${problem}.` });
}

/** Splits the text of a JSON array into its elements without parsing them: brackets are counted, texts are passed over. */
class ElementSplitter {
  /** 0 before and after the array, 1 between elements, more inside an element. */
  private depth = 0;
  private inText = false;
  private escaped = false;
  private ended = false;
  private foreign = false;
  /** True when the current element has a character. */
  private begun = false;

  /** The complete and partial elements of a piece, each complete one with a line end. */
  push(text: string): string {
    let lines = '';
    // Characters from `from` to the current one belong to the element and are not written yet.
    let from = 0;
    const flush = (end: number) => {
      if (this.depth > 0) lines += text.slice(from, end);
      from = end + 1;
    };
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (this.inText) {
        if (this.escaped) this.escaped = false;
        else if (code === backslash) this.escaped = true;
        else if (code === quote) this.inText = false;
        continue;
      }
      if (code === space || code === tab) continue;
      if (code === lineFeed || code === carriageReturn) {
        flush(at);
        continue;
      }
      if (this.depth === 0) {
        if (code === openBracket && !this.ended) this.depth = 1;
        else if (code !== byteOrderMark) this.foreign = true;
        from = at + 1;
        continue;
      }
      if (this.depth === 1 && (code === comma || code === closeBracket)) {
        flush(at);
        // `[]` has no element; any other blank one is a fault that the reader of the line reports.
        if (this.begun || code === comma) lines += this.begun ? '\n' : 'null\n';
        this.begun = false;
        if (code === closeBracket) {
          this.depth = 0;
          this.ended = true;
        }
        continue;
      }
      this.begun = true;
      if (code === quote) this.inText = true;
      else if (code === openBracket || code === openBrace) this.depth++;
      else if (code === closeBracket || code === closeBrace) this.depth--;
    }
    flush(text.length);
    return lines;
  }

  problem(): string | undefined {
    if (!this.ended) return 'the array is cut off: its closing bracket is missing';
    return this.foreign ? 'there is text after the array' : undefined;
  }
}

const [quote, backslash, comma, openBracket, closeBracket, openBrace, closeBrace] = [...'"\\,[]{}'].map((character) =>
  character.charCodeAt(0),
) as [number, number, number, number, number, number, number];
const [space, tab, lineFeed, carriageReturn, byteOrderMark] = [32, 9, 10, 13, 0xfeff];
