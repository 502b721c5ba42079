import type { Csr } from '../array/csr.ts';
import type { Dataset } from '../data/build-dataset.ts';
import { TaurecError } from '../errors.ts';
import { rebuildError } from '../platform/carried-error.ts';
import { objectIn, type TrainConfig } from '../training/config.ts';
import { checkTrainCall, namingControls, TrainedModel, type TrainOptions } from '../training/train.ts';
import { type RunControls, trainingTask } from '../training/train-embeddings.ts';
import type { RunMessage, RunWatch, TrainingData, TrainingTask, TrainResult } from '../training/training.ts';
import { startWorker } from './start-worker.ts';
import type { TrainCommand } from './train-worker.ts';

/**
 * Trains as `train` does, with the same result to the bit, in a Web Worker: the page stays free. The data are sent to the worker, without a copy where they are in shared memory
 * (on a page that is cross-origin isolated). The ranking engine of the trained model is then opened on the calling thread.
 *
 * The program of the worker is part of the bundle, in a chunk that is loaded by the first call. A content security policy must allow `worker-src blob:`.
 *
 * @param controls may also be given among the options
 * @throws TaurecError as `train`; `bad-option` for a loss, backbone, pool or sampler given as an object, whose functions cannot be sent to a worker; `worker-start` where the browser refuses workers
 */
export async function trainInWorker(
  data: Dataset & Pick<TrainingData, 'negativeWeights'>,
  options: TrainOptions = {},
  controls: RunControls = {},
): Promise<TrainedModel> {
  const call = checkTrainCall(data, options, controls);
  let task: TrainingTask;
  try {
    task = trainingTask(data, call.config, call.controls);
  } catch (error) {
    throw namingControls(error);
  }
  refuseObjects(task.config);
  const { onProgress = () => {}, onSnapshot, signal, pace } = call.controls;
  return TrainedModel.of(data, await runInWorker(task, { onEvent: onProgress, onSnapshot, signal, pace }));
}

/** Milliseconds after an abort in which the worker may answer; then it is ended in the middle of its work. */
const PATIENCE = 200;

/** Runs a task in a worker of its own, which ends with it. An abort takes effect after the step, at the latest after 200 ms. @throws TaurecError as `trainInWorker` */
export async function runInWorker(
  task: TrainingTask,
  { onEvent, onSnapshot, signal, pace }: RunWatch,
): Promise<TrainResult> {
  const { program } = await import('./train-worker-text.js');
  const { train, valid, negativeWeights } = task.data;
  const data = { ...task.data, train: own(train), valid: own(valid), negativeWeights: own(negativeWeights) };
  const worker = await startWorker('the training', program, { ...task, data });
  const tell = (command: TrainCommand) => worker.postMessage(command);
  let giveUp = (_: unknown) => {};
  let waited: ReturnType<typeof setTimeout> | undefined;
  const abort = () => {
    tell('abort');
    waited = setTimeout(() => giveUp(new TaurecError('aborted')), PATIENCE);
  };
  pace?.attach(tell);
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  try {
    return await new Promise((resolve, reject) => {
      giveUp = reject;
      worker.onmessage = ({ data: message }: MessageEvent<RunMessage>) => {
        try {
          if (message.type === 'result') resolve(message.result);
          else if (message.type === 'error') reject(rebuildError(message.error));
          else if (message.type === 'snapshot') onSnapshot?.(message.snapshot);
          else onEvent(message.event);
        } catch (error) {
          // What the page's own functions throw ends the training.
          reject(error);
        }
      };
      worker.onerror = (event) => reject(new TaurecError('coordinator-died', { reason: event.message }));
      worker.onmessageerror = () =>
        reject(new TaurecError('coordinator-died', { reason: 'its message cannot be read' }));
    });
  } finally {
    signal?.removeEventListener('abort', abort);
    clearTimeout(waited);
    worker.terminate();
  }
}

/** A matrix whose arrays are not part of larger ones: a clone of a view would copy all of its memory. */
function own<M extends Csr | undefined>(m: M): M {
  if (!m) return m;
  const tight = <A extends Int32Array | Float32Array>(array: A): A =>
    array.buffer instanceof ArrayBuffer && array.byteLength < array.buffer.byteLength ? (array.slice() as A) : array;
  const { offsets, indices, values } = m;
  return { ...m, offsets: tight(offsets), indices: tight(indices), values: values && tight(values) };
}

function refuseObjects(config: TrainConfig): void {
  const object = objectIn(config);
  if (!object) return;
  throw new TaurecError('bad-option', {
    option: object.kind.toLowerCase(),
    got: `the object ${object.name}`,
    expected: 'a name or a module: functions cannot be sent to a worker',
    remedy: "Give it by module, as { module: '/my-loss.js' }, or call train, which runs on this thread.",
  });
}
