import type { ComponentChildren } from 'preact';
import { number } from '../parts/figures.ts';
import { Chart } from './chart.tsx';
import { Frame, margin, useWidth } from './frame.tsx';
import { linearScale, type Scale } from './scales.ts';

/** A row of columns. `past`: in grey, for comparison. `hidden`: in the table only. */
export interface Series {
  readonly name: string;
  /** [names] */
  readonly values: readonly number[];
  readonly past?: boolean;
  readonly hidden?: boolean;
}

/** Columns side by side over names, without chart and table around. */
export function ColumnPlot({
  title,
  names,
  series,
  width,
  xTitle,
  yTitle,
  height = 240,
}: {
  title: string;
  names: readonly string[];
  series: readonly Series[];
  width: number;
  xTitle: string;
  yTitle: string;
  height?: number;
}) {
  const shown = series.filter(({ hidden }) => !hidden);
  const x = byName(names.length, [margin.left, width - margin.right]);
  const highest = Math.max(...shown.flatMap(({ values }) => values), 0);
  const y = linearScale([0, highest || 1], [height - margin.bottom, margin.top]);
  const step = (width - margin.left - margin.right) / Math.max(1, names.length);
  const bar = (step * 0.8) / Math.max(1, shown.length);
  return (
    <Frame {...{ width, height, x, y, xTitle, yTitle }} xTick={(at) => names[at] ?? ''} name={title}>
      {shown.map(({ name, values, past }, s) =>
        values.map((value, at) => (
          <rect
            key={`${name} ${names[at]}`}
            class={past ? 'bar past' : 'bar'}
            x={x.at(at) - step * 0.4 + s * bar}
            width={Math.max(0.5, bar - 1)}
            y={y.at(value)}
            height={Math.max(0, y.at(0) - y.at(value))}
          />
        )),
      )}
    </Frame>
  );
}

/** Columns over names with a legend, and all numbers as a table. */
export function Columns({
  title,
  about,
  names,
  series,
  xTitle,
  yTitle,
}: {
  title: string;
  about?: ComponentChildren;
  names: readonly string[];
  series: readonly Series[];
  xTitle: string;
  yTitle: string;
}) {
  const [box, width] = useWidth<HTMLDivElement>();
  return (
    <Chart
      title={title}
      about={about}
      columns={[
        { title: xTitle, cell: (at: number) => names[at], heads: true },
        ...series.map(({ name, values }) => ({
          title: name,
          cell: (at: number) => number(values[at]!, 4),
          numeric: true,
        })),
      ]}
      rows={names.map((_, at) => at)}
    >
      <ul class="legend">
        {series
          .filter(({ hidden }) => !hidden)
          .map(({ name, past }) => (
            <li key={name}>
              <span class={past ? 'swatch past' : 'swatch'} aria-hidden="true" />
              {name}
            </li>
          ))}
      </ul>
      <div ref={box}>
        <ColumnPlot {...{ title, names, series, width, xTitle, yTitle }} />
      </div>
    </Chart>
  );
}

/** A scale with the middles of equal steps. */
function byName(names: number, [left, right]: readonly [number, number]): Scale {
  const step = (right - left) / Math.max(1, names);
  const every = Math.max(1, Math.ceil(28 / step));
  const ticks = Array.from({ length: names }, (_, at) => at).filter((at) => at % every === 0);
  return { from: 0, to: names, at: (at) => left + (at + 0.5) * step, ticks };
}
