import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '../../..');
/** The built page. */
export const siteFolder = join(root, 'dist/studio/site');

/** The policy that the page must live under. */
export const policy =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; worker-src 'self' blob:; img-src 'self' data: blob:; connect-src 'self'";

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  wasm: 'application/wasm',
};

/**
 * A server of the built page on a free port of 127.0.0.1, under the page's policy: `/` is the page as it ships, `/fake` the same page over the fake session.
 * @param folder of an exported site, which is served without any headers, as by a static host
 */
export async function serveSite({
  folder,
  isolated = folder === undefined,
}: {
  readonly folder?: string;
  readonly isolated?: boolean;
} = {}): Promise<{ url: string; asked: readonly string[]; close: () => Promise<void> }> {
  const served = folder ?? siteFolder;
  const fake = await bundleFake();
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname;
    const send = (type: string, body: string | Buffer) => {
      response.setHeader('Content-Type', types[type] ?? 'application/octet-stream');
      if (folder === undefined) response.setHeader('Content-Security-Policy', policy);
      if (isolated) {
        response.setHeader('Cross-Origin-Opener-Policy', 'same-origin');
        response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp');
      }
      response.end(body);
    };
    const page = readFileSync(join(served, 'index.html'), 'utf8');
    if (path === '/') return send('html', page);
    if (path === '/fake') return send('html', page.replace(/(<script [^>]*src=")[^"]*/, '$1/fake-page.js'));
    if (path === '/fake-page.js') return send('js', fake);
    const file = join(served, path);
    if (!file.startsWith(served) || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
      response.statusCode = 404;
      return response.end();
    }
    asked.push(path.slice(1));
    return send(path.split('.').at(-1)!, readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    /** Names of the site's files that browsers have loaded, besides the first page. */
    asked,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** The page over the fake session, in one script, from the built files. */
async function bundleFake(): Promise<string> {
  const built = await build({
    entryPoints: [join(import.meta.dirname, 'fake-page.ts')],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'silent',
    tsconfigRaw: '{}',
    plugins: [
      {
        name: 'built',
        setup({ onResolve }) {
          onResolve({ filter: /\/src\/.*\.tsx?$/ }, ({ path }) => ({
            path: join(root, 'dist', path.replace(/^.*\/src\//, '').replace(/\.tsx?$/, '.js')),
          }));
        },
      },
    ],
  });
  return built.outputFiles[0]!.text;
}
