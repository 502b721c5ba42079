import { readFile } from 'node:fs/promises';
import { docsPage, docsScriptSource } from './docs-page.ts';
import type { Endpoint } from './endpoint.ts';
import type { Reply } from './reply.ts';
import type { RequestSchemas } from './schemas.ts';

/** The landing page: a description of the server, with links to its other pages. */
export const landingPage = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>taurec</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; color: #222; background: #fff }
code { background: #f2f2f2; padding: .1em .3em; border-radius: 3px }
@media (prefers-color-scheme: dark) { body { color: #ddd; background: #1b1b1b } code { background: #333 } a { color: #8cf } }
</style>
</head>
<body>
<h1>taurec</h1>
<p>This server recommends items from a model trained by taurec.</p>
<ul>
<li><a href="docs">API documentation, with a form to try each request</a></li>
<li><a href="openapi.json">The API as an OpenAPI 3.1 document</a></li>
<li><a href="v1/model">The served model</a></li>
<li><a href="readyz">Readiness</a> and <a href="metrics">metrics</a> for Prometheus</li>
</ul>
<p>Example request: <code>GET /v1/users/42/recommendations?k=5</code></p>
</body>
</html>
`;

/** Content security policy of the pages: they load scripts and data from this server only. RapiDoc needs inline styles. */
const POLICY = `default-src 'none'; script-src 'self' ${docsScriptSource}; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** Endpoints for the API document and the HTML pages. The document and the RapiDoc script are loaded on their first request, then kept. */
export function documentEndpoints({ schemas }: { readonly schemas: RequestSchemas }): readonly Endpoint[] {
  const page = (body: string): Reply => ({
    type: 'text/html; charset=utf-8',
    body,
    headers: { 'Content-Security-Policy': POLICY, 'Referrer-Policy': 'no-referrer' },
  });
  let document: Promise<string> | undefined;
  let script: Promise<Uint8Array<ArrayBuffer>> | undefined;
  return [
    {
      method: 'GET',
      path: '/openapi.json',
      access: 'page',
      scopes: ['public'],
      async handle() {
        document ??= import('./openapi-document.ts').then(({ openApiDocument }) =>
          JSON.stringify(openApiDocument(schemas)),
        );
        return { body: await document };
      },
    },
    { method: 'GET', path: '/', access: 'page', scopes: ['public'], handle: () => page(landingPage) },
    { method: 'GET', path: '/docs', access: 'page', scopes: ['public'], handle: () => page(docsPage) },
    {
      method: 'GET',
      path: '/docs/rapidoc-min.js',
      access: 'page',
      scopes: ['public'],
      async handle() {
        script ??= readFile(new URL('./rapidoc-min.js', import.meta.url));
        return {
          type: 'text/javascript; charset=utf-8',
          body: await script,
          headers: { 'Cache-Control': 'private, max-age=3600' },
        };
      },
    },
  ];
}
