import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { TaurecError } from '../errors.ts';

/**
 * Checks the bearer token of requests. Without a token every client has access. Tokens are compared by their SHA-256 digests, in constant time: digests have equal lengths,
 * which `timingSafeEqual` requires, and the time reveals nothing about the token.
 */
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
   * Throws `no-token` unless the header `Authorization` holds the token. Pages, which a browser opens, also accept it as the password of Basic
   * authentication. Other endpoints do not: browsers attach that password automatically, even to requests that pages of other origins make.
   */
  check(authorization: string | undefined, page: boolean): void {
    if (!this.#digest) return;
    const [scheme = '', value = ''] = (authorization ?? '').split(/ +/, 2);
    const kind = scheme.toLowerCase();
    const token = kind === 'bearer' ? value : page && kind === 'basic' ? passwordOf(value) : undefined;
    if (token !== undefined && timingSafeEqual(digest(token), this.#digest)) return;
    const got = authorization === undefined ? 'no token' : 'a wrong token';
    throw new TaurecError('no-token', { got, basic: page });
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** The password in the credentials of Basic authentication, base64 of `user:password`. The user name is ignored. */
function passwordOf(credentials: string): string {
  const text = Buffer.from(credentials, 'base64').toString('utf8');
  return text.slice(text.indexOf(':') + 1);
}

/**
 * The host names that a server accepts in requests. It protects a server on loopback without a token against DNS rebinding: the owner of a web page can point the page's
 * domain at 127.0.0.1, so that the page's requests reach this server; their `Host` header still names that domain. IP addresses, `localhost` and its subdomains are always
 * accepted, because no web page can own them.
 */
export class HostNames {
  readonly #known: ReadonlySet<string>;

  constructor(known: readonly string[]) {
    this.#known = new Set(known.map((name) => name.toLowerCase()));
  }

  /** Throws `wrong-host` unless the header `Host` holds an accepted name, with any port. A request without the header passes: browsers always send it. */
  check(header: string | undefined): void {
    const name = header === undefined ? 'localhost' : nameOf(header);
    if (name !== undefined && (isOwn(name) || this.#known.has(name))) return;
    throw new TaurecError('wrong-host', { got: header!.slice(0, 300) });
  }
}

/** Whether a text is a bare host name, without scheme, port or path. */
export function isHostName(text: string): boolean {
  return nameOf(text) === text.toLowerCase();
}

/** The name in `name:port`, in lower case; an IPv6 address without its brackets; undefined if the text is not a valid host. */
function nameOf(host: string): string | undefined {
  if (/[/@?#]/.test(host) || !URL.canParse(`http://${host}`)) return undefined;
  return new URL(`http://${host}`).hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Whether a name always means this machine or an address, so that no web page can have it as its domain. */
function isOwn(name: string): boolean {
  return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost');
}
