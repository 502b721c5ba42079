import { number, shortCount } from '../parts/figures.ts';
import { Chart } from './chart.tsx';
import { Frame, margin, plainTick, type TickText, useWidth } from './frame.tsx';
import { linearScale, positionScale } from './scales.ts';

/** A histogram: bars between edges, with all its numbers as a table. */
export function Bars({
  title,
  about,
  edges,
  counts,
  xTitle,
  yTitle,
  height = 240,
  equal = false,
  xTick = plainTick,
}: {
  title: string;
  about?: string;
  /** [bars + 1] */
  edges: readonly number[];
  /** [bars] */
  counts: readonly number[];
  xTitle: string;
  yTitle: string;
  height?: number;
  /** Bars of equal width, whatever their edges. */
  equal?: boolean;
  xTick?: TickText;
}) {
  const [box, width] = useWidth<HTMLDivElement>();
  const pixels = [margin.left, width - margin.right] as const;
  const x = equal
    ? positionScale(counts.length, pixels)
    : linearScale([edges[0] ?? 0, edges.at(-1) ?? 1], pixels, width / 110);
  const y = linearScale([0, Math.max(1, ...counts)], [height - margin.bottom, margin.top]);
  const bars = counts.map((n, bar) => ({ from: edges[bar]!, to: edges[bar + 1]!, n }));
  return (
    <Chart
      title={title}
      about={about}
      columns={[
        { title: xTitle, cell: ({ from, to }) => `${xTick(from)} – ${xTick(to)}`, heads: true },
        { title: yTitle, cell: ({ n }) => number(n), numeric: true },
      ]}
      rows={bars}
    >
      <div ref={box}>
        <Frame
          {...{ width, height, x, y, xTitle, yTitle }}
          xTick={equal ? (position) => xTick(edges[position]!) : xTick}
          yTick={shortCount}
          name={title}
        >
          {bars.map(({ from, to, n }, bar) => {
            const [left, right] = equal ? [x.at(bar), x.at(bar + 1)] : [x.at(from), x.at(to)];
            const gap = right - left > 6 ? 2 : 0;
            return (
              <rect
                key={from}
                class="bar"
                x={left + gap / 2}
                width={Math.max(0.5, right - left - gap)}
                y={y.at(n)}
                height={y.at(0) - y.at(n)}
              />
            );
          })}
        </Frame>
      </div>
    </Chart>
  );
}
