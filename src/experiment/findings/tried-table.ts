import type { Cell, Table, TableColumn } from '../../report/report.ts';
import type { ChosenCase } from '../choose-options.ts';
import { isFailed } from '../run/run.ts';
import { optionsText } from './summaries.ts';

/** What a case is beside its loss and options: a column of the table. */
export interface CaseColumn<C> {
  readonly column: TableColumn;
  of(one: C): Cell;
}

/** A table of every option that was tried; none where nothing was, with the validation value that it was judged by; where the training failed, with why. */
export function triedTables<C extends ChosenCase>(
  name: string,
  cases: readonly C[],
  seed: number,
  about: readonly CaseColumn<C>[] = [],
): Table[] {
  const table: Table = {
    name,
    caption: `Every option that was tried, with the validation value that it was judged by (seed ${seed}). A training that diverged counts as the worst.`,
    columns: [
      ...about.map(({ column }) => column),
      { name: 'loss', show: 'text' },
      { name: 'options', show: 'text' },
      { name: 'validation' },
    ],
    rows: cases.flatMap((one) =>
      one.tried.map(({ options, record }) => [
        ...about.map(({ of }) => of(one)),
        one.loss.label,
        optionsText(options),
        isFailed(record) ? record.failed.code : (record.chosen.value ?? null),
      ]),
    ),
  };
  return table.rows.length > 0 ? [table] : [];
}
