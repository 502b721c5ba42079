import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
/** Headers by the first folder of an address: /isolated/page.html is /page.html with the headers of `isolated`. Any other folder has none. */
const headersOf: Record<string, Record<string, string>> = {
  isolated: isolation,
  /** WebAssembly may not be compiled. */
  strict: { 'content-security-policy': "script-src 'self' 'unsafe-inline'" },
  /** Workers may not start from text. */
  blobless: {
    ...isolation,
    'content-security-policy': "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; worker-src 'self'",
  },
};

export interface PageServer {
  /** http://127.0.0.1:PORT */
  readonly base: string;
  /** Answered addresses, in order. */
  readonly requests: string[];
  close(): void;
}

/** Serves texts by their addresses, and under /model/ the files of a folder of that name. */
export async function servePages(
  files: Record<string, readonly [type: string, body: string]>,
  folder?: string,
): Promise<PageServer> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://127.0.0.1');
    requests.push(pathname);
    const [, first, below] = /^\/([^/]+)(\/.*)$/.exec(pathname) ?? [];
    const name = first && !files[pathname] && first !== 'model' ? below! : pathname;
    for (const [header, value] of Object.entries(headersOf[first ?? ''] ?? {})) response.setHeader(header, value);
    const file = folder && name.startsWith('/model/') && join(folder, name);
    const found = files[name] ?? (file && existsSync(file) && ['application/octet-stream', readFileSync(file)]);
    if (!found) return void response.writeHead(404).end();
    response.setHeader('content-type', found[0]);
    response.end(found[1]);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { base, requests, close: () => void server.close() };
}
