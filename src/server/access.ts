import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { TaurecError } from '../errors.ts';

/** Access: every client when there is no token, otherwise clients that send it. Tokens are compared by their digests, in constant time. */
export class Access {
  readonly #digest?: Buffer;

  constructor(token?: string) {
    this.#digest = token === undefined ? undefined : digest(token);
  }

  /** Whether clients must send a token. */
  get closed(): boolean {
    return this.#digest !== undefined;
  }

  /**
   * Throws `no-token` unless the header `Authorization` brings the token. A page, which a browser opens, also takes it as the password of Basic
   * authentication. Other endpoints do not: browsers send that password by themselves, also for requests from pages of other origins.
   */
  check(authorization: string | undefined, page: boolean): void {
    if (!this.#digest) return;
    const [scheme = '', value = ''] = (authorization ?? '').split(/ +/, 2);
    const kind = scheme.toLowerCase();
    const token = kind === 'bearer' ? value : page && kind === 'basic' ? passwordOf(value) : undefined;
    if (token !== undefined && timingSafeEqual(digest(token), this.#digest)) return;
    const got = authorization === undefined ? 'no token' : 'a token that is not the right one';
    throw new TaurecError('no-token', { got, basic: page });
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function passwordOf(credentials: string): string {
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
}

/**
 * The names by which a server may be asked. Where it listens on loopback and asks for no token, a foreign web page could reach it under a name of the page's own
 * that is made to point at this machine (DNS rebinding); such a request names that host. Addresses, `localhost` and names beneath it cannot be a page's own.
 */
export class HostNames {
  readonly #known: ReadonlySet<string>;

  constructor(known: readonly string[]) {
    this.#known = new Set(known.map((name) => name.toLowerCase()));
  }

  /** Throws `wrong-host` unless the header `Host` has a known name, with any port. Browsers always send one. */
  check(header: string | undefined): void {
    const name = header === undefined ? 'localhost' : nameOf(header);
    if (name !== undefined && (isOwn(name) || this.#known.has(name))) return;
    throw new TaurecError('wrong-host', { got: header!.slice(0, 300) });
  }
}

/** Whether text is the name of a host alone, without scheme, port and path. */
export function isHostName(text: string): boolean {
  return nameOf(text) === text.toLowerCase();
}

/** The name in `name:port`, in lower case, an IPv6 address without its brackets. */
function nameOf(host: string): string | undefined {
  if (/[/@?#]/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  return new URL(`http://${host}`).hostname.replace(/^\[(.*)\]$/, '$1');
}

function isOwn(name: string): boolean {
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost');
}
