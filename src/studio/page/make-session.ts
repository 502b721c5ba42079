import { isolatePage } from '../../browser/isolate-page.ts';
import type { Session } from '../session.ts';

/** The session of this page by itself: a workbench in a worker, with threads where the page can be isolated. That may reload the page once, before anything is in it. */
export async function makeSession(): Promise<Session> {
  await isolatePage('isolation-worker.js');
  const { LocalSession } = await import('../local/local-session.ts');
  return new LocalSession();
}
