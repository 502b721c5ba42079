import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Live } from '../../src/studio/page/state/live.ts';
import type { RunInfo, SessionEvent } from '../../src/studio/session.ts';

const page = { hidden: false };
const frames = new Map<number, () => void>();
beforeEach(() => {
  vi.useFakeTimers();
  page.hidden = false;
  frames.clear();
  let asked = 0;
  vi.stubGlobal('document', page);
  vi.stubGlobal('requestAnimationFrame', (act: () => void) => {
    frames.set(++asked, act);
    return asked;
  });
  vi.stubGlobal('cancelAnimationFrame', (frame: number) => frames.delete(frame));
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const info = (id: string, change: Partial<RunInfo> = {}): RunInfo => ({
  ...{ id, name: id, state: 'running', config: {}, epoch: 0, epochs: 9, history: [], opened: 0, ...change },
});
let number = 0;
const event = (run: string, rest: Record<string, unknown>) => ({ number: ++number, run, ...rest }) as SessionEvent;
const map = (run: string, epoch: number) => event(run, { type: 'map', epoch, x: [epoch], y: [0] });
const list = (run: string, epoch: number) => event(run, { type: 'list', epoch, user: 'u', items: [] });
const begins = (run: string) => event(run, { type: 'run', info: info(run) });
const doing = (run: string) =>
  event(run, { type: 'train', event: { type: 'start', phase: 'refit', epochs: 9, trial: undefined } });
const draw = () => {
  for (const [id, act] of frames) {
    frames.delete(id);
    act();
  }
};

test('what came is taken with the next frame, once', () => {
  const live = new Live();
  live.take(begins('a'));
  live.take(map('a', 1));
  expect(frames.size).toBe(1);
  expect(live.runs.value).toEqual([]);
  draw();
  expect(live.runs.value.map(({ id }) => id)).toEqual(['a']);
  const { runs } = live;
  const before = runs.value;
  vi.runAllTimers();
  expect(runs.value).toBe(before);
});

test('a page that is hidden while a frame is awaited still follows', () => {
  const live = new Live();
  live.take(begins('a'));
  page.hidden = true;
  for (let epoch = 1; epoch <= 5; epoch++) live.take(map('a', epoch));
  // No frame comes.
  vi.advanceTimersByTime(1000);
  expect(live.maps.value.get('a')?.epoch).toBe(5);
  live.take(map('a', 6));
  vi.advanceTimersByTime(1000);
  expect(live.maps.value.get('a')?.epoch).toBe(6);
});

test('of the maps and lists that wait only the newest of each run are taken', () => {
  const live = new Live();
  live.take(begins('a'));
  live.take(begins('b'));
  const apply = vi.spyOn(Map.prototype, 'set');
  for (let epoch = 1; epoch <= 1000; epoch++) for (const run of ['a', 'b']) live.take(map(run, epoch));
  for (let epoch = 1; epoch <= 1000; epoch++) live.take(list('a', epoch));
  apply.mockClear();
  draw();
  // Two maps and one list; a signal's own bookkeeping may set a few more.
  expect(apply.mock.calls.filter(([key]) => key === 'a' || key === 'b').length).toBeLessThan(10);
  apply.mockRestore();
  expect(Array.from(live.maps.value.values(), ({ epoch }) => epoch)).toEqual([1000, 1000]);
  expect(live.lists.value.get('a')![0]!.epoch).toBe(1000);
});

test('a run that was forgotten leaves nothing, whatever still comes of it', () => {
  const live = new Live();
  for (const run of ['a', 'b']) for (const one of [begins(run), doing(run), map(run, 1), list(run, 1)]) live.take(one);
  draw();
  expect([live.maps.value.size, live.lists.value.size, live.doing.value.size]).toEqual([2, 2, 2]);
  live.take(event('a', { type: 'run', info: info('a', { state: 'cancelled' }) }));
  live.forget('a');
  for (const one of [begins('a'), doing('a'), map('a', 2), list('a', 2)]) live.take(one);
  draw();
  live.keep(info('a'));
  expect(live.runs.value.map(({ id }) => id)).toEqual(['b']);
  for (const pictures of [live.maps, live.lists, live.doing]) expect([...pictures.value.keys()]).toEqual(['b']);
  // Another session may use the id.
  live.reset();
  expect([live.runs.value.length, live.maps.value.size]).toEqual([0, 0]);
  live.take(begins('a'));
  draw();
  expect(live.runs.value.map(({ id }) => id)).toEqual(['a']);
});

test('an answer that is older than events changes no state, and brings epochs that events did not', () => {
  const live = new Live();
  const record = (epoch: number) => ({ epoch, step: epoch, loss: 1, learningRate: 0.1, progress: 0, seconds: 0 });
  live.know(info('a', { state: 'waiting' }));
  expect(live.runs.value[0]!.state).toBe('waiting');
  live.take(begins('a'));
  draw();
  live.know(info('a', { state: 'waiting' }));
  expect(live.runs.value[0]!.state).toBe('running');
  live.know(info('a', { state: 'waiting', epoch: 2, history: [record(1), record(2)] }));
  expect(live.runs.value[0]).toMatchObject({ state: 'running', epoch: 2, history: [{ epoch: 1 }, { epoch: 2 }] });
  live.know(info('a', { epoch: 1, history: [record(1)] }));
  expect(live.runs.value[0]!.epoch).toBe(2);
});

test('an interrupted run goes back to the epochs that are kept of it', () => {
  const live = new Live();
  const history = [1, 2, 3].map((epoch) => ({ epoch, loss: 1 / epoch })) as unknown as RunInfo['history'];
  live.keep(info('r', { epoch: 3, history }));
  live.keep(info('r', { state: 'paused', epoch: 2, history: history.slice(0, 2) }));
  expect(live.runs.value[0]!.history).toEqual(history);
  live.keep(info('r', { state: 'interrupted', epoch: 1, history: history.slice(0, 1) }));
  expect(live.runs.value[0]!).toMatchObject({ epoch: 1, history: history.slice(0, 1) });
});
