import { stringify } from 'csv-stringify/sync';
import { TextFile } from '../../platform/text-file.ts';
import { openLines, openText } from '../../platform/text-stream.ts';
import { badJson, type CheckedColumns, objectOf, RowJudge } from './judge-rows.ts';
import type { TextRecord } from './records.ts';
import type { Rejects } from './rejects.ts';
import type { Layout } from './table.ts';

/**
 * Copies the good rows of a delimited text to `target`, without its header, quoted with `"` where needed, and reports the bad rows to `rejects` with line, column and value.
 * Blank rows, repeated headers and rows with a missing id are passed over and counted there. Only files with such rows, or with quoted fields over several lines, need
 * this pass: DuckDB reads well-formed files, but does not report the line of a bad row reliably.
 */
export async function repairDelimited(
  layout: Layout,
  columns: CheckedColumns,
  target: string,
  rejects: Rejects,
): Promise<void> {
  const judge = new RowJudge(layout, columns, rejects);
  await copy(target, async (write) => {
    const take = (records: Iterable<TextRecord>) => {
      let good = '';
      for (const record of records)
        good += stringify([record.fields], { delimiter: layout.delimiter, quoted: needsQuotes(record) });
      return good;
    };
    for await (const text of openText(layout.path, layout.gzip)) write(take(judge.push(text)));
    write(take(judge.end()));
  });
}

/** True when a field has spaces around it or a carriage return, which the writer would leave without quotes. */
function needsQuotes({ fields }: TextRecord): boolean {
  return fields.some((field) => /^[ \t]|[ \t]$|\r/.test(field));
}

/** Copies the good lines of a JSON lines file to `target` and reports the bad ones to `rejects`. `lists`: see `jsonTable`. */
export async function repairJson(
  source: { path: string; gzip: boolean },
  columns: CheckedColumns & { names: readonly string[] },
  target: string,
  rejects: Rejects,
  lists: readonly number[] = [],
): Promise<void> {
  let line = 0;
  await copy(target, async (write) => {
    for await (const text of openLines(source.path, source.gzip)) {
      line++;
      if (text.trim() === '') continue;
      const fault = badJson(objectOf(text), text, line, columns, lists);
      if (fault === 'missing') rejects.passed.missingIds++;
      else if (fault) rejects.add(fault);
      else write(`${text}\n`);
    }
  });
}

async function copy(target: string, work: (write: (text: string) => void) => Promise<void>): Promise<void> {
  const output = new TextFile(target);
  try {
    await work((text) => output.write(text));
  } finally {
    output.close();
  }
}
