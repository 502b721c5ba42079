import { afterEach, expect, test, vi } from 'vitest';
import { joinServer } from '../../src/studio/session-kind.ts';
import { rejectionOf } from '../support/error-of.ts';
import { startFake } from './studio.ts';

afterEach(() => void vi.unstubAllGlobals());

test('the token leaves the address at once, and is kept until it is exchanged', async () => {
  const { studio, fake } = await startFake();
  fake.answers.runs = () => [];
  const address = new URL(`${studio.url}#token=${studio.token}`);
  vi.stubGlobal('location', address);
  vi.stubGlobal('history', {
    replaceState: (_state: unknown, _title: string, to: string) => {
      address.hash = '';
      expect(to).toBe('/');
    },
  });
  const reached = globalThis.fetch;
  vi.stubGlobal('fetch', async () => {
    throw new TypeError('the network failed');
  });
  expect(await rejectionOf(joinServer())).toMatchObject({ code: 'session-lost' });
  expect(address.hash).toBe('');
  vi.stubGlobal('fetch', reached);
  const session = await joinServer();
  expect(await session.runs()).toEqual([]);
  // It was exchanged: Node keeps no cookies, so that a client without the token is refused.
  expect(await rejectionOf(joinServer().then((again) => again.runs()))).toMatchObject({ code: 'studio-closed' });
});
