import { number, percent } from '../parts/figures.ts';
import type { Column } from '../parts/table.tsx';
import { Chart } from './chart.tsx';
import { Frame, margin, useWidth } from './frame.tsx';
import { linearScale, positionScale } from './scales.ts';

/** A share with the ends of its interval, which are absent where it cannot be known. */
export interface RateRow {
  readonly name: string;
  readonly rate: number;
  readonly low?: number;
  readonly high?: number;
}

/** Shares side by side, each with its interval, and all numbers as a table. */
export function Rates({
  title,
  about,
  rows,
  xTitle,
  yTitle,
  height = 240,
  columns = [],
}: {
  title: string;
  about?: string;
  rows: readonly RateRow[];
  xTitle: string;
  yTitle: string;
  height?: number;
  /** Further columns of the table. */
  columns?: readonly Column<RateRow>[];
}) {
  const [box, width] = useWidth<HTMLDivElement>();
  const x = positionScale(rows.length, [margin.left, width - margin.right]);
  const most = Math.max(...rows.map(({ rate, high }) => high ?? rate), 0);
  const y = linearScale([0, most || 1], [height - margin.bottom, margin.top]);
  const middle = (row: number) => (x.at(row) + x.at(row + 1)) / 2;
  // Ticks of a position scale stand at edges; the name of a row belongs below its middle.
  const names = { ...x, at: middle, ticks: x.ticks.filter((row) => row < rows.length) };
  return (
    <Chart
      title={title}
      about={about}
      columns={[
        { title: xTitle, cell: ({ name }) => name, heads: true },
        { title: yTitle, cell: ({ rate }) => percent(rate), numeric: true },
        { title: '95% interval', cell: intervalText, numeric: true },
        ...columns,
      ]}
      rows={rows}
    >
      <div ref={box}>
        <Frame
          {...{ width, height, y, xTitle, yTitle }}
          x={names}
          xTick={(row) => shortened(rows[row]!.name)}
          yTick={(value) => `${number(value * 100)}%`}
          name={`${title}: ${rows.map(({ name, rate }) => `${name} ${percent(rate)}`).join(', ')}`}
        >
          {rows.map(({ name, rate, low, high }, row) => (
            <g key={name} class="interval">
              {low !== undefined && high !== undefined && (
                <path d={`M${middle(row)} ${y.at(low)}V${y.at(high)}m-4 0h8M${middle(row) - 4} ${y.at(low)}h8`} />
              )}
              <circle class="dot" cx={middle(row)} cy={y.at(rate)} r={4} />
            </g>
          ))}
        </Frame>
      </div>
    </Chart>
  );
}

/** The ends of an interval: `3.1% – 4.4%`. */
export function intervalText({ low, high }: Omit<RateRow, 'name'>): string {
  return low === undefined || high === undefined ? '' : `${percent(low)} – ${percent(high)}`;
}

/** A name that fits under its place. A day is shown without its year. */
function shortened(name: string): string {
  const day = /^\d{4}-(\d\d-\d\d)$/.exec(name)?.[1];
  return day ?? (name.length > 10 ? `${name.slice(0, 9)}…` : name);
}
