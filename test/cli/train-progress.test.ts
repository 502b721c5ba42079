import { expect, test } from 'vitest';
import { TrainProgress } from '../../src/cli/train-progress.ts';
import type { TrainEvent } from '../../src/training/events.ts';

/** What was written to a stream that is, or is not, a terminal. */
function streamOf(isTTY: boolean): { stream: NodeJS.WriteStream; text: () => string } {
  let text = '';
  const write = (piece: string) => {
    text += piece;
    return true;
  };
  const nothing = () => true;
  const stream = { isTTY, columns: 200, write, cursorTo: nothing, clearLine: nothing, moveCursor: nothing };
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => text };
}

const engine = { name: 'wasm', build: 'simd', threads: 2 };
const counts = { users: 10, items: 20, interactions: 1234, epochs: 2, stepsPerEpoch: 5 };
const epoch = (n: number): TrainEvent => ({
  type: 'epoch',
  phase: 'search',
  epoch: n,
  step: 5 * n,
  loss: 0.25,
  learningRate: 0.01,
  progress: n / 2,
  seconds: n,
});
const events: TrainEvent[] = [
  { type: 'notice', message: 'Before.' },
  { type: 'start', phase: 'search', ...counts, engine },
  {
    type: 'progress',
    phase: 'search',
    epoch: 1,
    epochs: 2,
    step: 3,
    steps: 10,
    loss: 0.5,
    learningRate: 0.01,
    examplesPerSecond: 98765,
    eta: 75,
  },
  epoch(1),
  {
    type: 'validation',
    epoch: 1,
    metric: 'ndcg@20',
    value: 0.125,
    metrics: {},
    popularityPrior: 0,
    best: true,
    seconds: 0.1,
  },
  { type: 'notice', message: 'Between.' },
  epoch(2),
  { type: 'end', reason: 'epochs', epochs: 2, epoch: 1, steps: 5, seconds: { train: 2, validate: 0.2 } },
];

test('trials: what each gave and what is chosen, without their epochs', () => {
  const { stream, text } = streamOf(false);
  const progress = new TrainProgress(stream);
  const options = { tau: 0.2, negativeWeight: 1.2 };
  const trial = { number: 1, options };
  progress.handle({ type: 'start', phase: 'tune', ...counts, engine, trial });
  progress.handle({ ...epoch(2), phase: 'tune' } as TrainEvent);
  progress.handle({ type: 'trial', ...trial, metric: 'ndcg@20', value: 0.125, best: true, seconds: 3 });
  progress.handle({ type: 'tuned', chosen: { tau: 0.213, negativeWeight: 1.15 }, trials: 5, seconds: 15 });
  expect(text().split('\n')).toEqual([
    expect.stringMatching(/^Choosing loss options by short trainings on 1,234 interactions/),
    'Trial 1: tau 0.2, negativeWeight 1.2: ndcg@20 0.1250 (best)',
    'Chosen in 5 trials, 15 s: tau 0.213, negativeWeight 1.15',
    '',
  ]);
});

test('a terminal: a bar with epoch, loss, metric, rate and time left; notices wait until it is gone', async () => {
  const { stream, text } = streamOf(true);
  const progress = new TrainProgress(stream);
  for (const event of events.slice(0, 6)) progress.handle(event);
  await new Promise((wake) => setTimeout(wake, 300));
  const bar =
    /epoch 1\/2 █+░+ 50% · loss 0\.2500 · ndcg@20 0\.1250 \(best\) · 98,765 interactions\/s · 1 min 15 s left/;
  expect(text()).toMatch(bar);
  expect(text()).not.toContain('Between.');
  for (const event of events.slice(6)) progress.handle(event);
  progress.close();
  expect(text()).toMatch(/Before\.\n.*1,234 interactions of 10 users and 20 items \(engine wasm, simd, 2 threads\)/s);
  expect(text()).toMatch(
    /Between\.\n.*Trained 2 epochs in 2\.0 s and 0\.2 s of validation \(all epochs done; the best was epoch 1\)\.\n$/s,
  );
});

test('no terminal: plain lines, without control characters', () => {
  const { stream, text } = streamOf(false);
  const progress = new TrainProgress(stream);
  for (const event of events) progress.handle(event);
  progress.close();
  const lines = text().trimEnd().split('\n');
  expect(lines[0]).toBe('Before.');
  expect(lines).toContain('Between.');
  expect(lines).toContain('epoch 2/2 · loss 0.2500 · ndcg@20 0.1250 (best) · 98,765 interactions/s · 1 min 15 s left');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must be absent
  expect(text()).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
});
