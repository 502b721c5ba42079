// The HTML page of a report, with its style sheet and its only script.
import { createHash } from 'node:crypto';
import { documentHead } from './document-head.ts';
import { figureHtml, type SeriesLook, seriesLooks } from './figures.ts';
import { html, Markup } from './markup.ts';
import { type ClaimVerdict, checkReport, type Provenance, type Report, type Section, slug } from './report.ts';
import { showCell, tableHtml } from './tables.ts';

/** Script of the page: shows the copy button and handles its clicks. If the browser denies copying, it selects the command instead. The page works without the script. */
const script = `const button = document.getElementById('copy');
button.hidden = false;
button.addEventListener('click', async () => {
  const command = document.getElementById('command');
  try {
    await navigator.clipboard.writeText(command.textContent);
    button.textContent = 'Copied';
  } catch {
    getSelection().selectAllChildren(command);
  }
});`;

/** A sign for each verdict, in addition to its colour. */
const verdicts = { held: '✓', 'not held': '✗', unclear: '?' } as const;

/**
 * A report as one self-contained HTML file, without network access: claims with their verdicts, then the sections, then how it was run. Plots are inline SVG.
 * The page supports light and dark mode, phones, print, and browsers without scripts. A content security policy keeps text of the report from running or
 * loading anything. Equal reports give equal bytes.
 * @throws TaurecError `bad-report`
 */
export function reportHtml(report: Report): string {
  checkReport(report);
  const looks = seriesLooks(report);
  const { claims, sections, provenance } = report;
  // Allows exactly one script, by its hash, and inline styles.
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`;
  return html`${documentHead(report.title, policy)}
<body>
<main>
<header>
<h1>${report.title}</h1>
<p class="lead">${report.summary}</p>
<p class="source">${report.source}</p>
<p class="source">taurec ${provenance.taurec} · ${provenance.finished.slice(0, 10)} · ${provenance.runs} trainings in ${duration(provenance.seconds)} · ${provenance.data.map(({ name }) => name).join(', ')}</p>
</header>
${claimsHtml(claims)}${contents(sections)}${sections.map((section, i) => sectionHtml(section, i, looks))}${provenanceHtml(provenance)}</main>
<script>${new Markup(script)}</script>
</body>
</html>
`.text;
}

/** The list of claims with their verdicts; nothing without claims. */
function claimsHtml(claims: readonly ClaimVerdict[]): Markup | undefined {
  if (claims.length === 0) return undefined;
  const items = claims.map(
    ({ claim, verdict, evidence, paper }) => html`<li class="${slug(verdict)}">
<p class="verdict"><span aria-hidden="true">${verdicts[verdict]}</span> ${verdict}</p>
<div><p class="claim">${claim}</p>
<p>${evidence}</p>${paper === undefined ? undefined : html`<p class="source">${paper}</p>`}</div>
</li>
`,
  );
  return html`<section id="claims">
<h2>Claims</h2>
<ul class="claims">
${items}</ul>
</section>
`;
}

/** Links to the sections, if there are at least four. */
function contents(sections: readonly Section[]): Markup | undefined {
  if (sections.length < 4) return undefined;
  const links = sections.map(({ title }, i) => html`<li><a href="#section-${i + 1}">${title}</a></li>\n`);
  return html`<nav aria-label="Sections">
<ol>
${links}<li><a href="#provenance">How it was run</a></li>
</ol>
</nav>
`;
}

/** A section: its text, figures and tables. */
function sectionHtml(
  { title, text = [], figures = [], tables = [] }: Section,
  i: number,
  looks: ReadonlyMap<string, SeriesLook>,
): Markup {
  return html`<section id="section-${i + 1}">
<h2>${title}</h2>
${text.map((paragraph) => html`<p>${paragraph}</p>\n`)}${figures.map((figure) => figureHtml(figure, looks))}${tables.map(tableHtml)}</section>
`;
}

/** The section “How it was run”: the command, versions, data, settings and configurations. */
function provenanceHtml(provenance: Provenance): Markup {
  const { command, data, settings, configs } = provenance;
  const facts = [
    ['taurec', provenance.taurec],
    ['Node', provenance.node],
    ['Engine', provenance.engine],
    ['Processor', provenance.processor],
    ['Finished', provenance.finished],
    ['Trainings', `${showCell(provenance.runs, 'count')}, ${duration(provenance.seconds)} in total`],
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
    { name: 'popularity shift', show: 'number' },
  ],
  rows: data.map(({ name, users, items, train, test, popularityShift = null }) => {
    const shift = popularityShift === null ? null : Number(popularityShift.toFixed(2));
    return [name, users, items, train, test, shift];
  }),
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
