import type { Figure, Panel } from '../report.ts';
import { canLabelEnds } from './end-labels.ts';
import { frames, plottable } from './frame.ts';
import { html, type Markup } from './markup.ts';
import { numbersTable } from './numbers-table.ts';
import type { PanelSize } from './panel-plan.ts';
import { panelSvg } from './panel-svg.ts';
import { sample } from './plot-document.ts';
import type { SeriesLooks } from './series-look.ts';
import { tableHtml } from './table-html.ts';

/** A figure: its panels side by side, a legend, what the marks mean, the caption, and the numbers behind it. */
export function figureHtml(whole: Figure, looks: SeriesLooks): Markup {
  const { figure, notes } = plottable(whole);
  const [frame] = frames(figure);
  const endLabels = frame !== undefined && canLabelEnds(figure, frame);
  const series = new Map(figure.panels.flatMap((panel) => panel.series.map((one) => [one.name, one])));
  const entries = [...series.values()].map(
    ({ name, dashed }) => html`<li>${sample(looks.get(name)!, figure.kind, dashed ?? false)}${name}</li>`,
  );
  const explanations = [...signs(figure), ...notes].join(' ');
  return html`<figure id="${figure.name}">
<figcaption>${figure.caption}</figcaption>
<ul class="legend${endLabels ? ' narrow' : ''}">${entries}</ul>
<div class="panels columns-${columnsOf(figure)}">
${panels(figure, looks, endLabels)}</div>
${explanations ? html`<p class="note">${explanations}</p>\n` : undefined}<details class="numbers"><summary>Numbers of this figure</summary>
${tableHtml(numbersTable(whole))}</details>
</figure>
`;
}

/** Panels that take the width of the page are drawn twice, and a wide and a narrow page show one each: a plot that is only made smaller has letters too small to read. */
function panels(figure: Figure, looks: SeriesLooks, endLabels: boolean): Markup[] {
  const all = frames(figure);
  const sizes = sizesOf(figure);
  return figure.panels.map((panel, i) => {
    const label = [panel.title, figure.caption].filter(Boolean).join('. ');
    const plots = sizes.map((size, k) => {
      const own = endLabels && k === 0;
      const plot = panelSvg({ figure, panel, frame: all[i]!, looks, size, endLabels: own, label });
      return sizes.length === 1 ? plot : html`<div class="${k === 0 ? 'wide' : 'narrow'}">${plot}</div>`;
    });
    return html`<div class="panel">${panel.title ? html`<h4>${panel.title}</h4>` : undefined}${plots}</div>\n`;
  });
}

/** Panels in a row on a wide page. */
function columnsOf(figure: Figure): number {
  const count = figure.panels.length;
  if (figure.kind === 'bars' && Math.max(...figure.panels.map(bars)) > 30) return 1;
  return count === 2 || count === 4 ? 2 : Math.min(count, 3);
}

function sizesOf(figure: Figure): PanelSize[] {
  const narrow = { width: 350, height: 270 };
  switch (columnsOf(figure)) {
    case 1:
      return [{ width: 900, height: 400 }, narrow];
    case 2:
      return [{ width: 430, height: 290 }];
    default:
      return [{ width: 300, height: 240 }];
  }
}

function bars({ series }: Panel): number {
  return series.reduce((count, { points }) => count + points.length, 0);
}

/** What deviations, rings and dashes stand for, where there are any. */
function signs({ kind, panels, x }: Figure): string[] {
  const series = panels.flatMap((panel) => panel.series);
  const points = series.flatMap((one) => one.points);
  const sign = kind === 'bars' || x.scale === 'band' ? 'Whiskers' : 'Bands';
  return [
    ...(points.some(({ deviation }) => deviation) ? [`${sign}: one standard deviation over seeds, up and down.`] : []),
    ...(points.some(({ chosen }) => chosen) ? ['Ring: chosen on validation data.'] : []),
    ...(series.some(({ dashed }) => dashed) ? ['Dashed: predicted, not measured.'] : []),
  ];
}
