import type { Page } from 'playwright-core';
import { type CarriedError, rebuildError } from '../../src/platform/carried-error.ts';
import type { Control, Session, SessionEvent } from '../../src/studio/session.ts';

/** What the page under test has: its session, and what turns its errors into data. */
export interface PageGlobals {
  readonly session: Session;
  readonly carryError: (error: unknown) => CarriedError;
}
type InPage = typeof globalThis &
  PageGlobals & {
    heard(watch: number, event: unknown): void;
    /** Ends of watches, by their numbers. */
    stops?: Record<number, () => void>;
  };

/** Files in a form that Playwright can carry. */
type Carried = { readonly base64: string; readonly name?: string };

/** The session of a page, for a test in Node: each call is made in the page. */
export async function sessionIn(page: Page): Promise<Session> {
  const listeners = new Map<number, (event: SessionEvent) => void>();
  let watches = 0;
  await page.exposeFunction('heard', (watch: number, event: SessionEvent) => listeners.get(watch)?.(event));
  const call = async (name: keyof Session, args: readonly unknown[], control?: Control): Promise<unknown> => {
    const carried = await Promise.all(args.map(carry));
    const answer = await page.evaluate(
      async ([method, given, controlled]) => {
        const { session, carryError } = globalThis as InPage;
        const bytes = (base64: string) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const own = given.map((arg) => {
          const file = arg as Carried | undefined;
          if (typeof file?.base64 !== 'string') return arg;
          return file.name === undefined ? new Blob([bytes(file.base64)]) : new File([bytes(file.base64)], file.name);
        });
        try {
          const run = session[method] as (...all: unknown[]) => Promise<unknown>;
          const value = await run.apply(session, controlled ? [...own, { signal: AbortSignal.abort() }] : own);
          if (!(value instanceof Blob)) return { value };
          let text = '';
          for (const byte of new Uint8Array(await value.arrayBuffer())) text += String.fromCharCode(byte);
          return { value: { base64: btoa(text) } };
        } catch (error) {
          return { error: carryError(error) };
        }
      },
      [name, carried, control?.signal?.aborted === true] as const,
    );
    if (answer.error) throw rebuildError(answer.error);
    const value = answer.value as Carried | undefined;
    return typeof value?.base64 === 'string' ? new Blob([Buffer.from(value.base64, 'base64')]) : value;
  };
  const watch: Session['watch'] = (listener, after) => {
    const own = ++watches;
    listeners.set(own, listener);
    void page.evaluate(
      ([number, from]) => {
        const { session, heard, stops = {} } = globalThis as InPage;
        stops[number] = session.watch((event) => heard(number, event), from);
        Object.assign(globalThis, { stops });
      },
      [own, after] as const,
    );
    return () => {
      listeners.delete(own);
      // A page that was closed watches nothing.
      page.evaluate((number) => (globalThis as InPage).stops?.[number]?.(), own).catch(() => {});
    };
  };
  const controlAt: Partial<Record<keyof Session, number>> = { add: 1, measure: 1, load: 1, judge: 2, compare: 3 };
  return new Proxy({} as Session, {
    get: (_, name) => {
      if (name === 'watch') return watch;
      // A promise would be asked for its `then`.
      if (typeof name !== 'string' || name === 'then') return undefined;
      const at = controlAt[name as keyof Session];
      return (...args: unknown[]) =>
        at === undefined
          ? call(name as keyof Session, args)
          : call(name as keyof Session, args.slice(0, at), args[at] as Control | undefined);
    },
  });
}

async function carry(value: unknown): Promise<unknown> {
  if (!(value instanceof Blob)) return value;
  const base64 = Buffer.from(await value.arrayBuffer()).toString('base64');
  return { base64, ...(value instanceof File && { name: value.name }) } satisfies Carried;
}
