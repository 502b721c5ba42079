import type { Session } from '../session.ts';

/** The session of this page: of its server, where one serves it, else of a worker. */
export async function makeSession(): Promise<Session> {
  throw new Error('No session is built in yet.');
}
