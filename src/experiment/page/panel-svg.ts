import * as Plot from '@observablehq/plot';
import type { Figure } from '../report.ts';
import { endLabelMargin, endLabelMark } from './end-labels.ts';
import { barMarks, lineMarks } from './figure-marks.ts';
import { type Frame, hasBands } from './frame.ts';
import type { Markup } from './markup.ts';
import type { PanelPlan } from './panel-plan.ts';
import { svgMarkup, svgWith } from './plot-document.ts';
import { referenceMarks } from './reference-level.ts';
import { type Interval, roundTicks, type Tick, textWidth, valueTicks } from './ticks.ts';

/** A panel of a figure as an SVG element. Its colours are those of the page: `currentColor` and variables. */
export function panelSvg(plan: PanelPlan): Markup {
  const { figure, frame, size } = plan;
  const yTicks = roundTicks(frame.y, figure.y.scale === 'log', size.height < 300 ? 4 : 5);
  const margin = {
    left: 10 + Math.max(...yTicks.map((tick) => textWidth(tick.label)), 12),
    right: plan.endLabels ? endLabelMargin(plan) : 14,
    top: 26,
  };
  const innerWidth = size.width - margin.left - margin.right;
  const x = xAxis(figure, frame, innerWidth);
  const svg = Plot.plot({
    ...svgWith(size),
    marginLeft: margin.left,
    marginRight: margin.right,
    marginTop: margin.top,
    marginBottom: x.margin,
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
          labelOffset: x.margin - 4,
        },
      ),
      ...(figure.kind === 'bars'
        ? barMarks(plan, x.categories, innerWidth / Math.max(1, x.categories.length))
        : lineMarks(plan, x.categories)),
      ...referenceMarks(plan),
      ...(plan.endLabels ? [endLabelMark(plan)] : []),
    ],
  });
  return svgMarkup(svg, plan.label);
}

interface XAxis {
  readonly type: 'linear' | 'log';
  readonly domain: Interval;
  readonly ticks: readonly Tick[];
  /** The names of bands, of which number i is drawn at i; none on a scale of numbers. */
  readonly categories: readonly string[];
  readonly inset: number;
  /** Labels stand slantwise. */
  readonly rotated: boolean;
  /** Pixels below the plot. */
  readonly margin: number;
}

function xAxis(figure: Figure, { x }: Frame, width: number): XAxis {
  if (!hasBands(figure)) {
    const domain = x as Interval;
    const log = figure.x.scale === 'log';
    const values = figure.panels.flatMap(({ series }) =>
      series.flatMap(({ points }) => points.map((p) => p.x as number)),
    );
    const inside = values.filter((value) => value >= domain[0] && value <= domain[1]);
    const ticks = valueTicks(inside, domain, log, width - 16) ?? roundTicks(domain, log, Math.max(2, width / 70));
    return { type: log ? 'log' : 'linear', domain, ticks, categories: [], inset: 8, rotated: false, margin: 42 };
  }
  const categories = x as readonly string[];
  const ticks = categories.map((label, at) => ({ at, label: shortened(label, 26) }));
  const widest = Math.max(0, ...ticks.map(({ label }) => textWidth(label)));
  const rotated = widest + 6 > width / Math.max(1, categories.length);
  return {
    type: 'linear',
    domain: [-0.5, Math.max(categories.length, 1) - 0.5],
    ticks,
    categories,
    inset: 0,
    rotated,
    margin: rotated ? 36 + 0.65 * widest : 42,
  };
}

function shortened(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
