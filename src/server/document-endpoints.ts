import { readFile } from 'node:fs/promises';
import type { Endpoint } from './endpoint.ts';
import { docsPage, landingPage } from './pages.ts';
import type { Reply } from './reply.ts';
import type { RequestSchemas } from './request-schemas.ts';

/** A page may load what the server itself has, and nothing else. RapiDoc writes styles into its elements. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The API document, and the pages for people. Nothing of it is loaded before somebody asks. */
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
      async handle() {
        document ??= import('./openapi-document.ts').then(({ openApiDocument }) =>
          JSON.stringify(openApiDocument(schemas)),
        );
        return { body: await document };
      },
    },
    { method: 'GET', path: '/', access: 'page', handle: () => page(landingPage) },
    { method: 'GET', path: '/docs', access: 'page', handle: () => page(docsPage) },
    {
      method: 'GET',
      path: '/docs/rapidoc-min.js',
      access: 'page',
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
