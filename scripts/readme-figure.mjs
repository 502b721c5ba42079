/**
 * Draws docs/images/results.svg, the picture in the README, from the recipes' expected values and the published ones (`taurec recipe list --published`): `npm run build && node scripts/readme-figure.mjs`.
 * A test checks that the picture is up to date.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as Plot from '@observablehq/plot';
import { compareBest, comparePublished } from '../dist/recipe/published.js';
import { recipes } from '../dist/recipe/recipes.js';
import { svgMarkup, svgWith } from '../dist/report/figures.js';

export const figureFile = join(import.meta.dirname, '../docs/images/results.svg');

const dataSets = {
  'amazon2014-health': 'Amazon health',
  'amazon2014-electronic': 'Amazon electronics',
  gowalla: 'Gowalla',
};
const metric = 'ndcg@20';
const names = {
  bsl: 'BSL, published',
  best: 'best published loss',
  ours: 'taurec, BSL alone',
  neighbors: 'taurec, BSL with neighbours',
};
const colors = ['var(--soft-bar)', 'var(--bar)', 'var(--ours)', 'var(--with)'];
/** Where the names begin in the legend. */
const places = [12, 142, 294, 434];

/** The bars: for every data set, one bar per name. */
export function bars() {
  /** @param {import('../dist/recipe/published.js').PublishedComparison} row */
  const shown = ({ published }) => published.backbone === 'mf' && published.protocol === 'irbench';
  const rows = comparePublished(recipes).filter(shown);
  const systems = compareBest(recipes, true).filter(shown);
  return Object.entries(dataSets).flatMap(([data, title]) => {
    const here = rows.filter((row) => row.published.data === data);
    const bsl = here.filter((row) => row.published.loss === 'bsl');
    const system = systems.find((row) => row.published.data === data);
    const ours = bsl.filter((row) => row.recipe?.chosen === 'validated').map((row) => row.expected[metric]?.value ?? 0);
    return [
      { title, name: names.bsl, value: bsl[0]?.published.metrics[metric] ?? 0 },
      { title, name: names.best, value: Math.max(...here.map((row) => row.published.metrics[metric] ?? 0)) },
      { title, name: names.ours, value: Math.max(...ours) },
      { title, name: names.neighbors, value: system?.expected[metric]?.value ?? 0 },
    ];
  });
}

/** The picture as SVG text, with colours for light and dark pages. */
export function figure() {
  const size = { width: 760, height: 300 };
  const data = bars();
  const order = Object.values(names);
  const plot = Plot.plot({
    ...svgWith(size),
    ...{ marginLeft: 8, marginRight: 8, marginTop: 52, marginBottom: 30 },
    fx: { domain: Object.values(dataSets), axis: null, padding: 0.12 },
    x: { domain: order, axis: null, padding: 0.18 },
    y: { domain: [0, 0.19], axis: null },
    color: { domain: order, range: colors },
    marks: [
      Plot.barY(data, { fx: 'title', x: 'name', y: 'value', fill: 'name', rx1: 2 }),
      Plot.text(data, { fx: 'title', x: 'name', y: 'value', dy: -9, text: (bar) => bar.value.toFixed(4).slice(1) }),
      Plot.axisFx({ anchor: 'bottom', label: null, tickSize: 0, fontSize: 13 }),
      Plot.ruleY([0], { strokeOpacity: 0.4 }),
    ],
  });
  const label = `NDCG@20 of matrix factorisation. ${data.map((bar) => `${bar.title}, ${bar.name}: ${bar.value}`).join('; ')}.`;
  const legend = order.map((name, i) => {
    const [x, color] = [places[i], colors[i]];
    return `<rect x="${x}" y="31" width="11" height="11" rx="2" fill="${color}"/><text x="${x + 17}" y="41" text-anchor="start">${name}</text>`;
  });
  const style = `<style>
svg { --ink: #1c1e21; --soft-bar: #c9ced6; --bar: #8b95a3; --ours: #79aede; --with: #0f5fb4; color: var(--ink); font: 12.5px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
text { fill: var(--ink); font-variant-numeric: tabular-nums; }
@media (prefers-color-scheme: dark) { svg { --ink: #e6e7e9; --soft-bar: #474d57; --bar: #7d8795; --ours: #3f78ab; --with: #6db6ff; } }
</style>`;
  const title =
    '<text x="12" y="18" text-anchor="start" font-weight="600" font-size="14">NDCG@20 on the test set, matrix factorisation, published evaluator</text>';
  const text = svgMarkup(plot, label).text;
  const framed = text.replace(/(<svg[^>]*>)/, (open) => `${open}\n${style}\n${title}\n${legend.join('\n')}\n`);
  return `${framed.includes('xmlns=') ? framed : framed.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"')}\n`;
}

if (process.argv[1] === import.meta.filename) writeFileSync(figureFile, figure());
