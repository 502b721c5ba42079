import type { ComponentChildren } from 'preact';

/** A column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row, index: number) => ComponentChildren;
  /** Numbers stand at the right, in figures of equal width. */
  readonly numeric?: boolean;
  /** The cell that names its row. */
  readonly heads?: boolean;
}

/** A table with a caption. On narrow screens it scrolls by itself, by keyboard too. */
export function Table<Row>({
  caption,
  columns,
  rows,
  hideCaption = false,
  rowKey,
}: {
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  hideCaption?: boolean;
  rowKey?: (row: Row, index: number) => string;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: an area that scrolls must be reachable by keyboard
    <section class="table" aria-label={caption} tabIndex={0}>
      <table>
        <caption class={hideCaption ? 'hidden' : undefined}>{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, numeric }) => (
              <th key={title} scope="col" class={numeric ? 'numeric' : undefined}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={rowKey?.(row, index) ?? index}>
              {columns.map(({ title, cell, numeric, heads }) =>
                heads ? (
                  <th key={title} scope="row">
                    {cell(row, index)}
                  </th>
                ) : (
                  <td key={title} class={numeric ? 'numeric' : undefined}>
                    {cell(row, index)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
