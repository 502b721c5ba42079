import xterm from '@xterm/headless';

/** What a terminal of this size shows after a program has written the text: its lines, those that have scrolled away among them. */
export async function screenOf(text: string, { columns, rows }: { columns: number; rows: number }): Promise<string[]> {
  const terminal = new xterm.Terminal({
    cols: columns,
    rows,
    scrollback: 10_000,
    convertEol: true,
    allowProposedApi: true,
  });
  await new Promise<void>((written) => terminal.write(text, written));
  const { active } = terminal.buffer;
  const lines = Array.from({ length: active.length }, (_, at) => active.getLine(at)!.translateToString(true));
  terminal.dispose();
  return lines.join('\n').trimEnd().split('\n');
}
