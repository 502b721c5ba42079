import * as Plot from '@observablehq/plot';
import { endLabelMargin, endLabelMark } from './end-labels.ts';
import { barMarks, lineMarks } from './figure-marks.ts';
import { hasBands } from './frame.ts';
import type { Markup } from './markup.ts';
import type { PanelPlan } from './panel-plan.ts';
import { svgMarkup, svgWith } from './plot-document.ts';
import { referenceMarks } from './reference-level.ts';
import { roundTicks, textWidth } from './ticks.ts';
import { xAxis } from './x-axis.ts';

/** A panel of a figure as an SVG element. Its colours are those of the page: `currentColor` and variables. */
export function panelSvg(plan: PanelPlan): Markup {
  const { figure, frame, size } = plan;
  const yTicks = roundTicks(frame.y, figure.y.scale === 'log', size.height < 300 ? 4 : 5);
  const yLabels = 10 + Math.max(...yTicks.map((tick) => textWidth(tick.label)), 12);
  const names = plan.endLabels ? endLabelMargin(plan) : 14;
  const x = xAxis(figure, frame, size.width - yLabels - names);
  const margin = { left: Math.max(yLabels, x.left), right: Math.max(names, x.right) };
  const innerWidth = size.width - margin.left - margin.right;
  const svg = Plot.plot({
    ...svgWith(size),
    marginLeft: margin.left,
    marginRight: margin.right,
    marginTop: 26,
    marginBottom: x.bottom,
    x: { type: x.type, domain: x.domain, axis: null, insetLeft: x.inset, insetRight: x.inset },
    y: { type: figure.y.scale === 'log' ? 'log' : 'linear', domain: frame.y, axis: null },
    marks: [
      Plot.gridY(
        yTicks.map(({ at }) => at),
        { strokeOpacity: 0.1 },
      ),
      Plot.axisY(
        yTicks.map(({ at }) => at),
        {
          text: yTicks.map(({ label }) => label),
          tickSize: 0,
          tickPadding: 6,
          label: figure.y.label,
          labelArrow: 'up',
          labelOffset: margin.left,
        },
      ),
      Plot.axisX(
        x.ticks.map(({ at }) => at),
        {
          text: x.ticks.map(({ label }) => label),
          tickSize: x.rotated ? 0 : 4,
          tickRotate: x.rotated ? -40 : 0,
          textAnchor: x.rotated ? 'end' : 'middle',
          label: figure.x.label,
          labelArrow: hasBands(figure) ? 'none' : 'right',
          labelOffset: x.bottom - 4,
        },
      ),
      ...(figure.kind === 'bars'
        ? barMarks(plan, x.categories, innerWidth / Math.max(1, x.categories.length))
        : lineMarks(plan, x.categories)),
      ...referenceMarks(plan, x.categories),
      ...(plan.endLabels ? [endLabelMark(plan)] : []),
    ],
  });
  return svgMarkup(svg, plan.label);
}
