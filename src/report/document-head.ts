import { html, Markup } from './markup.ts';
import { reportStyle } from './report-style.ts';

/**
 * The beginning of a self-contained HTML page, up to its body: the styles of reports are inside, and nothing is loaded.
 * @param policy its content security policy
 * @param style rules besides those of reports
 */
export function documentHead(title: string, policy: string, style = ''): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · taurec</title>
<style>${new Markup(reportStyle + style)}</style>
</head>`;
}
