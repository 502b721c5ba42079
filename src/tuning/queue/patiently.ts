import { setTimeout as wait } from 'node:timers/promises';

/** Milliseconds for which a server may be away, and between two tries. */
const PATIENCE = 60_000;
const PAUSE = 500;

/** Node's and pg's own codes of a connection that is not there, and PostgreSQL's of a server that goes or comes. */
const away =
  /^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOENT|08...|57P01|57P02|57P03)$/;
/** pg gives some of these errors no code. */
const awayText = /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying)/;

/** Asks again, for a minute, while the server cannot be reached: it may be starting again. Then throws what it threw last. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const end = performance.now() + PATIENCE;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isAway(error) || performance.now() > end) throw error;
    }
    await wait(PAUSE);
  }
}

/** Whether an error says that the server could not be reached. */
export function isAway(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return away.test(String(code)) || awayText.test(String(message));
}
