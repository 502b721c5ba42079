import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { type Column, Table } from '../parts/table.tsx';

/** A plot with its title, and its numbers as a table below. */
export function Chart<Row>({
  title,
  about,
  columns,
  rows,
  level = 'h3',
  children,
}: {
  title: string;
  /** One sentence that says what to look for. */
  about?: ComponentChildren;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  level?: 'h2' | 'h3';
  children: ComponentChildren;
}) {
  const Title = level;
  // Only an open table is drawn: that of a curve which grows costs more than the curve.
  const [open, setOpen] = useState(false);
  return (
    <section class="chart">
      <Title>{title}</Title>
      {about && <p class="help">{about}</p>}
      {children}
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>
          As a table<span class="hidden">: {title}</span>
        </summary>
        {open && <Table caption={title} hideCaption columns={columns} rows={rows} />}
      </details>
    </section>
  );
}
