import type { Backbone } from '../backbone/backbone.ts';
import type { Engine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { embeddingRanker } from '../evaluation/ranker.ts';
import type { Learned, Sampler } from '../sampler/sampler.ts';
import type { DivergenceGuard } from './divergence.ts';
import { finishFinals } from './finish-finals.ts';
import type { ProgressMeter } from './progress-meter.ts';
import { trainStep } from './train-step.ts';
import type { RunOptions } from './training-state.ts';

/** One epoch's work. */
export interface EpochPlan {
  /** From 0. */
  readonly epoch: number;
  /** Steps done before it. */
  readonly firstStep: number;
  /** At most so many steps. */
  readonly steps: number;
  /** The learning rate of a step (from 0, of the whole phase), given the seconds since the epoch began. */
  learningRate(step: number, seconds: number): number;
  /** Epochs and steps that embeddings and moments had before this run: what is drawn at random and Adam's bias correction go on from there. */
  readonly before: { readonly epochs: number; readonly steps: number };
  /** Seconds from the epoch's start to the end of the time budget. */
  readonly secondsLeft: number;
  readonly seed: number;
}

export interface EpochResult {
  readonly steps: number;
  /** Mean over the steps. */
  readonly loss: number;
  /** Of the last step. */
  readonly learningRate: number;
  readonly seconds: number;
}

/**
 * Runs the steps of an epoch, then settles the engine, so that embeddings and optimiser state are whole, and the final embeddings of all rows are there. A time budget ends it early, after one step at the soonest.
 * @throws TaurecError `aborted` after the step during which the run was stopped; `diverged`.
 */
export async function runEpoch(
  engine: Engine,
  backbone: Backbone,
  sampler: Sampler,
  plan: EpochPlan,
  meter: ProgressMeter,
  guard: DivergenceGuard,
  { aborted, pause }: Pick<RunOptions, 'aborted' | 'pause'>,
): Promise<EpochResult> {
  const started = performance.now();
  const { epoch, firstStep, before, seed } = plan;
  let seconds = 0;
  let sum = 0;
  let done = 0;
  let learningRate = 0;
  // Nothing is learned before the first step of all.
  const learned = before.steps + firstStep > 0 ? learnedBy(engine) : undefined;
  sampler.startEpoch(before.epochs + epoch, learned);
  engine.startEpoch(before.epochs + epoch, before.steps + firstStep);
  while (done < plan.steps && (done === 0 || seconds < plan.secondsLeft)) {
    const batch = sampler.batch(done);
    const examples = batch.positiveOffsets[batch.users.length]!;
    learningRate = plan.learningRate(firstStep + done, seconds);
    const loss = trainStep(
      engine,
      backbone,
      batch,
      { training: true, rows: 'touched', seed, epoch: before.epochs + epoch, step: done },
      learningRate,
    );
    done++;
    guard.checkLoss(loss, { epoch: epoch + 1, step: firstStep + done, learningRate });
    sum += loss;
    seconds = (performance.now() - started) / 1000;
    meter.step(epoch + 1, firstStep + done, loss, learningRate, examples, plan.secondsLeft - seconds);
    if (aborted()) throw new TaurecError('aborted', { epoch: epoch + 1, step: firstStep + done });
    const pausing = pause?.();
    if (pausing) await pausing;
  }
  engine.settle();
  finishFinals(engine, backbone, seed);
  guard.checkEmbeddings(engine, { epoch: epoch + 1, step: firstStep + done, learningRate });
  return { steps: done, loss: sum / done, learningRate, seconds: (performance.now() - started) / 1000 };
}

/** What the engine's embeddings tell a sampler. */
function learnedBy(engine: Engine): Learned {
  const ranker = embeddingRanker(engine);
  engine.itemsChanged();
  return { bestItems: (users, k, excluded) => ranker.rankUsers(users, k, excluded).items };
}
