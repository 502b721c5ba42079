import type { Table } from './report.ts';
import { showCell } from './tables.ts';

/** LaTeX's special characters, and signs that some of its fonts lack. */
const escapes: Readonly<Record<string, string>> = {
  ...Object.fromEntries([...'&%$#_{}'].map((sign) => [sign, `\\${sign}`])),
  '\\': '\\textbackslash{}',
  '~': '\\textasciitilde{}',
  '^': '\\textasciicircum{}',
  '±': '$\\pm$',
  '−': '$-$',
  '–': '--',
  λ: '$\\lambda$',
  τ: '$\\tau$',
  η: '$\\eta$',
};

/** A text for LaTeX: special characters are escaped, and a number without its leading zero keeps its form. */
export function latexText(text: string): string {
  return text.replaceAll(/[&%$#_{}\\~^±−–λτη]/g, (sign) => escapes[sign]!);
}

/**
 * A table as LaTeX source for the package booktabs, with the numbers as the page shows them. It has a caption and the label `tab:NAME`.
 * Text columns are left-aligned, numbers right-aligned.
 */
export function tableLatex({ name, caption, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `${cells.map(latexText).join(' & ')} \\\\`;
  return [
    '\\begin{table}',
    '\\centering',
    `\\caption{${latexText(caption)}}`,
    `\\label{tab:${name}}`,
    `\\begin{tabular}{${columns.map(({ show }) => (show === 'text' ? 'l' : 'r')).join('')}}`,
    '\\toprule',
    line(columns.map((column) => column.name)),
    '\\midrule',
    ...rows.map((row) => line(row.map((cell, c) => showCell(cell, columns[c]!.show)))),
    '\\bottomrule',
    '\\end{tabular}',
    '\\end{table}',
    '',
  ].join('\n');
}
