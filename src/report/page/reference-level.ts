import * as Plot from '@observablehq/plot';
import { placement } from './figure-marks.ts';
import type { PanelPlan } from './panel-plan.ts';
import { svgElements } from './plot-document.ts';
import type { Interval } from './ticks.ts';
import { textWidth } from './ticks.ts';

/** Pixels between the level and the middle of its name. */
const offset = 8;

/** The level to compare with, dashed, with its name above or below it, at the end where lines are farthest away. @param categories As for `lineMarks`. */
export function referenceMarks({ panel, figure, frame }: PanelPlan, categories: readonly string[]): Plot.Markish[] {
  const { reference } = panel;
  // A level that a logarithmic axis does not have is not drawn: the table of the figure's numbers has it.
  if (!reference || !(reference.y >= frame.y[0] && reference.y <= frame.y[1])) return [];
  const place = placement(categories);
  const lines = figure.kind === 'lines' ? panel.series.map(({ points }) => points) : [];
  const write: Plot.RenderFunction = (
    _index,
    { scales },
    _values,
    { width, marginLeft, marginRight },
    { document },
  ) => {
    const level = scales.y!.apply(reference.y) as number;
    const paths = lines.map((points) =>
      points.map(({ x, y }): Interval => [scales.x!.apply(place(x)), scales.y!.apply(y)]),
    );
    const length = textWidth(reference.name);
    const places = [
      { anchor: 'end', x: width - marginRight - 4, from: width - marginRight - length },
      { anchor: 'start', x: marginLeft + 4, from: marginLeft },
    ].flatMap((end) => [-offset, offset].map((dy) => ({ ...end, y: level + dy })));
    const clear = places.map(({ from, y }) => clearance(paths, from, from + length, y));
    const best = places[clear.indexOf(Math.max(...clear))]!;
    const text = svgElements(document)('text', {
      x: best.x,
      y: best.y,
      dy: '0.32em',
      'text-anchor': best.anchor,
      fill: 'var(--soft)',
      stroke: 'var(--page)',
      'stroke-width': 3,
    });
    text.textContent = reference.name;
    return text;
  };
  return [Plot.ruleY([reference.y], { stroke: 'var(--soft)', strokeDasharray: '2 3' }), write];
}

/** The least vertical distance of paths from a height, between two places on x; at most 24, which is enough. */
function clearance(paths: readonly (readonly Interval[])[], from: number, to: number, y: number): number {
  let least = 24;
  for (const path of paths) {
    for (let i = 1; i < path.length; i++) {
      const [[x0, y0], [x1, y1]] = [path[i - 1]!, path[i]!];
      if (Math.max(x0, x1) < from || Math.min(x0, x1) > to) continue;
      const at = (x: number) => (x0 === x1 ? y0 : y0 + ((y1 - y0) * (clamp(x, x0, x1) - x0)) / (x1 - x0));
      const [a, b] = [at(from) - y, at(to) - y];
      least = Math.min(least, a * b <= 0 ? 0 : Math.min(Math.abs(a), Math.abs(b)));
    }
  }
  return least;
}

function clamp(x: number, a: number, b: number): number {
  return Math.min(Math.max(x, Math.min(a, b)), Math.max(a, b));
}
