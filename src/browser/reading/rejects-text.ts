import type { RejectsList } from '../../data/formats/rejects.ts';
import type { SkippedRows } from '../../data/interactions.ts';

/** The list of skipped rows as the text that Node writes to a file. */
export class RejectsText implements RejectsList {
  private readonly name: string;
  private readonly lines: string[] = [];

  /** @param label the name of the list without its ending */
  constructor(label: string) {
    this.name = `${label}.rejects.csv`;
  }

  write(line: number, column: string, got: string, reason: string): void {
    this.lines.push([String(line), column, got, reason].map(quoted).join(','));
  }

  /** The list; undefined when no row was bad. */
  get list(): SkippedRows | undefined {
    const { name, lines } = this;
    return lines.length === 0 ? undefined : { name, text: `line,column,value,reason\n${lines.join('\n')}\n` };
  }
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
