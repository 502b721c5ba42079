import type { SpacePoint } from '../search/space.ts';
import type { EngineIdentity } from '../training/events.ts';

/** A trial of a study: a point of the space, numbered from 0. */
export interface Trial {
  readonly number: number;
  readonly point: SpacePoint;
}

/** `waiting`: to be started, or continued after a stop; `running`: in progress; `failed`: its training diverged, or refused its options. */
export type RunState = 'waiting' | 'running' | 'done' | 'failed';

/** The key of a training: a trial on a rung of the halving. */
export interface RunKey {
  readonly trial: number;
  /** From 0; the last rung is the whole training. */
  readonly rung: number;
}

/** A point of a training curve. */
export interface CurvePoint {
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly learningRate: number;
  /** The validation metric, if the epoch was validated. */
  readonly value?: number;
}

/** The outcome of a training. */
export type RunOutcome =
  | {
      /** The validation metric at the chosen epoch. */
      readonly value: number;
      readonly epoch: number;
      /** c of the popularity prior behind the value. */
      readonly popularityPrior: number;
      /** Wall-clock seconds of training and of validation. */
      readonly seconds: { readonly train: number; readonly validate: number };
      readonly engine: EngineIdentity;
      readonly curve: readonly CurvePoint[];
    }
  | { readonly failed: { readonly code: string; readonly message: string } };

/** One attempt at a training. */
export interface Attempt {
  /** Host and process. */
  readonly worker: string;
  /** Epochs already in the checkpoint it started from; 0 without one. */
  readonly fromEpoch: number;
  /** ISO 8601. */
  readonly started: string;
}

/** A training of a study, with its state. */
export interface Run extends RunKey {
  readonly state: RunState;
  /** The complete training configuration as JSON, which `parseTrainConfig` reads. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly epochs: number;
  readonly value?: number;
  readonly epoch?: number;
  readonly popularityPrior?: number;
  readonly seconds?: { readonly train: number; readonly validate: number };
  readonly engine?: EngineIdentity;
  readonly failed?: { readonly code: string; readonly message: string };
  /** Path of the checkpoint, relative to the study's folder; absent if there is none. */
  readonly checkpoint?: string;
}

/** The part of a study that decides the next step. */
export interface StudyState {
  readonly trials: readonly Trial[];
  readonly runs: readonly Run[];
}

/** The key as text, such as `12-1`, for file and job names. */
export function keyText({ trial, rung }: RunKey): string {
  return `${trial}-${rung}`;
}

/** True for a training that has its outcome. */
export function isOver({ state }: Pick<Run, 'state'>): boolean {
  return state === 'done' || state === 'failed';
}
