/** The pieces of a stream. Safari cannot iterate over a stream itself. */
export async function* piecesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Ends a stream that is not read to its end; one that failed has nothing to cancel.
    await reader.cancel().catch(() => {});
  }
}

/** The text of bytes in pieces, without a byte order mark. Bytes that the encoding (default UTF-8) does not have become U+FFFD. */
export async function* textOf(bytes: AsyncIterable<Uint8Array>, encoding?: string): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding);
  for await (const piece of bytes) yield decoder.decode(piece, { stream: true });
  yield decoder.decode();
}

/** The lines of a text without their line ends (\n or \r\n). An empty last line is left out. */
export async function* linesOf(texts: AsyncIterable<string>): AsyncGenerator<string> {
  // Pieces of the current line, joined only at its end: repeated concatenation of a long line would be slow.
  let rest: string[] = [];
  for await (const text of texts) {
    const pieces = text.split('\n');
    for (const piece of pieces.slice(0, -1)) {
      yield withoutReturn(rest.join('') + piece);
      rest = [];
    }
    rest.push(pieces.at(-1)!);
  }
  const last = withoutReturn(rest.join(''));
  if (last !== '') yield last;
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
