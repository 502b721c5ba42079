import { createHash } from 'node:crypto';
import { checkReport } from '../check-report.ts';
import type { ClaimVerdict, Report, Section } from '../report.ts';
import { figureHtml } from './figure-html.ts';
import { html, Markup } from './markup.ts';
import { duration, provenanceHtml } from './provenance-html.ts';
import { reportStyle } from './report-style.ts';
import { type SeriesLooks, seriesLooks } from './series-look.ts';
import { tableHtml } from './table-html.ts';

/** Shows the copy button and makes it work; where copying is not allowed it selects the command. The page can be read without. */
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

const verdicts = { held: '✓', failed: '✗', unclear: '?' } as const;

/**
 * A report as one HTML file that needs no other and no network: claims with their verdicts, then the sections, then how it was run. Plots are inline SVG.
 * It reads in light and dark, on a phone, in print and without scripts; a browser runs and loads nothing that a text of the report may bring along. The same report gives the same bytes.
 * @throws TaurecError `bad-report`
 */
export function reportHtml(report: Report): string {
  checkReport(report);
  const looks = seriesLooks(report);
  const { claims, sections, provenance } = report;
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(script).digest('base64')}'`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${report.title} · taurec</title>
<style>${new Markup(reportStyle)}</style>
</head>
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

function claimsHtml(claims: readonly ClaimVerdict[]): Markup | undefined {
  if (claims.length === 0) return undefined;
  const items = claims.map(
    ({ claim, verdict, evidence }) => html`<li class="${verdict}">
<p class="verdict"><span aria-hidden="true">${verdicts[verdict]}</span> ${verdict}</p>
<div><p class="claim">${claim}</p>
<p>${evidence}</p></div>
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

/** Links to the sections, when there are many. */
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

function sectionHtml({ title, text = [], figures = [], tables = [] }: Section, i: number, looks: SeriesLooks): Markup {
  return html`<section id="section-${i + 1}">
<h2>${title}</h2>
${text.map((paragraph) => html`<p>${paragraph}</p>\n`)}${figures.map((figure) => figureHtml(figure, looks))}${tables.map(tableHtml)}</section>
`;
}
