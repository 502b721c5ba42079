import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { Studio } from '../../src/studio/page/state/studio.ts';

const address = { hash: '', search: '' };
beforeAll(() => {
  vi.stubGlobal('location', address);
  vi.stubGlobal('history', {
    replaceState: (_state: unknown, _title: string, to: string) => {
      address.hash = to;
    },
  });
});
afterAll(() => void vi.unstubAllGlobals());

let studio: Studio;
beforeEach(() => {
  address.hash = '#/data?sample=toy';
  studio = new Studio(() => Promise.reject(new Error('no session')), address);
});

test('options of the room replace those of its address', () => {
  studio.setOptions({ sample: '', split: 'time' });
  expect(address.hash).toBe('#/data?split=time');
  expect(studio.place.value.options).toEqual({ sample: '', split: 'time' });
});

test('a room that is being left writes nothing over the new address', () => {
  address.hash = '#/train?epochs=3';
  studio.setOptions({ sample: 'films' });
  expect(address.hash).toBe('#/train?epochs=3');
  expect(studio.place.value).toEqual({ room: 'data', runs: [], options: { sample: 'toy' } });
});
