import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLoss } from '../../src/loss/losses.ts';
import type { TrainEvent } from '../../src/training/events.ts';
import { Gate, type PaceCommand, TrainingPace } from '../../src/training/pace.ts';
import type { Snapshot } from '../../src/training/snapshots.ts';
import { type RunControls, trainEmbeddings } from '../../src/training/train-embeddings.ts';
import { rejectionOf } from '../support/error-of.ts';
import { expectSameModel } from '../support/same-model.ts';
import { checkerboard, smallConfig } from '../support/training-case.ts';

// Without a validation part the last epoch is the model.
const { train, valid } = checkerboard(24, 24);
const epochs = 4;
const config = { ...smallConfig, epochs, batch: { ...smallConfig.batch, rows: 5 } };
/** A name is trained in the coordinator's thread, an object in the caller's. */
const places = [
  ['in the training thread', 'sl'],
  ['on the calling thread', createLoss({ name: 'sl' })],
] as const;

describe.each(places)('%s', (_, loss) => {
  const run = (controls: RunControls) => trainEmbeddings({ train }, { ...config, loss }, controls);

  test('a run that is paused, resumed and stepped gives the model of one that is not', async () => {
    const expected = await run({});
    const pace = new TrainingPace();
    pace.pause();
    const seen: string[] = [];
    let epoch = 0;
    // What the run is told each time it waits.
    const answers: PaceCommand[][] = [['step'], ['step', 'step'], ['resume']];
    const onProgress = (event: TrainEvent) => {
      if (event.type === 'epoch') epoch = event.epoch;
      if (event.type !== 'paused') return;
      seen.push(`${event.phase} ${event.epoch} of ${epoch}`);
      for (const command of answers.shift()!) pace[command]();
    };
    expectSameModel(await run({ pace, onProgress }), expected);
    expect(seen).toEqual(['search 0 of 0', 'search 1 of 1', 'search 3 of 3']);
    expect(answers).toEqual([]);
  });

  test('snapshots change nothing, and the last is the model', async () => {
    const expected = await run({});
    const snapshots: Snapshot[] = [];
    const onSnapshot = (snapshot: Snapshot) => void snapshots.push(snapshot);
    const result = await run({ onSnapshot, snapshots: { users: true, perSecond: 1e9 } });
    expectSameModel(result, expected);
    expect(snapshots.map(({ phase, epoch }) => `${phase} ${epoch}`)).toEqual(
      Array.from({ length: epochs + 1 }, (_, epoch) => `search ${epoch}`),
    );
    const last = snapshots.at(-1)!;
    expectSameModel({ users: last.users!, items: last.items }, result);
    expect(last.items.stride).toBe(last.items.columns);
    expect(new Set(snapshots.map(({ items }) => items.data.buffer)).size).toBe(snapshots.length);
  });

  test('snapshots are as many as asked for: the first and the last always, users on request', async () => {
    const snapshots: Snapshot[] = [];
    await run({ onSnapshot: (snapshot) => void snapshots.push(snapshot), snapshots: { perSecond: 1e-9 } });
    expect(snapshots.map(({ epoch }) => epoch)).toEqual([0, epochs]);
    expect(snapshots[0]).not.toHaveProperty('users');
    await expect(run({ snapshots: { perSecond: 0 } })).rejects.toMatchObject({ code: 'bad-option' });
  });

  test('a run that waits can be aborted', async () => {
    const pace = new TrainingPace();
    pace.pause();
    const controller = new AbortController();
    const onProgress = ({ type }: TrainEvent) => {
      if (type === 'paused') controller.abort();
    };
    expect((await rejectionOf(run({ pace, onProgress, signal: controller.signal }))).code).toBe('aborted');
  });
});

test('the trials of automatic options wait too', async () => {
  const pace = new TrainingPace();
  pace.pause();
  const phases: string[] = [];
  const onProgress = (event: TrainEvent) => {
    if (event.type !== 'paused') return;
    phases.push(event.phase);
    pace.resume();
  };
  const loss = { name: 'sl', options: { tau: 'auto' } };
  await trainEmbeddings({ train, valid }, { ...config, epochs: 1, loss, neighbors: 'off' }, { pace, onProgress });
  expect(phases).toEqual(['tune']);
});

/** A thread that trains `steps` steps in each of `epochs` epochs, and says where it is. */
async function fakeRun(gate: Gate, position: { at: string }, stepsPerEpoch: number): Promise<void> {
  for (let epoch = 1; epoch <= 3; epoch++) {
    if (gate.holdsEpoch()) await gate.opened();
    gate.beginEpoch();
    for (let step = 1; step <= stepsPerEpoch; step++) {
      position.at = `${epoch}.${step}`;
      await settled();
      if (gate.holdsStep()) await gate.opened();
    }
  }
  position.at = 'end';
}

/** All promises that can be settled are. */
const settled = () => new Promise<void>((resolve) => void setImmediate(resolve));

test('whatever is asked, in any order: a held run stays, a stepped one ends its epoch, a resumed one ends', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom<PaceCommand>('pause', 'step', 'resume'), { maxLength: 7 }),
      async (asked) => {
        const gate = new Gate();
        const position = { at: '' };
        gate.take('pause');
        const done = fakeRun(gate, position, 2);
        for (const command of asked) {
          await settled();
          gate.take(command);
          if (command === 'pause') {
            // Long enough for the step in hand.
            for (let i = 0; i < 4; i++) await settled();
            const { at } = position;
            for (let i = 0; i < 8; i++) await settled();
            expect(position.at).toBe(at);
          }
          if (command === 'step') {
            const before = Number(position.at.split('.')[0] || 0);
            for (let i = 0; i < 30; i++) await settled();
            const [epoch, step] = position.at.split('.');
            if (position.at !== 'end') expect(step).toBe('2');
            if (position.at !== 'end') expect(Number(epoch)).toBeGreaterThanOrEqual(Math.max(before, 1));
          }
        }
        gate.take('resume');
        await done;
        expect(position.at).toBe('end');
      },
    ),
    { numRuns: 60 },
  );
});
