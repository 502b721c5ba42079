import type { Cell, TableColumn } from '../report.ts';

type Show = NonNullable<TableColumn['show']>;

/** A cell as it is read: rounded, with its unit; mean ± deviation; a dash where there is no figure. */
export function showCell(cell: Cell, show: Show = 'metric'): string {
  if (cell === null) return '–';
  if (typeof cell === 'string') return cell;
  const unit = show === 'percent' ? ' %' : show === 'seconds' ? ' s' : '';
  if (typeof cell === 'number') return showNumber(cell, show) + unit;
  return `${showNumber(cell.mean, show)} ± ${showNumber(cell.deviation, show)}${unit}`;
}

/** The nearest number with so many significant digits, without zeros at the end; in scientific notation where the zeros would be many. */
export function significant(value: number, digits: number): string {
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return rounded.toExponential().replace('e+', 'e').replace('-', '−');
  return grouped(rounded, { maximumFractionDigits: 12 });
}

function showNumber(value: number, show: Show): string {
  switch (show) {
    case 'count':
      return grouped(value, { maximumFractionDigits: 1 });
    case 'percent':
      return fixed(100 * value, 1);
    case 'seconds':
      return fixed(value, value < 100 ? 1 : 0);
    case 'number':
      return significant(value, 4);
    default:
      return fixed(value, 4);
  }
}

export function fixed(value: number, digits: number): string {
  return grouped(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function grouped(value: number, options: Intl.NumberFormatOptions): string {
  return value.toLocaleString('en-US', { signDisplay: 'negative', ...options }).replace('-', '−');
}
