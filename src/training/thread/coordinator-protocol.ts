import { type ErrorCode, type Facts, TaurecError } from '../../errors.ts';
import type { TrainConfig } from '../config.ts';
import type { TrainEvent } from '../events.ts';
import type { TrainingData, TrainResult, WarmStart } from '../training-state.ts';

/** What the coordinator gets when it is spawned. */
export interface CoordinatorTask {
  readonly data: TrainingData;
  readonly config: TrainConfig;
  readonly checkpointDirectory?: string;
  readonly resume?: boolean;
  readonly keepState?: boolean;
  readonly warmStart?: WarmStart;
  /** [1], shared: not 0 = stop after the step. */
  readonly stop: Int32Array;
}

/** What the coordinator says. */
export type CoordinatorMessage =
  | { readonly type: 'event'; readonly event: TrainEvent }
  | { readonly type: 'result'; readonly result: TrainResult }
  | { readonly type: 'error'; readonly error: CarriedError };

/** An error as it crosses threads: taurec's own by code and facts, any other as a clone. */
export type CarriedError =
  | { readonly code: ErrorCode; readonly facts: Facts; readonly stack?: string; readonly cause?: unknown }
  | { readonly other: unknown };

/** Makes an error fit to be posted; what cannot be cloned becomes text. */
export function carryError(error: unknown): CarriedError {
  if (!(error instanceof TaurecError)) return { other: cloneable(error) };
  const facts = Object.fromEntries(Object.entries(error.facts).map(([name, value]) => [name, cloneable(value)]));
  return { code: error.code, facts, stack: error.stack, cause: cloneable(error.cause) };
}

/** The error on the other side. */
export function rebuildError(carried: CarriedError): unknown {
  if ('other' in carried) return carried.other;
  const { code, facts, stack, cause } = carried;
  const error = new TaurecError(code, facts, cause === undefined ? undefined : { cause });
  if (stack !== undefined) error.stack = stack;
  return error;
}

function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return String(value);
  }
}
