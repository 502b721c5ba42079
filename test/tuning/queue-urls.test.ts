import { expect, test } from 'vitest';
import { openQueue } from '../../src/queue/open-queue.ts';
import { rejectionOf } from '../support/error-of.ts';

test('a URL of no queue, or of a server that does not answer, is an error that keeps the password to itself', async () => {
  expect(await rejectionOf(openQueue('http://127.0.0.1'))).toMatchObject({
    code: 'bad-option',
    facts: { option: 'queue' },
  });
  expect(await rejectionOf(openQueue('redis://127.0.0.1:1'))).toMatchObject({ code: 'queue-unreachable' });
  expect(await rejectionOf(openQueue('postgres://u:secret@127.0.0.1:1/x'))).toMatchObject({
    code: 'queue-unreachable',
    facts: { url: 'postgres://u@127.0.0.1:1/x' },
  });
  const error = await rejectionOf(openQueue('redis://:secret@127.0.0.1:1'));
  expect(`${error.message} ${JSON.stringify(error.facts)}`).not.toContain('secret');
});
