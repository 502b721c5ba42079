import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import { TaurecError } from '../errors.ts';

/** What a token may do. `public`: what a web page may carry (popular and similar items, lists for given items, feedback). `read`: lists by user, scores, the model. `write`: feedback, edits of items and erasure. `admin`: reload, metrics. */
export const scopes = ['public', 'read', 'write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

/** A bearer token and its scopes. */
export interface ScopedToken {
  readonly token: string;
  readonly scopes: readonly Scope[];
}

/** What an endpoint asks of a request. */
export interface Demand {
  /** One of these scopes suffices. */
  readonly scopes: readonly Scope[];
  /** The user whose data the path names: a token signed for that user suffices. */
  readonly user?: string;
  /** A page, which a browser opens: the token may come as the password of Basic authentication. */
  readonly page?: boolean;
}

/** The keys of a server. */
export interface AccessKeys {
  /** A token with all scopes. */
  readonly token?: string;
  readonly tokens?: readonly ScopedToken[];
  /** Key of the tokens that are signed for a user. */
  readonly userKey?: string;
}

/**
 * Checks the bearer token of requests. Without any token every client has access. Tokens are compared by their SHA-256 digests, in constant time: digests have equal lengths,
 * which `timingSafeEqual` requires, and the time reveals nothing about the token.
 */
export class Access {
  readonly #known: readonly { readonly digest: Buffer; readonly scopes: readonly Scope[] }[];
  readonly #userKey?: string;

  constructor({ token, tokens = [], userKey }: AccessKeys = {}) {
    const all = token === undefined ? tokens : [{ token, scopes }, ...tokens];
    this.#known = all.map((known) => ({ digest: digest(known.token), scopes: known.scopes }));
    this.#userKey = userKey;
  }

  /** Whether clients must send a token. */
  get closed(): boolean {
    return this.#known.length > 0 || this.#userKey !== undefined;
  }

  /**
   * Throws `no-token` unless the header `Authorization` holds a known token, and `no-scope` unless its scopes suffice. Returns the user of a signed token. Pages, which a browser opens, also accept a token as the
   * password of Basic authentication. Other endpoints do not: browsers attach that password automatically, even to requests that pages of other origins make.
   */
  check(authorization: string | undefined, { scopes: wanted, user, page = false }: Demand): string | undefined {
    if (!this.closed) return undefined;
    const [scheme = '', value = ''] = (authorization ?? '').split(/ +/, 2);
    const kind = scheme.toLowerCase();
    const token = kind === 'bearer' ? value : page && kind === 'basic' ? passwordOf(value) : undefined;
    const given = token === undefined ? undefined : digest(token);
    // All tokens are compared, so that the time does not tell which one it was.
    const [known] = given ? this.#known.filter((one) => timingSafeEqual(given, one.digest)) : [];
    const signed = !known && token !== undefined ? this.#signedFor(token) : undefined;
    if (!known && signed === undefined) {
      const got = authorization === undefined ? 'no token' : 'a wrong or expired token';
      throw new TaurecError('no-token', { got, basic: page });
    }
    // Every scope includes `public`; a signed token has it, and reads the lists of its user.
    const granted: readonly Scope[] = known ? ['public', ...known.scopes] : ['public'];
    if (wanted.some((scope) => granted.includes(scope))) return signed;
    if (signed !== undefined && signed === user) return signed;
    throw new TaurecError('no-scope', { got: [...new Set(granted)], expected: wanted, user: signed !== undefined });
  }

  /** The user of a signed token that is valid now. */
  #signedFor(token: string): string | undefined {
    const [version, user, expires, signature, ...rest] = token.split('.');
    if (this.#userKey === undefined || version !== 'u1' || signature === undefined || rest.length > 0) return undefined;
    if (!timingSafeEqual(digest(signature), digest(signatureOf(this.#userKey, `u1.${user}.${expires}`))))
      return undefined;
    if (!/^\d{1,12}$/.test(expires!) || Number(expires) * 1000 <= Date.now()) return undefined;
    return Buffer.from(user!, 'base64url').toString('utf8');
  }
}

/**
 * A bearer token with which a client may read one user's lists and send that user's feedback: `u1.USER.EXPIRES.SIGNATURE`, where USER is the id in base64url and SIGNATURE the HMAC-SHA256 of what precedes it, in
 * base64url.
 * @param key the key of the server (`userKey`), 32 characters or more
 * @param expires end of validity, in seconds since 1970-01-01 UTC
 */
export function signUserToken(key: string, user: string, expires: number): string {
  const text = `u1.${Buffer.from(user, 'utf8').toString('base64url')}.${Math.floor(expires)}`;
  return `${text}.${signatureOf(key, text)}`;
}

function signatureOf(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
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

/** Whether only this machine can reach an address. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127\./.test(address);
}
