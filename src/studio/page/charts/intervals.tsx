import type { ComponentChildren } from 'preact';
import { Chart } from './chart.tsx';
import { plainTick, type TickText, useWidth } from './frame.tsx';
import { linearScale } from './scales.ts';

/** A value with its interval. */
export interface Interval {
  readonly name: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Pixels of a row, and of the axis below. */
const ROW = 44;
const AXIS = 40;
const SIDE = 16;

/** Dots with their intervals, a row for each name, without chart and table around. */
export function IntervalPlot({
  name,
  rows,
  width,
  xTitle,
  reference = 0,
  xTick = plainTick,
}: {
  name: string;
  rows: readonly Interval[];
  width: number;
  xTitle: string;
  /** A level for comparison. */
  reference?: number;
  xTick?: TickText;
}) {
  const low = Math.min(reference, ...rows.map((row) => row.low));
  const high = Math.max(reference, ...rows.map((row) => row.high));
  const x = linearScale([low, high], [SIDE, width - SIDE], width / 90);
  const bottom = rows.length * ROW + 8;
  return (
    <svg viewBox={`0 0 ${width} ${bottom + AXIS}`} width={width} height={bottom + AXIS} role="img" aria-label={name}>
      {x.ticks.map((tick) => (
        <g key={tick}>
          <line class="grid" x1={x.at(tick)} x2={x.at(tick)} y1={0} y2={bottom} />
          <text x={x.at(tick)} y={bottom + 16} text-anchor="middle">
            {xTick(tick)}
          </text>
        </g>
      ))}
      <line class="axis" x1={x.at(reference)} x2={x.at(reference)} y1={0} y2={bottom} />
      <text x={width - SIDE} y={bottom + AXIS - 6} text-anchor="end">
        {`${xTitle} →`}
      </text>
      {rows.map((row, at) => (
        <g key={row.name} transform={`translate(0 ${at * ROW})`}>
          <text class="row-name" x={SIDE} y={16}>
            {row.name}
          </text>
          <line class="curve" x1={x.at(row.low)} x2={x.at(row.high)} y1={32} y2={32} />
          <circle class="dot" cx={x.at(row.value)} cy={32} r={4.5} />
        </g>
      ))}
    </svg>
  );
}

/** Values with their intervals: dots and lines, and all numbers as a table. */
export function Intervals({
  title,
  about,
  rows,
  xTitle,
  reference,
  xTick = plainTick,
  cell = xTick,
}: {
  title: string;
  about?: ComponentChildren;
  rows: readonly Interval[];
  xTitle: string;
  reference?: number;
  xTick?: TickText;
  /** Numbers of the table. */
  cell?: TickText;
}) {
  const [box, width] = useWidth<HTMLDivElement>();
  return (
    <Chart
      title={title}
      about={about}
      columns={[
        { title: 'What', cell: ({ name }) => name, heads: true },
        { title: xTitle, cell: ({ value }) => cell(value), numeric: true },
        { title: 'From', cell: ({ low }) => cell(low), numeric: true },
        { title: 'To', cell: ({ high }) => cell(high), numeric: true },
      ]}
      rows={rows}
    >
      <div ref={box}>
        <IntervalPlot name={title} {...{ rows, width, xTitle, reference, xTick }} />
      </div>
    </Chart>
  );
}
