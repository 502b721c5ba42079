import { createHash } from 'node:crypto';

/** Style inside of RapiDoc. Its own hides the navigation of a narrow window and moves the licence out of view; a missing token is no error, since most servers need none. */
const INNER_STYLE = `
#api-info { margin-left: 0 !important }
#api-info > span:first-child { padding-left: 0 !important }
#auth .red-text { color: inherit }
@media (max-width: 767px) {
  .body { flex-direction: column }
  .nav-bar { display: flex; flex: none; width: auto; height: auto; max-height: 70% }
  .nav-bar > :not(slot) { display: none !important }
  :host([menu]) .nav-bar > .nav-scroll { display: block !important }
  .main-content { min-height: 0 }
  .section-gap--read-mode { padding: 8px 12px }
}
`;

/** Opens and closes the navigation of a narrow window. */
const SCRIPT = `
await customElements.whenDefined('rapi-doc');
const api = document.querySelector('rapi-doc');
const menu = document.querySelector('#menu');
const sheet = new CSSStyleSheet();
sheet.replaceSync(${JSON.stringify(INNER_STYLE)});
api.shadowRoot.adoptedStyleSheets = [...api.shadowRoot.adoptedStyleSheets, sheet];
const show = (open) => {
  api.toggleAttribute('menu', open);
  menu.setAttribute('aria-expanded', String(open));
};
menu.addEventListener('click', () => show(!api.hasAttribute('menu')));
// Before RapiDoc's own listener, which stops the event and scrolls.
api.shadowRoot.addEventListener(
  'click',
  ({ target }) => {
    if (target.closest('[data-action="navigate"]')) show(false);
  },
  true,
);
`;

/** The page that shows the API document in RapiDoc. Its links are relative, so it also works behind a proxy that adds a path prefix. */
export const docsPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>taurec: the API</title>
<style>
body { margin: 0 }
#menu { font: 600 14px system-ui, sans-serif; color: inherit; background: none; border: 0; padding: 12px 16px; text-align: left; cursor: pointer }
rapi-doc::part(wrap-request-btn) { flex-wrap: wrap; gap: 8px }
@media (min-width: 768px) { #menu { display: none } }
</style>
<script type="module" src="docs/rapidoc-min.js"></script>
<script type="module">${SCRIPT}</script>
</head>
<body>
<rapi-doc spec-url="openapi.json" load-fonts="false" render-style="read" schema-style="table" show-header="false"
  regular-font="system-ui, sans-serif" mono-font="ui-monospace, monospace" allow-server-selection="false" use-path-in-nav-bar="false">
<button id="menu" slot="nav-logo" aria-expanded="false">☰ Contents</button>
</rapi-doc>
</body>
</html>
`;

/** The source of the page's own script in a content security policy. */
export const docsScriptSource = `'sha256-${createHash('sha256').update(SCRIPT).digest('base64')}'`;
