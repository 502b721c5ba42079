import { expect, test } from 'vitest';
import { TaurecError } from '../../src/errors.ts';
import { nodeHost } from '../../src/studio/node/node-host.ts';
import { Workbench } from '../../src/studio/workbench/workbench.ts';
import { toyRequest } from './session-contract.ts';

/** A workbench whose reader waits until `go`, or until it is stopped. */
function slowReading() {
  const host = nodeHost();
  const readings: AbortSignal[] = [];
  let go!: () => void;
  const gate = new Promise<void>((resolve) => (go = resolve));
  const workbench = new Workbench({
    ...host,
    reader: {
      ...host.reader,
      async interactions(file, options, { signal, onProgress } = {}) {
        readings.push(signal!);
        onProgress?.({ done: 1, total: 2 });
        const stopped = new Promise<never>((_, reject) =>
          signal!.addEventListener('abort', () => reject(new TaurecError('aborted'))),
        );
        await Promise.race([gate, stopped]);
        return host.reader.interactions(file, options);
      },
    },
  });
  return { workbench, readings, go };
}

test('a call that is stopped leaves a reading to those who wait for it; the last one stops it', async () => {
  const { workbench, readings, go } = slowReading();
  const calls = [new AbortController(), new AbortController()];
  const progress: unknown[] = [];
  const [first, second] = calls.map(({ signal }) =>
    workbench
      .measure(toyRequest, { signal, onProgress: (at) => progress.push(at) })
      .catch((error: TaurecError) => error.code),
  );
  await expect.poll(() => readings.length).toBe(1);
  calls[0]!.abort();
  expect(await first).toBe('aborted');
  expect(readings[0]!.aborted).toBe(false);
  calls[1]!.abort();
  expect(await second).toBe('aborted');
  expect(readings[0]!.aborted).toBe(true);
  expect(progress).toContainEqual({ done: 1, total: 2 });

  // Nothing of it is kept: the next call reads anew, and once for all who ask.
  const both = [workbench.measure(toyRequest), workbench.measure(toyRequest)];
  await expect.poll(() => readings.length).toBe(2);
  go();
  const [a, b] = await Promise.all(both);
  expect(a).toEqual(b);
  expect(a!.items).toBe(12);
  expect(readings.length).toBe(2);
  await workbench.close();
});
