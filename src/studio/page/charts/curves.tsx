import { number } from '../parts/figures.ts';
import type { Column } from '../parts/table.tsx';
import { Chart } from './chart.tsx';
import { downsample, type Point } from './downsample.ts';
import { Frame, margin, type TickText, useWidth } from './frame.tsx';
import { linearScale, logScale } from './scales.ts';

/** A curve. `past`: drawn in grey behind the others. */
export interface Curve {
  readonly name: string;
  readonly points: readonly Point[];
  readonly past?: boolean;
}

/** What curves are drawn from. */
interface CurvesFacts {
  readonly title: string;
  readonly curves: readonly Curve[];
  readonly xTitle: string;
  readonly yTitle: string;
  /** The ends of x where they are known before the points are. */
  readonly xEnds?: readonly [number, number];
  readonly height?: number;
  /** Logarithmic x and y; all values are above 0. */
  readonly log?: boolean;
  readonly yFromZero?: boolean;
  readonly xTick?: TickText;
  readonly yTick?: TickText;
}

/** Curves over one x, with all their numbers as a table. */
export function Curves({ about, ...facts }: CurvesFacts & { about?: string }) {
  const [box, width] = useWidth<HTMLDivElement>();
  const { title, curves, xTitle } = facts;
  return (
    <Chart title={title} about={about} columns={columnsOf(curves, xTitle)} rows={rowsOf(curves)}>
      <div ref={box}>
        <CurvePlot {...facts} width={width} />
      </div>
    </Chart>
  );
}

/** The curves without chart and table around. */
export function CurvePlot({
  title,
  curves,
  xTitle,
  yTitle,
  xEnds,
  width,
  height = 240,
  log = false,
  yFromZero = false,
  yTick,
  xTick,
}: CurvesFacts & { width: number }) {
  const all = curves.flatMap(({ points }) => points).filter(({ y }) => Number.isFinite(y));
  const scale = log ? logScale : linearScale;
  const x = scale(xEnds ?? endsOf(all.map((point) => point.x)), [margin.left, width - margin.right]);
  const yEnds = endsOf(all.map((point) => point.y));
  const y = scale(yFromZero ? [Math.min(0, yEnds[0]), yEnds[1]] : yEnds, [height - margin.bottom, margin.top]);
  const ordered = [...curves].sort((a, b) => Number(b.past ?? false) - Number(a.past ?? false));
  return (
    <Frame {...{ width, height, x, y, xTitle, yTitle, xTick, yTick }} name={describe(title, curves)}>
      {ordered.map(({ name, points, past }) => {
        const shown = downsample(points, Math.max(64, width));
        const last = shown.at(-1);
        return (
          <g key={name}>
            <path
              class={past ? 'curve past' : 'curve'}
              d={shown
                .map((point, i) => `${i ? 'L' : 'M'}${x.at(point.x).toFixed(1)} ${y.at(point.y).toFixed(1)}`)
                .join('')}
            />
            {last && !past && <circle class="dot" cx={x.at(last.x)} cy={y.at(last.y)} r={3.5} />}
          </g>
        );
      })}
    </Frame>
  );
}

/** One row for each x that a curve has; cells are empty where a curve has no point. */
interface Row {
  readonly x: number;
  readonly values: ReadonlyMap<string, number>;
}

function rowsOf(curves: readonly Curve[]): readonly Row[] {
  const rows = new Map<number, Map<string, number>>();
  for (const { name, points } of curves)
    for (const { x, y } of points) rows.set(x, (rows.get(x) ?? new Map()).set(name, y));
  return [...rows].sort(([a], [b]) => a - b).map(([x, values]) => ({ x, values }));
}

function columnsOf(curves: readonly Curve[], xTitle: string): readonly Column<Row>[] {
  const cell = (name: string) => (row: Row) => {
    const value = row.values.get(name);
    return value === undefined ? '' : number(value, 4);
  };
  return [
    { title: xTitle, cell: ({ x }) => number(x, 6), heads: true },
    ...curves.map(({ name }) => ({ title: name, cell: cell(name), numeric: true })),
  ];
}

function endsOf(values: readonly number[]): [number, number] {
  if (values.length === 0) return [0, 1];
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
}

function describe(title: string, curves: readonly Curve[]): string {
  const now = curves
    .filter(({ past }) => !past)
    .flatMap(({ name, points }) => {
      const last = points.at(-1);
      return last ? [`${name} ${number(last.y, 4)}`] : [];
    });
  return now.length > 0 ? `${title}: ${now.join(', ')}` : title;
}
