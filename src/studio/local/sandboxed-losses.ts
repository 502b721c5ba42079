import type { Csr } from '../../array/csr.ts';
import { TaurecError } from '../../errors.ts';
import { rebuildError } from '../../platform/carried-error.ts';
import type { RunWatch, TrainingData, TrainingTask, TrainResult } from '../../training/training.ts';
import type { LossCheck } from '../session.ts';
import type { LossBench } from '../workbench/typed-loss.ts';
import type { LossCommand, LossMessage, LossTask, SandboxFailure, SandboxRequest } from './loss-protocol.ts';

/** Seconds within which a sandbox must be there. */
const START_SECONDS = 60;
/** Seconds after which a loss that does not return is given up: in a check, and between two steps of a training. They begin once the sandbox is there. */
const CHECK_SECONDS = 5;
const STEP_SECONDS = 20;

/** Typed losses in sandboxes that the page makes: one for each check and each training, thrown away after it. */
export class SandboxedLosses implements LossBench {
  readonly #ask: (request: SandboxRequest, transfer: Transferable[]) => void;
  readonly #failed = new Map<number, (problem: string) => void>();
  #next = 1;

  /** @param ask sends a request to the page */
  constructor(ask: (request: SandboxRequest, transfer: Transferable[]) => void) {
    this.#ask = ask;
  }

  /** Takes a message of the page. */
  fail({ failed, problem }: SandboxFailure): void {
    this.#failed.get(failed)?.(problem);
  }

  check(text: string): Promise<LossCheck> {
    return this.#run<LossCheck>(text, { check: true }, CHECK_SECONDS, (message, resolve) => {
      if (message.type === 'checked') resolve(message.check);
    });
  }

  train(text: string, task: TrainingTask, { onEvent, onSnapshot, signal, pace }: RunWatch): Promise<TrainResult> {
    return this.#run<TrainResult>(
      text,
      { train: { ...task, data: unshared(task.data) } },
      STEP_SECONDS,
      (message, resolve) => {
        if (message.type === 'result') resolve(message.result);
        else if (message.type === 'event') onEvent(message.event);
        else if (message.type === 'snapshot') onSnapshot?.(message.snapshot);
      },
      (tell) => pace?.attach(tell),
      signal,
    );
  }

  async #run<T>(
    text: string,
    task: LossTask,
    seconds: number,
    take: (message: LossMessage, resolve: (value: T) => void) => void,
    connect: (tell: (command: LossCommand) => void) => void = () => {},
    signal?: AbortSignal,
  ): Promise<T> {
    const { port1, port2 } = new MessageChannel();
    const sandbox = this.#next++;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let paused = false;
    let stop = () => {};
    try {
      return await new Promise<T>((resolve, reject) => {
        const fail = (problem: string) => reject(new TaurecError('typed-loss', { problem }));
        const limit = (most: number, problem: string) => {
          clearTimeout(timer);
          if (!paused) timer = setTimeout(() => fail(`${problem} within ${most} s`), 1000 * most);
        };
        this.#failed.set(sandbox, fail);
        // No step is waited for: the sandbox goes at once.
        stop = () => reject(new TaurecError('aborted'));
        signal?.addEventListener('abort', stop, { once: true });
        if (signal?.aborted) stop();
        port1.onmessage = ({ data: message }: MessageEvent<LossMessage>) => {
          if (message.type === 'event' && (message.event.type === 'paused' || message.event.type === 'resumed'))
            paused = message.event.type === 'paused';
          limit(seconds, 'it did not return');
          if (message.type === 'error') reject(rebuildError(message.error));
          else if (message.type === 'refused') fail(message.problem);
          else take(message, resolve);
        };
        limit(START_SECONDS, 'its sandbox did not start');
        this.#ask({ sandbox, text, port: port2 }, [port2]);
        port1.postMessage(task);
        connect((command) => port1.postMessage(command));
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      this.#failed.delete(sandbox);
      port1.close();
      this.#ask({ discard: sandbox }, []);
    }
  }
}

/** The data in memory of their own: an opaque origin is given no shared memory. */
function unshared({ train, valid, splits }: TrainingData): TrainingData {
  const copied = ({ rows, columns, offsets, indices, values }: Csr): Csr => ({
    ...{ rows, columns, offsets: offsets.slice(), indices: indices.slice() },
    ...(values && { values: values.slice() }),
  });
  return { train: copied(train), valid: valid && copied(valid), splits };
}
