// The program of a sandbox: a worker of an opaque origin, without network. Its text begins with a function that returns what a person typed, `typedLoss`.

import type { Loss } from '../../loss/loss.ts';
import { checkLoss } from '../../loss/losses.ts';
import { carryError } from '../../platform/carried-error.ts';
import { parseTrainConfig } from '../../training/config.ts';
import { TrainingPace } from '../../training/pace.ts';
import { transferOf } from '../../training/snapshots.ts';
import type { RunWatch, TrainingTask } from '../../training/training.ts';
import { runOnThisThread } from '../../training/training-run.ts';
import { checkGradients } from './check-gradients.ts';
import type { LossCommand, LossMessage, LossTask } from './loss-protocol.ts';

const scope = globalThis as unknown as { typedLoss(): unknown };

globalThis.addEventListener(
  'message',
  ({ data: port }: MessageEvent<MessagePort>) => {
    port.onmessage = ({ data }: MessageEvent<LossTask>) => void work(port, data);
  },
  { once: true },
);

async function work(port: MessagePort, task: LossTask): Promise<void> {
  const post = (message: LossMessage, transfer: Transferable[] = []) => port.postMessage(message, transfer);
  // The time of the loss begins here.
  post({ type: 'beat' });
  try {
    const loss = typedLoss();
    if ('check' in task) return post({ type: 'checked', check: checkGradients(loss) });
    await train(port, loss, task.train, post);
  } catch (error) {
    if (error instanceof Error && error.name === 'TaurecError') post({ type: 'error', error: carryError(error) });
    else post({ type: 'refused', problem: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
  }
}

/** The loss, with what the contract asks for and a person need not write. @throws TaurecError `bad-option`; whatever the text throws */
function typedLoss(): Loss {
  const made = scope.typedLoss() as Loss | (new () => Loss);
  const loss = typeof made === 'function' ? new made() : made;
  if (typeof loss !== 'object' || loss === null) return checkLoss(loss, 'loss');
  const { parameters = {}, allowsDotScores = false } = loss;
  return checkLoss(Object.assign(loss, { parameters, allowsDotScores }), 'loss');
}

async function train(
  port: MessagePort,
  loss: Loss,
  task: TrainingTask,
  post: (message: LossMessage, transfer?: Transferable[]) => void,
): Promise<void> {
  const controller = new AbortController();
  const pace = new TrainingPace();
  port.onmessage = ({ data }: MessageEvent<LossCommand>) => (data === 'abort' ? controller.abort() : pace[data]());
  const watch: RunWatch = {
    onEvent: (event) => post({ type: 'event', event }),
    onSnapshot: (snapshot) => post({ type: 'snapshot', snapshot }, transferOf([snapshot.items, snapshot.users])),
    signal: controller.signal,
    pace,
  };
  const { loss: _, ...rest } = task.config;
  const config = parseTrainConfig({ ...rest, loss, threads: 1 });
  const result = await runOnThisThread({ ...task, config }, watch, async () => {
    post({ type: 'beat' });
    await new Promise((resolve) => setTimeout(resolve));
  });
  // Functions cannot be sent: a loss is left as its name and its parameters.
  const { name, parameters } = loss;
  const sent = { ...result.config, loss: { name, options: { ...parameters } } };
  post({ type: 'result', result: { ...result, config: sent } }, transferOf([result.users, result.items]));
}
