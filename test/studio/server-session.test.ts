import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { TaurecError } from '../../src/errors.ts';
import { controlAt } from '../../src/studio/calls.ts';
import { ServerSession } from '../../src/studio/server-session.ts';
import type { SessionEvent } from '../../src/studio/session.ts';
import { calls } from '../../src/studio/wire.ts';
import { rejectionOf } from '../support/error-of.ts';
import { endless } from './fake-session.ts';
import { startFake } from './studio.ts';

async function joined() {
  const started = await startFake();
  const session = await ServerSession.join(started.studio.url, started.studio.token);
  return { ...started, session };
}

describe('a session over HTTP', () => {
  it('passes every call on with its arguments, and its result back', async () => {
    const { session, fake } = await joined();
    const odd = { ä: ['日本', null, 1.5, ''], 'a/b': { c: '\u2028 "' } };
    for (const call of calls) {
      fake.answers[call] = (...args: unknown[]) => ({ call, odd, count: args.length });
      const count = (controlAt as Record<string, number>)[call] ?? 3;
      const args = Array.from({ length: count }, (_, at) => ({ at, odd }));
      const method = session[call] as (...args: unknown[]) => Promise<unknown>;
      const controls = call in controlAt ? 1 : 0;
      expect(await method(...args)).toEqual({ call, odd, count: count + controls });
      expect(fake.got.at(-1)!.args.slice(0, count)).toEqual(args);
    }
  });

  it('has undefined where the session has', async () => {
    const { session, fake } = await joined();
    fake.answers.data = () => undefined;
    fake.answers.follow = () => undefined;
    expect(await session.data()).toBeUndefined();
    expect(await session.follow(undefined)).toBeUndefined();
  });

  it('passes arguments that are undefined as such, wherever they stand', async () => {
    const { session, fake } = await joined();
    for (const call of calls) fake.answers[call] = () => 'answered';
    // What a session's methods take: texts, numbers and objects, some of whose fields are undefined, and null within them.
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    const value = fc.oneof(text, fc.integer(), fc.constant(undefined));
    const object = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.oneof(value, fc.constant(null)), { maxKeys: 4 });
    const argument = fc.oneof(value, object, fc.array(fc.oneof(text, fc.constant(null)), { maxLength: 3 }));
    const given = fc.tuple(fc.constantFrom(...calls), fc.array(argument, { maxLength: 4 }));
    await fc.assert(
      fc.asyncProperty(given, async ([call, args]) => {
        const own = args.slice(0, (controlAt as Record<string, number>)[call] ?? 4);
        await (session[call] as (...all: unknown[]) => Promise<unknown>)(...own);
        const got = fake.got.at(-1)!.args.slice(0, own.length);
        for (const [at, one] of own.entries()) {
          expect(got[at]).toEqual(one);
          if (one === undefined) expect(got[at]).toBeUndefined();
        }
      }),
      { numRuns: 150, examples: [[['mapItems', [undefined]]], [['find', ['r', 'user', '', undefined]]]] },
    );
  });

  it('throws what the session throws, with its code, message and facts', async () => {
    const { session, fake } = await joined();
    const facts = { file: 'a.csv', reason: 'no rows', extra: [1, { b: null }] };
    for (const call of ['data', 'load'] as const) {
      fake.answers[call] = () => Promise.reject(new TaurecError('empty-data', facts));
      const error = await rejectionOf(session[call]({ train: 'x' }));
      expect(error).toBeInstanceOf(TaurecError);
      expect(error).toMatchObject({ code: 'empty-data', facts, message: new TaurecError('empty-data', facts).message });
    }
  });

  it('hides the reason of a fault of the server, and logs it', async () => {
    const { session, fake, log } = await joined();
    for (const call of ['data', 'load'] as const) {
      fake.answers[call] = () => Promise.reject(new Error('secret reason'));
      const error = await rejectionOf(session[call]({ train: 'x' }));
      expect(error.code).toBe('server-fault');
      expect(JSON.stringify([error.message, error.facts])).not.toContain('secret');
    }
    expect(log.filter((line) => line.includes('secret reason'))).toHaveLength(2);
  });

  it('reports progress and stops the work when it is aborted', async () => {
    const { session, fake } = await joined();
    const stopped = vi.fn();
    fake.answers.judge = endless(1, stopped);
    const stop = new AbortController();
    const progress: unknown[] = [];
    const call = session.judge('run', 'test', {
      signal: stop.signal,
      onProgress: (now) => {
        progress.push(now);
        stop.abort();
      },
    });
    expect(await rejectionOf(call)).toMatchObject({ code: 'aborted' });
    expect(progress).toEqual([{ done: 1, total: 1 }]);
    await vi.waitFor(() => expect(stopped).toHaveBeenCalledOnce(), 30_000);
    expect(fake.got[0]!.args.slice(0, 2)).toEqual(['run', 'test']);
  });

  it('says that the server is gone', async () => {
    const { session, studio, fake } = await joined();
    fake.answers.judge = endless(1, () => {});
    const running = rejectionOf(session.judge('run', 'valid', { onProgress: () => void studio.close() }));
    expect(await running).toMatchObject({ code: 'session-lost' });
    await studio.close();
    expect(await rejectionOf(session.about())).toMatchObject({ code: 'session-lost' });
  });

  it('sends an archive and gets one back, byte for byte', async () => {
    const { session, fake } = await joined();
    const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) % 251);
    const opened: Uint8Array[] = [];
    fake.answers.open = async (archive: Blob, name: string) => {
      opened.push(new Uint8Array(await archive.arrayBuffer()));
      return { id: 'r1', name };
    };
    fake.answers.archive = (run: string) => (run === 'a/b' ? new Blob([bytes]) : undefined);
    expect(await session.open(new Blob([bytes]), 'my model')).toEqual({ id: 'r1', name: 'my model' });
    expect(Buffer.compare(opened[0]!, bytes)).toBe(0);
    expect(Buffer.compare(new Uint8Array(await (await session.archive('a/b')).arrayBuffer()), bytes)).toBe(0);
    fake.answers.archive = () => Promise.reject(new TaurecError('unknown-name', { kind: 'run', got: 'x', known: [] }));
    expect(await rejectionOf(session.archive('x'))).toMatchObject({ code: 'unknown-name' });
  });

  it('refuses a wrong token', async () => {
    const { studio } = await startFake();
    expect(await rejectionOf(ServerSession.join(studio.url, 'x'.repeat(43)))).toMatchObject({ code: 'studio-closed' });
    const stranger = new ServerSession(studio.url);
    expect(await rejectionOf(stranger.runs())).toMatchObject({ code: 'studio-closed' });
  });
});

describe('events', () => {
  /** Watches; `seen` holds the numbers of the events that came. */
  const watching = (session: ServerSession, after?: number) => {
    const seen: number[] = [];
    const events: SessionEvent[] = [];
    const leave = session.watch((event) => {
      seen.push(event.number);
      events.push(event);
    }, after);
    return { seen, events, leave };
  };

  it('come to every tab, from the number that it names', async () => {
    const { session, fake } = await joined();
    for (let epoch = 1; epoch <= 5; epoch++) fake.emit({ run: 'r', epoch });
    const all = watching(session, 0);
    const some = watching(session, 3);
    const later = watching(session);
    await vi.waitFor(() => expect([all.seen, some.seen, fake.listening]).toEqual([[1, 2, 3, 4, 5], [4, 5], 4]), 30_000);
    fake.emit({ run: 'r', epoch: 6 });
    await vi.waitFor(
      () => expect([all.seen, some.seen, later.seen]).toEqual([[1, 2, 3, 4, 5, 6], [4, 5, 6], [6]]),
      30_000,
    );
    expect(all.events).toEqual(fake.events);
    all.leave();
    await vi.waitFor(() => expect(fake.listening).toBe(3), 30_000);
    await session.close();
    await vi.waitFor(() => expect(fake.listening).toBe(1), 30_000);
    fake.emit({ run: 'r', epoch: 7 });
    expect(all.seen).toHaveLength(6);
  });

  it('lack none and repeat none when a slow reader is cut off', async () => {
    const { session, fake } = await joined();
    const wide = { x: Array.from({ length: 20_000 }, () => -1000) };
    const count = 400;
    for (let epoch = 1; epoch <= count; epoch++) {
      fake.emit({ run: 'r', epoch });
      // Some 48 MB in all: more than may wait for one reader.
      Object.assign(fake.events.at(-1)!, wide);
    }
    const { seen } = watching(session, 0);
    await vi.waitFor(() => expect(seen).toHaveLength(count), 30_000);
    expect(seen).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    await session.close();
  });
});
