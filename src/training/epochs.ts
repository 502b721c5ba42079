import type { Csr } from '../array/csr.ts';
import type { Backbone } from '../backbone/backbone.ts';
import type { Engine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { embeddingRanker } from '../evaluation/rankers.ts';
import type { Loss } from '../loss/loss.ts';
import type { TrainedArrays } from '../model/training-state.ts';
import type { Batch, Learned, Sampler } from '../sampler/sampler.ts';
import type { Best } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import { EarlyStopping } from './early-stopping.ts';
import { finishFinals, unpadded } from './engine-arrays.ts';
import { type EpochRecord, ProgressMeter } from './events.ts';
import type { Gate } from './pace.ts';
import { Camera } from './snapshots.ts';
import { trainStep } from './train-step.ts';
import type { RunOptions, TrainingState } from './training.ts';
import { validate } from './validation.ts';

/** A training run: the data, the configuration and the current position. */
export interface TrainingRun {
  /** [users × items] the interactions to learn from; in the refit those of validation too. */
  readonly train: Csr;
  /** [users × items] the interactions that choose the epoch; absent: the last epoch is taken. */
  readonly valid?: Csr;
  readonly negativeWeights?: Csr;
  readonly config: TrainConfig;
  readonly loss: Loss;
  readonly backbone: Backbone;
  readonly options: RunOptions;
  /** Advanced at the end of every epoch. */
  readonly state: TrainingState;
}

/** A run in one of its phases, with an engine open on `train`. */
export interface OpenRun extends TrainingRun {
  readonly engine: Engine;
  readonly sampler: Sampler;
  readonly guard: DivergenceGuard;
  /** Epochs and steps that embeddings and moments had before this run; 0 for a fresh start. Random draws and Adam's bias correction continue from there. */
  readonly before: { readonly epochs: number; readonly steps: number };
  /** Copies the engine's arrays that training can continue from, into `last` where it is given; undefined where they are not needed. */
  copyArrays(last?: TrainedArrays): TrainedArrays | undefined;
  /** Writes the checkpoint where one is kept and due, or `last`. */
  checkpoint(best: Best | undefined, last: boolean): Promise<void>;
}

/**
 * Trains epoch after epoch until all are done, the time budget is spent, or `patience` validations in a row bring no improvement. Sets `state.chosen` and `state.reason`.
 *
 * Returns the final embeddings of the chosen epoch. Undefined where they are the engine's current ones (no validation), or not needed (a refit without a neighbour term).
 */
export async function fitEpochs(run: OpenRun, best: Best | undefined): Promise<Best | undefined> {
  const { engine, sampler, valid, config, options, state } = run;
  const { epochs, timeBudget, learningRate, schedule, validation } = config;
  const steps = epochs * sampler.stepsPerEpoch;
  const stopping = new EarlyStopping(validation.patience, state.stopping);
  const meter = new ProgressMeter('search', epochs, steps, state.step, options.onEvent);
  const camera = cameraOf(run);
  while (!state.reason) {
    const spent = state.seconds.train + state.seconds.validate;
    const secondsLeft = (timeBudget ?? Infinity) - spent;
    const timed = (seconds: number) => (timeBudget === undefined ? 0 : Math.min(1, (spent + seconds) / timeBudget));
    const done = await runEpoch(run, meter, {
      steps: sampler.stepsPerEpoch,
      secondsLeft,
      learningRate: (step, seconds) =>
        learningRate * scheduleFactor(schedule, Math.max(stepProgress(step, steps), timed(seconds))),
    });

    const epoch = state.epoch + 1;
    const step = state.step + done.steps;
    const seconds = state.seconds.train + done.seconds;
    const progress = Math.max(step / steps, timed(done.seconds));
    let record: EpochRecord = { epoch, step, loss: done.loss, learningRate: done.learningRate, progress, seconds };
    options.onEvent({ type: 'epoch', phase: 'search', ...record });
    Object.assign(state, { epoch, step });
    state.seconds.train = seconds;

    const late = done.seconds >= secondsLeft;
    const last = late || epoch === epochs;
    // Without validation the prior is a number: 'auto' was refused.
    if (!valid) state.chosen = { epoch, step, progress, popularityPrior: Number(config.popularityPrior) };
    else if (last || epoch % validation.every === 0) {
      const started = performance.now();
      const priors = state.history.flatMap((record) => (record.valid ? [record.popularityPrior!] : []));
      const { metrics, value, popularityPrior } = validate({ ...run, valid }, priors);
      const better = stopping.observe(epoch, value);
      if (better) {
        state.chosen = { epoch, step, progress, popularityPrior };
        // A refit starts from the initial embeddings; the neighbour term is chosen with those of the best epoch.
        if (!config.refit || config.neighbors !== 'off') {
          const { users, items } = engine.finals;
          best = {
            users: unpadded(users, best?.users),
            items: unpadded(items, best?.items),
            arrays: config.refit ? undefined : run.copyArrays(best?.arrays),
          };
        }
      }
      const seconds = (performance.now() - started) / 1000;
      state.seconds.validate += seconds;
      record = { ...record, valid: metrics, popularityPrior };
      const { metric } = validation;
      options.onEvent({ type: 'validation', epoch, metric, value, metrics, popularityPrior, best: better, seconds });
    }
    state.history.push(record);
    state.stopping = stopping.state;
    if (epoch === epochs) state.reason = 'epochs';
    else if (late || state.seconds.train + state.seconds.validate >= (timeBudget ?? Infinity))
      state.reason = 'time-budget';
    else if (valid && stopping.shouldStop) state.reason = 'patience';
    camera?.take('search', epoch, state.reason !== undefined);
    await run.checkpoint(best, state.reason !== undefined);
  }
  return best;
}

/**
 * Trains again, from the same initial embeddings, on train plus validation, for the number of steps up to the chosen epoch.
 *
 * Step t has the learning rate of the fit's step t: the schedule is cut where the fit was cut, not compressed. Under a time budget, the progress that the
 * chosen epoch had reached is spread evenly over the steps.
 */
export async function refit(run: OpenRun): Promise<void> {
  const { sampler, config, options, state } = run;
  const { learningRate, schedule } = config;
  const { step: steps, progress, epoch: chosen } = state.chosen!;
  options.onEvent({ type: 'refit', epoch: chosen, steps });
  const epochs = Math.ceil(steps / sampler.stepsPerEpoch);
  const meter = new ProgressMeter('refit', epochs, steps, state.step, options.onEvent);
  const camera = cameraOf(run);
  while (state.step < steps) {
    const done = await runEpoch(run, meter, {
      steps: Math.min(sampler.stepsPerEpoch, steps - state.step),
      secondsLeft: Infinity,
      learningRate: (step) => learningRate * scheduleFactor(schedule, progress * stepProgress(step, steps)),
    });
    state.epoch++;
    state.step += done.steps;
    state.seconds.train += done.seconds;
    options.onEvent({
      type: 'epoch',
      phase: 'refit',
      epoch: state.epoch,
      step: state.step,
      loss: done.loss,
      learningRate: done.learningRate,
      progress: progress * (state.step / steps),
      seconds: state.seconds.train,
    });
    camera?.take('refit', state.epoch, state.step === steps);
    await run.checkpoint(undefined, state.step === steps);
  }
}

/** What takes the snapshots of this phase, with the embeddings before its next epoch as the first; undefined where none are wanted. */
function cameraOf({ engine, options, state }: OpenRun): Camera | undefined {
  const { snapshots } = options;
  if (!snapshots) return undefined;
  const camera = new Camera(engine, snapshots, snapshots.send);
  camera.take(state.phase, state.epoch, true);
  return camera;
}

/** Waits at the gate, and says so by events. Returns the milliseconds; an abort ends the wait. */
async function waitAt(gate: Gate, { options, state }: OpenRun, step: number): Promise<number> {
  const started = performance.now();
  const where = { phase: state.phase, epoch: state.epoch, step };
  options.onEvent({ type: 'paused', ...where });
  await gate.opened();
  if (options.aborted()) throw new TaurecError('aborted', { epoch: state.epoch + 1, step });
  options.onEvent({ type: 'resumed', ...where });
  return performance.now() - started;
}

/** The plan of one epoch. */
interface EpochPlan {
  /** Steps at most. */
  readonly steps: number;
  /** Seconds from the epoch's start to the end of the time budget. */
  readonly secondsLeft: number;
  /** The learning rate of a step (from 0, of the whole phase), given the seconds since the epoch began. */
  learningRate(step: number, seconds: number): number;
}

interface EpochResult {
  readonly steps: number;
  /** Mean over the steps. */
  readonly loss: number;
  /** Of the last step. */
  readonly learningRate: number;
  readonly seconds: number;
}

/**
 * Runs the steps of the epoch after `state.epoch`, then settles the engine, so that embeddings, optimiser state and the final embeddings of all rows are complete. A time budget ends it early, after one step at the soonest.
 * @throws TaurecError `aborted` after the step during which the run was stopped; `diverged`.
 */
async function runEpoch(run: OpenRun, meter: ProgressMeter, plan: EpochPlan): Promise<EpochResult> {
  const { engine, backbone, sampler, guard, before, config, options, state } = run;
  const { gate } = options;
  if (gate?.holdsEpoch()) meter.waited(await waitAt(gate, run, state.step));
  gate?.beginEpoch();
  let started = performance.now();
  const { seed } = config;
  const epoch = before.epochs + state.epoch;
  let seconds = 0;
  let sum = 0;
  let done = 0;
  let learningRate = 0;
  /** For messages: epoch and step from 1, of this run. */
  const where = () => ({ epoch: state.epoch + 1, step: state.step + done, learningRate });
  // Random embeddings have learned nothing: those before the first step, unless an update brought trained ones.
  const trained = state.step > 0 || options.warmStart !== undefined;
  let queries = 0;
  sampler.startEpoch(epoch, trained ? learnedBy(engine, () => queries++) : undefined);
  engine.startEpoch(epoch, before.steps + state.step);
  const asked = queries;
  let next: Batch | undefined;
  while (done < plan.steps && (done === 0 || seconds < plan.secondsLeft)) {
    const batch = next ?? sampler.batch(done);
    next = undefined;
    const examples = batch.positiveOffsets[batch.users.length]!;
    learningRate = plan.learningRate(state.step + done, seconds);
    const context = { training: true, rows: 'touched', seed, epoch, step: done } as const;
    // A sampler that queries the embeddings for its batches needs the engine: it draws between the steps.
    const drawsAhead = queries === asked && done + 1 < plan.steps;
    const loss = trainStep(engine, backbone, batch, context, learningRate, () => {
      if (drawsAhead) next = sampler.batch(done + 1);
    });
    done++;
    guard.checkLoss(loss, where());
    sum += loss;
    seconds = (performance.now() - started) / 1000;
    meter.step({ ...where(), loss, examples, secondsLeft: plan.secondsLeft - seconds });
    if (options.aborted()) throw new TaurecError('aborted', { epoch: state.epoch + 1, step: state.step + done });
    const pausing = options.pause?.();
    if (pausing) await pausing;
    if (gate?.holdsStep()) {
      const waited = await waitAt(gate, run, state.step + done);
      meter.waited(waited);
      started += waited;
    }
  }
  engine.settle();
  finishFinals(engine, backbone, seed);
  guard.checkEmbeddings(engine, where());
  return { steps: done, loss: sum / done, learningRate, seconds: (performance.now() - started) / 1000 };
}

/** The position of a run, for messages: epoch and step from 1. */
interface Where {
  readonly epoch: number;
  readonly step: number;
  readonly learningRate: number;
}

/** A loss above this multiple of (1 + |first loss|) has diverged; no loss that learns grows so far. */
const LOSS_GROWTH = 1e6;
/** Largest |element| of an embedding: (1e15)² · d still fits single precision (3.4e38). */
const LARGEST_ELEMENT = 1e15;

/** Stops a run whose numbers diverge; the error names the position and the settings. */
export class DivergenceGuard {
  readonly #loss: Loss;
  #limit: number | undefined;

  constructor(loss: Loss) {
    this.#loss = loss;
  }

  /** @throws TaurecError `diverged` when the loss of a step is not finite or has exploded. */
  checkLoss(value: number, where: Where): void {
    this.#limit ??= LOSS_GROWTH * (1 + Math.abs(value));
    if (!(Math.abs(value) <= this.#limit)) this.#fail('the loss', value, where);
  }

  /** @throws TaurecError `diverged` when an embedding is not finite or has exploded. */
  checkEmbeddings(engine: Engine, where: Where): void {
    for (const [what, { data }] of [
      ['a user embedding', engine.finals.users],
      ['an item embedding', engine.finals.items],
    ] as const) {
      for (let e = 0; e < data.length; e++)
        if (!(Math.abs(data[e]!) <= LARGEST_ELEMENT)) this.#fail(what, data[e]!, where);
    }
  }

  #fail(what: string, value: number, where: Where): never {
    const temperatures = Object.entries(this.#loss.parameters).filter(([name]) => /^tau/i.test(name));
    throw new TaurecError('diverged', {
      what,
      value,
      loss: this.#loss.name,
      ...where,
      temperatures: Object.fromEntries(temperatures),
    });
  }
}

/** Fraction of the run, after the warm-up, over which the schedule `cooldown` falls. */
const COOLDOWN = 0.4;

/**
 * The factor of the learning rate at `progress` ∈ [0, 1], the fraction of the run that is done. With w = warmup, f = final, q = (progress − w)/(1 − w):
 * progress/w while progress < w; after that 1 (constant), f + (1 − f)·(1 + cos πq)/2 (cosine; Loshchilov & Hutter, ICLR 2017, without restarts), or 1 up to q = .6 and from there linear down to f (cooldown).
 */
export function scheduleFactor(schedule: TrainConfig['schedule'], progress: number): number {
  const { name, warmup, final } = schedule;
  if (progress < warmup) return progress / warmup;
  if (name === 'constant') return 1;
  const q = Math.min(1, (progress - warmup) / (1 - warmup));
  if (name === 'cooldown') return 1 - (1 - final) * Math.max(0, (q - (1 - COOLDOWN)) / COOLDOWN);
  return final + ((1 - final) * (1 + Math.cos(Math.PI * q))) / 2;
}

/** The progress of step `step` (from 0) among `steps`: the middle of the step, so that no step has a learning rate of 0. */
export function stepProgress(step: number, steps: number): number {
  return Math.min(1, (step + 0.5) / steps);
}

/** The embeddings of the last epoch, as a sampler may query them. Each query calls `onQuery` first. */
function learnedBy(engine: Engine, onQuery: () => void): Learned {
  const ranker = embeddingRanker(engine);
  engine.itemsChanged();
  return {
    bestItems(users, k, excluded) {
      onQuery();
      return ranker.rankUsers(users, k, excluded).items;
    },
  };
}
