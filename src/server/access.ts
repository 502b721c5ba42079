import { createHash, timingSafeEqual } from 'node:crypto';
import { TaurecError } from '../errors.ts';

/** Who may ask: everybody where there is no token, otherwise who brings it. Tokens are compared by their digests, in constant time. */
export class Access {
  readonly #digest?: Buffer;

  constructor(token?: string) {
    this.#digest = token === undefined ? undefined : digest(token);
  }

  /** Whether a token is asked for. */
  get closed(): boolean {
    return this.#digest !== undefined;
  }

  /**
   * Throws `no-token` unless the header `Authorization` brings the token. A page, which a browser opens, also takes it as the password of Basic
   * authentication; nothing else does, since browsers send that by themselves, on behalf of foreign pages too.
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
