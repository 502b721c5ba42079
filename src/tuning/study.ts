import type { SpacePoint } from '../search/space.ts';
import type { EngineIdentity } from '../training/events.ts';

/** A configuration that a study tries, by its number from 0. */
export interface Trial {
  readonly number: number;
  readonly point: SpacePoint;
}

/** `waiting`: to be started, or gone on with after a stop; `running`: somebody is at it; `failed`: its training diverged, or refused its options. */
export type RunState = 'waiting' | 'running' | 'done' | 'failed';

/** Which training of a study: a trial on a rung of the halving. */
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
  /** Of the validation metric, where the epoch was validated. */
  readonly value?: number;
}

/** What came of a training. */
export type RunOutcome =
  | {
      /** Of the validation metric at the chosen epoch. */
      readonly value: number;
      readonly epoch: number;
      /** c of the popularity prior that it was made with. */
      readonly popularityPrior: number;
      /** Wall-clock seconds of training and of validation. */
      readonly seconds: { readonly train: number; readonly validate: number };
      readonly engine: EngineIdentity;
      readonly curve: readonly CurvePoint[];
    }
  | { readonly failed: { readonly code: string; readonly message: string } };

/** One time that somebody worked on a training. */
export interface Attempt {
  /** Who: host and process. */
  readonly worker: string;
  /** Epochs that were done before, from a checkpoint; 0 for a beginning. */
  readonly fromEpoch: number;
  /** ISO 8601. */
  readonly started: string;
}

/** A training of a study, and how it stands. */
export interface Run extends RunKey {
  readonly state: RunState;
  /** The whole training configuration as JSON: `parseTrainConfig` reads it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly epochs: number;
  readonly value?: number;
  readonly epoch?: number;
  readonly popularityPrior?: number;
  readonly seconds?: { readonly train: number; readonly validate: number };
  readonly engine?: EngineIdentity;
  readonly failed?: { readonly code: string; readonly message: string };
  /** Relative to the study's folder. */
  readonly checkpoint?: string;
}

/** All of a study that decides what is done next. */
export interface StudyState {
  readonly trials: readonly Trial[];
  readonly runs: readonly Run[];
}

export function keyText({ trial, rung }: RunKey): string {
  return `${trial}-${rung}`;
}

export function isOver({ state }: Pick<Run, 'state'>): boolean {
  return state === 'done' || state === 'failed';
}
