import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workbenchThread } from '../../src/studio/server/workbench-thread.ts';
import { rejectionOf } from '../support/error-of.ts';
import { FakeSession } from './fake-session.ts';
import { base, cookieOf, request, startFake } from './studio.ts';

const again = 'start it again';

test('a thread that ends by itself is told of once, and calls say what helps', async () => {
  let lost = 0;
  // A folder that is not there ends the thread by an error.
  const { session, end } = workbenchThread(join(base, 'nowhere'), {}, () => lost++);
  const lostCall = { code: 'session-lost', message: expect.stringContaining(again) };
  expect(await rejectionOf(session.about())).toMatchObject(lostCall);
  await end();
  expect(lost).toBe(1);
  expect(await rejectionOf(session.runs())).toMatchObject(lostCall);
});

test('a server whose workbench has ended ends its streams, and opens no others', async () => {
  const { session } = new FakeSession();
  let lose = () => {};
  const { studio } = await startFake({}, undefined, {
    work: (_folder, _options, onLost) => {
      lose = onLost;
      return { session, end: async () => {} };
    },
  });
  const headers = { Cookie: await cookieOf(studio) };
  const begun = await fetch(`${studio.url}api/events`, { headers });
  lose();
  expect(await begun.text()).toMatch(/^id: 0/);
  const { text } = await request(studio, '/api/events', { headers });
  expect(JSON.parse(text).failure).toMatchObject({ code: 'session-lost', message: expect.stringContaining(again) });
});
