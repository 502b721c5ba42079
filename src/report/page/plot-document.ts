import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import type { Figure } from '../report.ts';
import { html, Markup } from './markup.ts';
import type { SeriesLook } from './series-look.ts';

/** What every plot has in common: a document to make elements with, and no style of its own. */
export function svgWith({ width, height }: { readonly width: number; readonly height: number }) {
  const { document } = parseHTML('<!doctype html><html lang="en"><body></body></html>');
  return { document: document as unknown as Document, className: 'plot', width, height };
}

/** A plot as markup, the same for the same plot: the page has its style, coordinates are rounded to a hundredth of a pixel. @param label What it shows; empty: it is decoration. */
export function svgMarkup(plot: Element, label: string): Markup {
  for (const style of plot.querySelectorAll('style')) style.remove();
  for (const element of [plot, ...plot.querySelectorAll('*')]) {
    element.removeAttribute('aria-label');
    element.removeAttribute('aria-hidden');
    for (const name of ['d', 'transform', 'x', 'y', 'x1', 'x2', 'y1', 'y2', 'width', 'height', 'cx', 'cy', 'r']) {
      const value = element.getAttribute(name);
      if (value)
        element.setAttribute(
          name,
          value.replace(/\d+\.\d{3,}/g, (digits) => String(+Number(digits).toFixed(2))),
        );
    }
  }
  for (const name of ['font-size', 'font-family']) plot.removeAttribute(name);
  const role = label ? html`role="img" aria-label="${label}"` : html`aria-hidden="true"`;
  // Not set on the element: linkedom writes attributes without escaping &.
  return new Markup(plot.outerHTML.replace('<svg', () => `<svg ${role.text}`));
}

/** Makes SVG elements for marks that draw themselves. */
export function svgElements(document: Document) {
  return (name: string, attributes: Readonly<Record<string, string | number>>): SVGElement => {
    const element = document.createElementNS('http://www.w3.org/2000/svg', name) as SVGElement;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    return element;
  };
}

/** A sample of a series' line and marker, for legends. */
export function sample({ color, symbol }: SeriesLook, kind: Figure['kind'], dashed: boolean): Markup {
  const line =
    kind === 'lines'
      ? [Plot.ruleY([0], { stroke: color, strokeWidth: 1.75, strokeDasharray: dashed ? '5 4' : undefined })]
      : [];
  const marker = Plot.dot([0], {
    x: 0.5,
    y: 0,
    symbol,
    r: 4,
    fill: dashed ? 'var(--page)' : color,
    stroke: dashed ? color : undefined,
  });
  const size = { width: kind === 'lines' ? 28 : 14, height: 12 };
  const plot = Plot.plot({
    ...svgWith(size),
    margin: 0,
    x: { domain: [0, 1], axis: null },
    y: { domain: [-1, 1], axis: null },
    marks: [...line, marker],
  });
  return svgMarkup(plot, '');
}
