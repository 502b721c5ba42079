import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { TaurecError } from '../errors.ts';

/** The folder of the built page of the studio in the package. */
export const studioSite = fileURLToPath(new URL('../studio/site', import.meta.url));

/** The first page of a site. */
const INDEX = 'index.html';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

/** What a page of the studio may load, without `frame-ancestors`, which only a header can say. WebAssembly is compiled in the page, and workers may be made of its own texts. @param digests of inline scripts that may run: `sha256-…` */
function pagePolicy(digests: readonly string[] = []): string {
  const scripts = ["'self'", "'wasm-unsafe-eval'", ...digests.map((digest) => `'${digest}'`)].join(' ');
  return `default-src 'self'; script-src ${scripts}; style-src 'self'; worker-src 'self' blob:; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'`;
}

/** Headers of every answer of a studio: the page is isolated, so that its workers may share memory, and nobody else may embed or read anything. */
export const siteHeaders: Readonly<Record<string, string>> = {
  'Content-Security-Policy': `${pagePolicy()}; frame-ancestors 'none'`,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
};

/** Where a page of the studio finds its session: in a worker of its own, on the server of `taurec studio`, or on one of `taurec serve --studio`. */
export type SiteKind = 'page' | 'studio' | 'serve';

/** A file of a site. */
export interface SiteFile {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
}

/**
 * The built page. Only files that were there when it was opened are given out, each under its own name: no path of a request reaches the file system.
 */
export class Site {
  readonly #files: ReadonlyMap<string, string>;
  readonly #read = new Map<string, Promise<SiteFile>>();
  readonly #kind: SiteKind;
  readonly #digests: readonly string[];

  private constructor(files: ReadonlyMap<string, string>, kind: SiteKind, digests: readonly string[]) {
    this.#files = files;
    this.#kind = kind;
    this.#digests = digests;
  }

  /**
   * @param folder default: the page in the package
   * @param digests of the inline scripts that a page of its own policy, kind `page`, may run; the frames that it makes inherit the policy
   * @throws TaurecError `no-studio-site`
   */
  static async open(kind: SiteKind, folder: string = studioSite, digests: readonly string[] = []): Promise<Site> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    const byName = new Map(files.map((file) => [file.slice(folder.length + 1).replaceAll('\\', '/'), file]));
    if (!byName.has(INDEX)) throw new TaurecError('no-studio-site', { folder });
    return new Site(byName, kind, digests);
  }

  /** Names of all files, with slashes. */
  get names(): readonly string[] {
    return [...this.#files.keys()];
  }

  /** The file of a path below the site's own; '' is the first page. Undefined for any other text. */
  file(path: string): Promise<SiteFile> | undefined {
    const name = path === '' ? INDEX : path;
    const file = this.#files.get(name);
    if (file === undefined) return undefined;
    let read = this.#read.get(name);
    if (!read) {
      read = this.#open(name, file);
      this.#read.set(name, read);
    }
    return read;
  }

  async #open(name: string, file: string): Promise<SiteFile> {
    const body = new Uint8Array(await readFile(file));
    const type = types[extname(name).toLowerCase()] ?? 'application/octet-stream';
    return { type, body: name === INDEX ? withHead(body, this.#kind, this.#digests) : body };
  }
}

/** The first page with what its session needs to know, and with its policy where no header can say it. */
function withHead(page: Uint8Array, kind: SiteKind, digests: readonly string[]): Uint8Array<ArrayBuffer> {
  const policy = kind === 'page' ? `<meta http-equiv="Content-Security-Policy" content="${pagePolicy(digests)}">` : '';
  const text = new TextDecoder()
    .decode(page)
    // What a page that is served as it was built says of itself.
    .replace(/<meta name="taurec-session"[^>]*>\s*/i, '')
    .replace(/<head[^>]*>/i, (head) => `${head}${policy}<meta name="taurec-session" content="${kind}">`);
  return new TextEncoder().encode(text);
}
