import { expect, test } from 'vitest';
import { TaurecError } from '../../src/errors.ts';
import { shownFailure } from '../../src/studio/page/state/failure.ts';
import { Task } from '../../src/studio/page/state/task.ts';
import type { Control } from '../../src/studio/session.ts';
import { failureOf } from '../../src/studio/workbench/failure.ts';

/** A call that ends when it is told to. */
function held<T>() {
  let end!: (value: T) => void;
  let fail!: (error: unknown) => void;
  let control!: Control;
  const work = (given: Control) => {
    control = given;
    return new Promise<T>((resolve, reject) => {
      end = resolve;
      fail = reject;
    });
  };
  return { work, end: (value: T) => end(value), fail: (error: unknown) => fail(error), control: () => control };
}

test('a call goes from empty over working to done, and tells its progress', async () => {
  const task = new Task<number>();
  const call = held<number>();
  expect(task.state.value).toEqual({ state: 'empty' });
  const result = task.run(call.work);
  call.control().onProgress!({ done: 1, total: 4 });
  expect(task.state.value).toEqual({ state: 'working', done: 1, total: 4 });
  call.end(7);
  expect(await result).toBe(7);
  expect(task.value).toBe(7);
});

test('a failure has the words of taurec, and can be tried again', async () => {
  const task = new Task<number>();
  let times = 0;
  await task.run(async () => {
    if (times++ === 0) throw new TaurecError('empty-data', { file: 'a.csv', reason: 'no rows' });
    return times;
  });
  expect(task.state.value).toMatchObject({ state: 'failed', failure: { code: 'empty-data' } });
  task.retry();
  await new Promise((resolve) => setTimeout(resolve));
  expect(task.value).toBe(2);
});

test('an outdated call is stopped, and its end changes nothing', async () => {
  const task = new Task<string>();
  const [first, second] = [held<string>(), held<string>()];
  const one = task.run(first.work);
  const two = task.run(second.work);
  expect(first.control().signal!.aborted).toBe(true);
  second.end('second');
  expect(await two).toBe('second');
  first.end('first');
  expect(await one).toBeUndefined();
  expect(task.value).toBe('second');
});

test('what is cancelled shows the value before it, at once and for good', async () => {
  const task = new Task<number>();
  await task.run(async () => 1);
  const call = held<number>();
  const result = task.run(call.work);
  task.cancel();
  expect(task.value).toBe(1);
  call.fail(new TaurecError('aborted'));
  expect(await result).toBeUndefined();
  expect(task.value).toBe(1);
});

test('a failure is shown as what happened and what to do', () => {
  const { what, remedy } = shownFailure(failureOf(new TaurecError('file-not-found', { file: 'a.b.csv' })));
  expect([what, remedy]).toEqual(['a.b.csv: no such file.', 'Check the path.']);
  expect(shownFailure(failureOf(new Error('boom')))).toMatchObject({ code: 'unexpected', what: 'boom.' });
  const wire = { code: 'aborted', message: 'Stopped on request.', facts: {} };
  expect(failureOf(wire)).toBe(wire);
});
