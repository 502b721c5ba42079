import type { Table } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { showCell } from './show-cell.ts';

/** A table with its caption, in a box of its own that scrolls sideways when the page is narrow. */
export function tableHtml({ caption, columns, rows }: Omit<Table, 'name'>): Markup {
  const kinds = columns.map(({ show }) => (show === 'text' ? 'text' : 'number'));
  const head = columns.map(({ name }, c) => html`<th scope="col" class="${kinds[c]}">${name}</th>`);
  const body = rows.map((row) => {
    const cells = row.map((cell, c) => {
      const text = showCell(cell, columns[c]!.show);
      return c === 0 && kinds[0] === 'text'
        ? html`<th scope="row" class="text">${text}</th>`
        : html`<td class="${kinds[c]}">${text}</td>`;
    });
    return html`<tr>${cells}</tr>\n`;
  });
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${caption}">
<table>
<caption><span>${caption}</span></caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body}</tbody>
</table>
</div>
`;
}
