import type { Figure, Panel, Point, Table } from '../report.ts';
import { showCell } from './show-cell.ts';

/** The numbers behind a figure: a row for each x of each panel, a column for each series. */
export function numbersTable({ caption, x, panels }: Figure): Omit<Table, 'name'> {
  const names = [...new Set(panels.flatMap(({ series }) => series.map(({ name }) => name)))];
  const titled = panels.some(({ title }) => title);
  return {
    caption: `Numbers: ${caption}`,
    columns: [
      ...(titled ? [{ name: 'panel', show: 'text' as const }] : []),
      { name: x.label, show: titled ? 'number' : 'text' },
      ...names.map((name) => ({ name, show: 'number' as const })),
    ],
    rows: panels.flatMap((panel) => rowsOf(panel, names).map((row) => (titled ? [panel.title, ...row] : row))),
  };
}

function rowsOf({ series, reference }: Panel, names: readonly string[]): string[][] {
  const xs = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))];
  const rows = xs.map((x) => [
    showCell(x, 'number'),
    ...names.map((name) => {
      const points = series.filter((one) => one.name === name).flatMap((one) => one.points);
      return points
        .filter((point) => Object.is(point.x, x))
        .map(showPoint)
        .join(', ');
    }),
  ]);
  if (reference) rows.push([reference.name, ...names.map(() => showCell(reference.y, 'number'))]);
  return rows;
}

function showPoint({ y, deviation, chosen }: Point): string {
  return showCell(deviation === undefined ? y : { mean: y, deviation }, 'number') + (chosen ? ' (chosen)' : '');
}
