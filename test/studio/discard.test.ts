import { expect, test } from 'vitest';
import { nodeHost } from '../../src/studio/node/node-host.ts';
import type { RunInfo, SessionEvent } from '../../src/studio/session.ts';
import type { RunStore } from '../../src/studio/workbench/host.ts';
import { memoryStore } from '../../src/studio/workbench/memory-store.ts';
import { Workbench } from '../../src/studio/workbench/workbench.ts';
import { stateOf, toyRequest } from './session-contract.ts';

const config = { loss: 'sl', dimension: 4, epochs: 2, validation: { every: 2 }, build: 'simd' } as const;

/** A store whose saves take until `go`, and what it holds. */
function slowStore() {
  const held = new Map<string, RunInfo>();
  let go!: () => void;
  const gate = new Promise<void>((resolve) => (go = resolve));
  let begun!: () => void;
  const saving = new Promise<void>((resolve) => (begun = resolve));
  const store: RunStore = {
    ...memoryStore(),
    async save(info) {
      begun();
      await gate;
      held.set(info.id, info);
    },
    async remove(run) {
      held.delete(run);
    },
  };
  return { store, held, go, saving };
}

test('a run that is discarded while it is saved stays away, and every watcher learns of it', async () => {
  const { store, held, go, saving } = slowStore();
  const session = new Workbench(nodeHost({ store }));
  await session.load(toyRequest);
  const events: SessionEvent[] = [];
  session.watch((event) => events.push(event));
  const { id } = await session.start(config);
  await saving;
  const twice = Promise.all([session.discard(id), session.discard(id)]);
  setTimeout(go, 20);
  await twice;
  expect([...held.keys()]).toEqual([]);
  expect(await session.runs()).toEqual([]);
  expect(events.filter(({ type }) => type === 'gone')).toEqual([events.at(-1)]);
  await session.close();
});

test('a run is done once it is saved, and is saved as done', async () => {
  const { store, held, go, saving } = slowStore();
  const session = new Workbench(nodeHost({ store }));
  await session.load(toyRequest);
  const { id } = await session.start(config);
  await saving;
  expect((await session.runs())[0]!.state).toBe('running');
  go();
  const run = await stateOf(session, id, 'done');
  expect(held.get(id)).toEqual(run);
  await session.close();
});
