import { decimal, table } from './output.ts';

/** Metrics side by side: a line for each metric that any column has. */
export function metricsTable(
  columns: readonly { readonly name: string; readonly metrics: Readonly<Record<string, number>> }[],
): string {
  const names = [...new Set(columns.flatMap(({ metrics }) => Object.keys(metrics)))];
  const cell = (value: number | undefined) => (value === undefined ? '' : decimal(value));
  return table(
    ['', ...columns.map(({ name }) => name)],
    names.map((name) => [name, ...columns.map(({ metrics }) => cell(metrics[name]))]),
  );
}
