import type { Provenance } from '../report.ts';
import { html, type Markup } from './markup.ts';
import { showCell } from './show-cell.ts';
import { tableHtml } from './table-html.ts';

/** What another person needs to run it again, and to know what was run. */
export function provenanceHtml(provenance: Provenance): Markup {
  const { command, data, settings, configs } = provenance;
  const facts = [
    ['taurec', provenance.taurec],
    ['Node', provenance.node],
    ['Engine', provenance.engine],
    ['Processor', provenance.processor],
    ['Finished', provenance.finished],
    ['Trainings', `${showCell(provenance.runs, 'count')}, ${duration(provenance.seconds)} in sum`],
  ];
  return html`<section id="provenance">
<h2>How it was run</h2>
<div class="command"><pre><code id="command">${words(command)}</code></pre><button type="button" id="copy" hidden>Copy</button></div>
<dl>
${facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>\n`)}</dl>
${tableHtml({
  caption: 'Data sets',
  columns: [
    { name: 'name', show: 'text' },
    { name: 'users', show: 'count' },
    { name: 'items', show: 'count' },
    { name: 'train', show: 'count' },
    { name: 'test', show: 'count' },
  ],
  rows: data.map(({ name, users, items, train, test }) => [name, users, items, train, test]),
})}<dl class="sources">
${data.map(({ name, source, sha256 }) => html`<div><dt>${name}</dt><dd>${source}<br><code>SHA-256 ${sha256}</code></dd></div>\n`)}</dl>
${json('Settings of the experiment', settings)}
${configs.map(({ name, config }) => json(`Configuration ${name}`, config))}</section>
`;
}

/** Lines break between the words of a command, not after the hyphens in them. */
function words(command: string): (Markup | string)[] {
  return command.split(/(\s+)/).map((word, i) => (i % 2 ? word : html`<span>${word}</span>`));
}

function json(title: string, value: unknown): Markup {
  return html`<details><summary>${title}</summary><pre>${JSON.stringify(value, null, 2) ?? 'none'}</pre></details>\n`;
}

/** In the two units that fit it best. */
export function duration(seconds: number): string {
  if (seconds < 100) return showCell(seconds, 'seconds');
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
