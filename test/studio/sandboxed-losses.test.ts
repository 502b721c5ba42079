import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LossMessage, SandboxRequest } from '../../src/studio/local/loss-protocol.ts';
import { SandboxedLosses } from '../../src/studio/local/sandboxed-losses.ts';
import type { LossCheck } from '../../src/studio/session.ts';
import { rejectionOf } from '../support/error-of.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** A check in a sandbox that says what a test tells it to; `gone` once the sandbox was ended. */
function checked() {
  const sandbox: { port?: MessagePort; gone: boolean } = { gone: false };
  const losses = new SandboxedLosses((request: SandboxRequest) => {
    if ('port' in request) sandbox.port = request.port;
    else sandbox.gone = true;
  });
  const check = losses.check('({})');
  const say = async (message: LossMessage) => {
    sandbox.port!.postMessage(message);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { check, say, sandbox };
}

const right: LossCheck = { name: 'x', gradientError: 0, passed: true, problems: [] };

test('a sandbox may take longer to start than a check may last', async () => {
  const { check, say, sandbox } = checked();
  vi.advanceTimersByTime(20_000);
  await say({ type: 'beat' });
  vi.advanceTimersByTime(4000);
  await say({ type: 'checked', check: right });
  expect(await check).toEqual(right);
  expect(sandbox.gone).toBe(true);
});

test('a loss that does not return is given up 5 s after its sandbox began', async () => {
  const { check, say, sandbox } = checked();
  const refused = rejectionOf(check);
  vi.advanceTimersByTime(20_000);
  await say({ type: 'beat' });
  vi.advanceTimersByTime(4999);
  expect(sandbox.gone).toBe(false);
  vi.advanceTimersByTime(1);
  expect(await refused).toMatchObject({ code: 'typed-loss', message: expect.stringContaining('within 5 s') });
  expect(sandbox.gone).toBe(true);
});

test('a sandbox that never begins is given up, too', async () => {
  const { check, sandbox } = checked();
  const refused = rejectionOf(check);
  vi.advanceTimersByTime(60_000);
  expect(await refused).toMatchObject({ code: 'typed-loss', message: expect.stringContaining('did not start') });
  expect(sandbox.gone).toBe(true);
});
