import { isolatePage } from '../../browser/isolate-page.ts';
import type { Operations } from '../operations.ts';
import { ServedApi } from '../served-api.ts';
import { ServedOperations } from '../served-operations.ts';
import { ServedSession } from '../served-session.ts';
import type { Session } from '../session.ts';
import { joinServer, sessionKind } from '../session-kind.ts';

/** Where the page finds its session, and what operates the server that the page comes from, if that server makes lists. */
interface SessionPlace {
  makeSession(): Promise<Session>;
  operate?(token: string | undefined): Operations;
}

/** The place of this page, as the page itself says. */
export function sessionPlace(): SessionPlace {
  const kind = sessionKind();
  if (kind === 'studio') return { makeSession: joinServer };
  if (kind === 'page') return { makeSession: workbenchOfPage };
  // The page stands under /studio/ of the server. One client for both, so that a token that is typed serves both.
  const api = new ServedApi(new URL('../', location.href));
  return {
    makeSession: async () => new ServedSession(api),
    operate(token) {
      api.token = token;
      return new ServedOperations(api);
    },
  };
}

/** A workbench in a worker of this page, with threads where the page can be isolated. That may reload the page once, before anything is in it. */
async function workbenchOfPage(): Promise<Session> {
  await isolatePage('isolation-worker.js');
  const { LocalSession } = await import('../local/local-session.ts');
  return new LocalSession();
}
