import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { TaurecError } from '../../errors.ts';
import type { HostNames } from '../../server/access.ts';

/** The headers of a request, by their names in lower case. */
export type RequestHeaders = (name: string) => string | undefined;

/**
 * Who may use a studio: the person who saw the address that the command printed. Its token is exchanged for a cookie with another secret; both are random, 256 bits, and end with the server. The token may be exchanged
 * again, so that the printed address also opens a second browser.
 */
export class StudioAccess {
  readonly token = secret();
  readonly #cookie = secret();
  readonly #hostNames: HostNames;
  #port = 0;

  /** @param hostNames the accepted names in `Host` */
  constructor(hostNames: HostNames) {
    this.#hostNames = hostNames;
  }

  /** The port that the server listens on. */
  get port(): number {
    return this.#port;
  }

  set port(port: number) {
    this.#port = port;
  }

  /** Cookies belong to a host with all its ports: the port in the name keeps two studios apart. */
  get #name(): string {
    return `taurec-studio-${this.#port}`;
  }

  /** The header that gives a browser the cookie. @throws TaurecError `studio-closed` for another token */
  cookieFor(token: unknown): string {
    if (typeof token !== 'string' || !same(token, this.token)) {
      throw new TaurecError('studio-closed', { got: 'a wrong token' });
    }
    // The page itself needs no cookie.
    return `${this.#name}=${this.#cookie}; Path=/api/; HttpOnly; SameSite=Strict`;
  }

  /** Checks that the server was asked by one of its names, so that no foreign domain that points at this machine gets an answer. @throws TaurecError `wrong-host` */
  checkHost(header: RequestHeaders): void {
    this.#hostNames.check(header('host'));
  }

  /**
   * Checks that no page of another origin sent the request; pages of other ports of this machine are others too, although they are of the same site.
   * @throws TaurecError `foreign-page`
   */
  checkOrigin(header: RequestHeaders): void {
    const origin = header('origin');
    if (origin !== undefined && hostOf(origin) !== header('host')?.toLowerCase()) {
      throw new TaurecError('foreign-page', { got: origin.slice(0, 300) });
    }
    // Browsers send no Origin with some requests, but say how their page is related to the server.
    const site = header('sec-fetch-site');
    if (site !== undefined && site !== 'same-origin' && site !== 'none') {
      throw new TaurecError('foreign-page', { got: `a page of another origin (${site.slice(0, 20)})` });
    }
  }

  /** @throws TaurecError `studio-closed` without the cookie */
  checkCookie(header: RequestHeaders): void {
    const given = (header('cookie') ?? '').split(/; */).filter((pair) => pair.startsWith(`${this.#name}=`));
    if (given.length === 0) throw new TaurecError('studio-closed', { got: 'no access' });
    // Another program of this machine may have set a cookie of the same name for another path.
    if (!given.some((pair) => same(pair.slice(this.#name.length + 1), this.#cookie))) {
      throw new TaurecError('studio-closed', { got: 'the access of another server' });
    }
  }
}

function secret(): string {
  return randomBytes(32).toString('base64url');
}

/** Whether two texts are equal, in a time that does not tell where they differ. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** The host and port of an origin; undefined for `null` and for anything that is no origin of the web. */
function hostOf(origin: string): string | undefined {
  if (!URL.canParse(origin)) return undefined;
  const { protocol, host } = new URL(origin);
  return protocol === 'http:' || protocol === 'https:' ? host : undefined;
}
