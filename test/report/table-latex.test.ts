import fc from 'fast-check';
import { expect, test } from 'vitest';
import { latexText, tableLatex } from '../../src/report/table-latex.ts';

test('a table, with its escapes', () => {
  const table = {
    name: 'losses-a',
    caption: 'NDCG@20 & co_1, 95% of $λ$',
    columns: [{ name: 'loss', show: 'text' as const }, { name: 'ndcg@20' }, { name: 'gain', show: 'percent' as const }],
    rows: [
      ['bsl {τ}', { mean: 0.1305, deviation: 0.0012 }, -0.0123],
      ['sl', { mean: 0.1294 }, null],
    ],
  };
  expect(tableLatex(table)).toBe(
    String.raw`\begin{table}
\centering
\caption{NDCG@20 \& co\_1, 95\% of \$$\lambda$\$}
\label{tab:losses-a}
\begin{tabular}{lrr}
\toprule
loss & ndcg@20 & gain \\
\midrule
bsl \{$\tau$\} & 0.1305 $\pm$ 0.0012 & $-$1.2 \% \\
sl & 0.1294 & -- \\
\bottomrule
\end{tabular}
\end{table}
`,
  );
});

test('no text opens a group, a comment, a cell or a command', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'ab&%$#_{}~^\\±−λ ') }), (text) => {
      // without what the escapes write, no special character is left
      const rest = latexText(text)
        .replaceAll(/\\text[a-z]+\{\}/g, '')
        .replaceAll(/\$(\\[a-z]+|-)\$/g, '')
        .replaceAll(/\\[&%$#_{}]/g, '');
      expect(rest).not.toMatch(/[&%$#_{}~^\\]/);
    }),
  );
});
