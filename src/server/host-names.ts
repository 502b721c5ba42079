import { isIP } from 'node:net';
import { TaurecError } from '../errors.ts';

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
