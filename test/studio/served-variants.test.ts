import { expect, test } from 'vitest';
import type { ServedApi } from '../../src/studio/served-api.ts';
import { ServedSession } from '../../src/studio/served-session.ts';
import { rejectionOf } from '../support/error-of.ts';

test('of several models, an answer that another one made is not shown as that of the run', async () => {
  const answer = { variant: 'b', items: [{ id: 'x', score: 1 }] };
  const api = {
    get: async () => answer,
    post: async (path: string) => (path.endsWith('for-items') ? answer : { recommendations: [answer] }),
  } as unknown as ServedApi;
  const session = new ServedSession(api);
  const asked = (run: string): Promise<unknown>[] => [
    session.recommend(run, { user: 'u' }),
    session.recommend(run, { items: ['x'] }),
    session.explain(run, { user: 'u' }, 'x'),
    session.similar(run, 'x'),
  ];
  for (const call of asked('a')) expect(await rejectionOf(call)).toMatchObject({ code: 'not-served' });
  expect(await Promise.all(asked('b'))).toEqual([answer.items, answer.items, answer, answer.items]);
});
