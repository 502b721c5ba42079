/** Eight colours that stay distinct under the common forms of colour blindness, with a contrast of at least 3:1 to the page. The last one is a tint. */
export const palette = {
  light: ['#0f5fb4', '#e63c00', '#0b877d', '#cd5abf', '#84763c', '#3f258a', '#4a3038', '#3a97ea'],
  dark: ['#3aa0ff', '#fa7020', '#35cf98', '#d37cb8', '#ecd83c', '#7f63d8', '#f7f3e3', '#b4d2ff'],
} as const;

/** The style sheet of a report's page. Dark mode follows the reader's system; print is always light. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1c1e21; --soft: #5b6168; --line: #dcdfe3; --shade: #f5f6f7;
  --held: #14713c; --not-held: #b3261e; --unclear: #7a5b00; --link: #0f5fb4;
  ${variables(palette.light)}
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #15171a; --ink: #e6e7e9; --soft: #a3a9b1; --line: #34383e; --shade: #1e2125;
    --held: #56cf86; --not-held: #ff8a7d; --unclear: #e3bd4f; --link: #6db6ff;
    ${variables(palette.dark)}
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 3.5rem 1.5rem 6rem; }
h1, h2, h4 { line-height: 1.25; font-weight: 650; text-wrap: balance; }
h1 { margin: 0 0 1rem; font-size: 2rem; letter-spacing: -0.015em; }
h2 { margin: 0 0 1rem; font-size: 1.3rem; letter-spacing: -0.005em; }
section { margin-top: 3.5rem; }
p { max-width: 42rem; margin: 0 0 0.9rem; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: 0.15em; }
.lead { font-size: 1.1rem; }
.source, .note, figcaption, caption, dt, nav { color: var(--soft); font-size: 0.875rem; }
.source { margin: 0 0 0.25rem; }

.claims { list-style: none; margin: 0; padding: 0; border-top: 1px solid var(--line); }
.claims li { display: grid; grid-template-columns: 6.5rem 1fr; gap: 0 1rem; padding: 1rem 0 0.1rem; border-bottom: 1px solid var(--line); }
.verdict { font-weight: 650; white-space: nowrap; }
.held .verdict { color: var(--held); }
.not-held .verdict { color: var(--not-held); }
.unclear .verdict { color: var(--unclear); }
.verdict span { display: inline-block; width: 1.1em; }
.claim { margin-bottom: 0.25rem; font-weight: 600; }
.claim + p { color: var(--soft); }
nav { margin-top: 2rem; }
nav ol { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; margin: 0; padding: 0; list-style: none; }

figure { margin: 2.25rem 0 2.75rem; }
figcaption { max-width: 42rem; margin-bottom: 0.75rem; color: var(--ink); font-size: 0.95rem; font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; gap: 0.2rem 1.1rem; margin: 0 0 0.75rem; padding: 0; list-style: none; font-size: 0.85rem; }
.legend li { display: flex; align-items: center; gap: 0.4rem; overflow-wrap: anywhere; }
.legend svg { flex: none; }
.panels { display: grid; gap: 1.5rem 1.75rem; }
.columns-2 { grid-template-columns: repeat(2, minmax(0, 1fr)); }
.columns-3 { grid-template-columns: repeat(3, minmax(0, 1fr)); }
.panel h4 { margin: 0; font-size: 0.9rem; }
.plot { display: block; width: 100%; height: auto; overflow: visible; font: 11.5px system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
.legend .plot { width: auto; }
.plot text { paint-order: stroke; stroke-linejoin: round; }
.narrow { display: none; }
.note { margin: 0.5rem 0 0; }

.scroll {
  container-type: inline-size; margin: 1.5rem 0 2.25rem; overflow-x: auto;
  /* A shadow at the right edge as long as there is more to see. */
  background: linear-gradient(to left, var(--page) 1rem, transparent) right / 2.5rem 100% no-repeat local,
    linear-gradient(to left, var(--line), transparent) right / 0.9rem 100% no-repeat scroll;
}
table { border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums lining-nums; }
caption { padding-bottom: 0.5rem; text-align: left; color: var(--ink); font-size: 0.95rem; font-weight: 600; }
caption span { position: sticky; left: 0; display: inline-block; max-width: min(100cqi, 42rem); }
th, td { padding: 0.3rem 1.5rem 0.3rem 0; white-space: nowrap; text-align: left; vertical-align: baseline; font-weight: 400; }
thead th { vertical-align: bottom; text-wrap: balance; border-bottom: 1px solid var(--ink); color: var(--soft); font-weight: 500; }
tbody tr + tr > * { border-top: 1px solid var(--line); }
tbody tr:last-child > * { border-bottom: 1px solid var(--line); }
.number { text-align: right; }
th:last-child, td:last-child { padding-right: 0.25rem; }
th[scope="row"] { position: sticky; left: 0; background: var(--page); }

.command { display: flex; align-items: flex-start; gap: 0.75rem; }
.command pre { flex: 1; min-width: 0; }
pre { margin: 0; padding: 0.75rem 1rem; overflow-x: auto; border-radius: 4px; background: var(--shade); font: 0.8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.command span { display: inline-block; max-width: 100%; }
.command pre { white-space: pre-wrap; overflow-wrap: anywhere; }
button { padding: 0.55rem 0.9rem; border: 1px solid var(--line); border-radius: 4px; background: var(--page); color: var(--ink); font: inherit; font-size: 0.875rem; cursor: pointer; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: 0.75rem 1.75rem; margin: 1.5rem 0; }
dd { margin: 0; overflow-wrap: anywhere; }
dl.sources { grid-template-columns: 1fr; }
.sources dd { font-size: 0.875rem; }
.sources dt { color: var(--ink); }
code { font: 0.8125rem/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
details { margin: 0.5rem 0; }
summary { color: var(--soft); font-size: 0.875rem; cursor: pointer; }
details pre { margin-top: 0.5rem; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }

@media screen and (max-width: 44rem) {
  main { padding: 2rem 1rem 4rem; }
  h1 { font-size: 1.6rem; }
  .claims li { grid-template-columns: 1fr; }
  .verdict { margin-bottom: 0.15rem; }
  .columns-2, .columns-3 { grid-template-columns: minmax(0, 1fr); }
  .columns-2 .plot { font-size: 13px; }
  .wide { display: none; }
  .narrow { display: block; }
  table { font-size: 0.8125rem; }
  th, td { padding-right: 0.5rem; }
}
@media print {
  html { font-size: 13px; }
  main { max-width: none; padding: 0; }
  section { margin-top: 2rem; }
  figure, tr, .claims li, .panel { break-inside: avoid; }
  h2, caption { break-after: avoid; }
  .columns-3 { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .scroll { overflow: visible; background: none; }
  th, td { white-space: normal; }
  th[scope="row"] { position: static; }
  button, nav, .numbers { display: none; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; }
}
`;

/** CSS variables of the series colours, which `seriesLooks` refers to. */
function variables(colors: readonly string[]): string {
  return colors.map((color, i) => `--series-${i}: ${color};`).join(' ');
}
