import type { ComponentChildren, RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { number, shortCount } from '../parts/figures.ts';
import type { Scale } from './scales.ts';

/** Pixels around the plot: room for ticks and titles of the axes. */
export const margin = { top: 12, right: 12, bottom: 40, left: 52 } as const;

/** The width of an element in pixels, as it changes. */
export function useWidth<T extends Element>(): readonly [RefObject<T | null>, number] {
  const ref = useRef<T>(null);
  const [width, setWidth] = useState(480);
  useEffect(() => {
    const element = ref.current!;
    const observer = new ResizeObserver(([entry]) => {
      if (entry && entry.contentRect.width > 0) setWidth(Math.round(entry.contentRect.width));
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}

/** Words of a tick. */
export type TickText = (value: number) => string;
/** A number as a tick. */
export const plainTick: TickText = (value) => (Math.abs(value) >= 1000 ? shortCount(value) : number(value));

/** Axes, grid and the drawing between them. For screen readers it is one picture with a name; the numbers are in the table next to it. */
export function Frame({
  name,
  width,
  height,
  x,
  y,
  xTitle,
  yTitle,
  xTick = plainTick,
  yTick = plainTick,
  children,
}: {
  name: string;
  width: number;
  height: number;
  x: Scale;
  y: Scale;
  xTitle: string;
  yTitle: string;
  xTick?: TickText;
  yTick?: TickText;
  children: ComponentChildren;
}) {
  const bottom = height - margin.bottom;
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="img" aria-label={name}>
      {y.ticks.map((tick) => (
        <g key={tick} transform={`translate(0 ${y.at(tick)})`}>
          <line class="grid" x1={margin.left} x2={width - margin.right} />
          <text x={margin.left - 8} dy="0.32em" text-anchor="end">
            {yTick(tick)}
          </text>
        </g>
      ))}
      <line class="axis" x1={margin.left} x2={width - margin.right} y1={bottom} y2={bottom} />
      {x.ticks.map((tick) => (
        <text key={tick} x={x.at(tick)} y={bottom + 16} text-anchor="middle">
          {xTick(tick)}
        </text>
      ))}
      <text x={width - margin.right} y={height - 6} text-anchor="end">
        {xTitle}
      </text>
      <text x={4} y={height - 6}>
        {`↑ ${yTitle}`}
      </text>
      {children}
    </svg>
  );
}
