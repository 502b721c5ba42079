import type { PaceCommand } from '../../training/pace.ts';
import type { RunMessage, TrainingTask } from '../../training/training.ts';
import type { LossCheck } from '../session.ts';

/** What the program in a sandbox is asked to do; it does one thing. */
export type LossTask = { readonly check: true } | { readonly train: TrainingTask };

/** To a training in a sandbox. */
export type LossCommand = PaceCommand | 'abort';

/** From the program in a sandbox. `beat`: it began, or returned to its event loop. */
export type LossMessage =
  | RunMessage
  | { readonly type: 'beat' }
  | { readonly type: 'checked'; readonly check: LossCheck }
  | { readonly type: 'refused'; readonly problem: string };

/** From the worker of a session to its page: make a sandbox that runs the text and talks through the port, or end one. */
export type SandboxRequest =
  | { readonly sandbox: number; readonly text: string; readonly port: MessagePort }
  | { readonly discard: number };

/** A message of the page to its worker: the browser made no sandbox, or the text is no JavaScript. */
export interface SandboxFailure {
  readonly failed: number;
  readonly problem: string;
}
