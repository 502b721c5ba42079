import type { RenderFunction } from '@observablehq/plot';
import type { Figure } from '../report.ts';
import type { Frame } from './frame.ts';
import type { PanelPlan } from './panel-plan.ts';
import { svgElements } from './plot-document.ts';
import { textWidth } from './ticks.ts';

/** Pixels from the end of a line to its name, and from name to name. */
const room = 24;
const lineHeight = 14;

/** Whether names can stand beside the ends of lines: one panel, a few short names, and all lines end at the right. */
export function canLabelEnds({ kind, x, panels }: Figure, frame: Frame): boolean {
  const series = panels.length === 1 ? panels[0]!.series : [];
  if (kind !== 'lines' || x.scale === 'band' || series.length === 0 || series.length > 10) return false;
  return series.every(({ name, points }) => points.at(-1)?.x === frame.x[1] && [...name].length <= 26);
}

/** Pixels that the names need to the right of the plot. */
export function endLabelMargin({ panel }: PanelPlan): number {
  return room + 6 + Math.max(...panel.series.map(({ name }) => textWidth(name)));
}

/** A mark that writes each name beside the end of its line, moved up or down where names would touch. */
export function endLabelMark({ panel, looks }: PanelPlan): RenderFunction {
  return (_index, { scales }, _values, { width, height, marginRight, marginTop, marginBottom }, { document }) => {
    const svg = svgElements(document);
    const ends = panel.series.map(({ points }) => scales.y!.apply(points.at(-1)!.y) as number);
    const tops = spread(ends, lineHeight, marginTop, height - marginBottom);
    const right = width - marginRight;
    const group = svg('g', { 'text-anchor': 'start', class: 'end-labels' });
    panel.series.forEach(({ name }, i) => {
      const { color } = looks.get(name)!;
      const d = `M${right + 1},${ends[i]}L${right + room - 4},${tops[i]}`;
      group.append(svg('path', { d, stroke: color, 'stroke-opacity': 0.6, fill: 'none' }));
      const text = svg('text', { x: right + room, y: tops[i]!, dy: '0.32em', fill: color });
      text.textContent = name;
      group.append(text);
    });
    return group;
  };
}

/** The places nearest to those wanted, in the same order and at least a gap apart, from `low` to `high` if they fit. */
export function spread(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
  // Groups of neighbours that touch move as one, to the mean of what they want.
  const groups: { members: number[]; middle: number }[] = [];
  const half = (members: readonly number[]) => ((members.length - 1) * gap) / 2;
  for (const i of order) {
    let group = { members: [i], middle: wanted[i]! };
    for (;;) {
      const reach = half(group.members);
      group.middle = Math.max(low + reach, Math.min(high - reach, group.middle));
      const above = groups.at(-1);
      if (!above || group.middle - reach - (above.middle + half(above.members)) >= gap - 1e-9) break;
      groups.pop();
      const members = [...above.members, ...group.members];
      // Where a group's middle is when each of its members stands as near as can be to what it wants, on average.
      group = { members, middle: members.reduce((sum, member) => sum + wanted[member]!, 0) / members.length };
    }
    groups.push(group);
  }
  const places: number[] = [];
  for (const { members, middle } of groups) {
    members.forEach((member, k) => {
      places[member] = middle - half(members) + k * gap;
    });
  }
  return places;
}
