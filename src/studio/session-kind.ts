import { ServerSession } from './server-session.ts';

/** Where this page finds its session, as the page itself says: in a worker, on the server of `taurec studio`, or on one of `taurec serve --studio`. */
export function sessionKind(): 'page' | 'studio' | 'serve' {
  const said = document.querySelector('meta[name="taurec-session"]')?.getAttribute('content');
  return said === 'studio' || said === 'serve' ? said : 'page';
}

/** The token of the address, until it was exchanged: a network may fail, and a person try again. */
let token: string | undefined;

/**
 * The session of the server that this page comes from. A token in the address is exchanged for the cookie, and removed from the address and the history first, so that it cannot be copied from there.
 * @throws TaurecError `studio-closed` for a wrong token; calls throw it where there is neither a token nor a cookie
 */
export async function joinServer(): Promise<ServerSession> {
  const base = new URL('./', location.href);
  const given = /^#token=([\w-]+)$/.exec(location.hash)?.[1];
  if (given !== undefined) {
    token = given;
    history.replaceState(null, '', location.pathname + location.search);
  }
  if (token === undefined) return new ServerSession(base);
  const session = await ServerSession.join(base, token);
  token = undefined;
  return session;
}
