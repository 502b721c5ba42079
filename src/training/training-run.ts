import { type Best, CheckpointFile, type Resumption } from '#checkpoint';
import { openEngine } from '#open-engine';
import type { Csr } from '../array/csr.ts';
import { matrix } from '../array/matrix.ts';
import { randomStream } from '../array/random.ts';
import type { Backbone } from '../backbone/backbone.ts';
import type { Engine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import type { Loss } from '../loss/loss.ts';
import { loadSampler } from '../sampler/load-sampler.ts';
import type { Point } from '../search/lattice-search.ts';
import { aimNotice } from './aim.ts';
import { automaticCoordinates, startOf, withAutomatic } from './automatic-options.ts';
import type { TrainConfig } from './config.ts';
import { initialEmbeddings, unpadded } from './embeddings.ts';
import { copyArrays, restoreArrays } from './engine-arrays.ts';
import type { EngineIdentity } from './events.ts';
import { finishFinals } from './finish-finals.ts';
import { mergeInteractions } from './merge.ts';
import type { PhaseContext } from './phase.ts';
import { popularityBias } from './popularity-prior.ts';
import { refit } from './refit.ts';
import { search } from './search.ts';
import { settle } from './settle.ts';
import {
  type RunOptions,
  startState,
  type TrainingData,
  type TrainingState,
  type TrainResult,
} from './training-state.ts';
import { trialConfig, trialOptions } from './trial.ts';
import { tune } from './tune.ts';
import { hasUsers } from './validation.ts';

/**
 * A training run in this thread: short trainings that choose the options of the loss that are `'auto'`, the search (epochs, validation, the best epoch
 * kept), then the refit when it is asked for.
 * @throws TaurecError as `train` does
 */
export async function runTraining(data: TrainingData, given: TrainConfig, options: RunOptions): Promise<TrainResult> {
  const automatic = automaticCoordinates(given, data);
  const first = await settle(given, data, startOf(automatic));
  const folder = options.checkpointDirectory;
  // A checkpoint belongs to the configuration as it was given: who resumes gives it again, 'auto' and all.
  const asGiven = { ...first.config, loss: withAutomatic(first.config.loss, automatic) };
  const file = folder === undefined ? undefined : new CheckpointFile(folder, asGiven, data);
  const resumed = options.resume ? await file?.read() : undefined;
  if (options.resume && !resumed) {
    const message = `There is no checkpoint to resume at ${file?.path}; starting afresh.`;
    options.onEvent({ type: 'notice', message });
  }
  const notice = aimNotice(given.aim, data);
  if (notice !== undefined) options.onEvent({ type: 'notice', message: notice });
  const state = resumed?.state ?? startState();
  const runTrial = async (numbers: Point, number: number) => {
    // A step through a graph costs the same with fewer rows.
    const cheapSteps = first.backbone.plan(given.dimension, data.train) === undefined;
    const { config, loss, backbone } = await settle(trialConfig(given, data.train.rows, cheapSteps), data, numbers);
    const surroundings = trialOptions(options, { number, options: numbers });
    const { valid } = await new TrainingRun(data, config, loss, backbone, surroundings, startState()).run();
    return valid![config.validation.metric]!;
  };
  try {
    if (automatic.length > 0)
      state.tuning ??= await tune(automatic, given.validation.metric, runTrial, options.onEvent);
    const { config, loss, backbone } = state.tuning ? await settle(given, data, state.tuning.chosen) : first;
    return await new TrainingRun(data, config, loss, backbone, options, state, file, resumed).run();
  } catch (error) {
    if (!(error instanceof TaurecError) || error.code !== 'aborted') throw error;
    const { epoch, step } = state;
    // Where a trial stood says nothing about the run.
    const where = automatic.length > 0 && !state.tuning ? {} : { epoch, step, ...error.facts };
    throw new TaurecError('aborted', { ...where, checkpoint: file?.keptPath });
  }
}

class TrainingRun {
  readonly state: TrainingState;
  readonly #train: Csr;
  readonly #valid: Csr | undefined;
  readonly #negativeWeights: Csr | undefined;
  readonly #config: TrainConfig;
  readonly #loss: Loss;
  readonly #backbone: Backbone;
  readonly #options: RunOptions;
  readonly #file: CheckpointFile | undefined;
  readonly #resumed: Resumption | undefined;

  constructor(
    { train, valid, negativeWeights }: TrainingData,
    config: TrainConfig,
    loss: Loss,
    backbone: Backbone,
    options: RunOptions,
    state: TrainingState,
    file?: CheckpointFile,
    resumed?: Resumption,
  ) {
    this.state = state;
    this.#train = train;
    this.#negativeWeights = negativeWeights;
    this.#valid = valid && hasUsers(valid, train) ? valid : undefined;
    if (config.popularityPrior === 'auto' && !this.#valid) {
      throw new TaurecError('bad-option', {
        option: 'popularityPrior',
        got: 'auto',
        expected: 'a number where there is no validation part to choose it by',
        remedy: 'Hold one out: validRatio 0.1 of loadDataset (--valid-ratio 0.1), or give one.',
      });
    }
    this.#config = config;
    this.#loss = loss;
    this.#backbone = backbone;
    this.#options = options;
    this.#file = file;
    this.#resumed = resumed;
  }

  async run(): Promise<TrainResult> {
    const { state } = this;
    const train = this.#train;
    const valid = this.#valid;
    if (!valid && !this.#options.warmStart) {
      const message = 'No validation interactions: every epoch is run and the last one is kept.';
      this.#options.onEvent({ type: 'notice', message });
    }
    const refits = this.#config.refit && valid !== undefined;
    if (!refits || (state.phase === 'search' && !state.reason)) {
      const result = await this.#within(train, async (context) => {
        const best = await search(context, train, valid, this.#resumed?.best);
        return refits ? undefined : this.#result(context, train, best);
      });
      if (result) return result;
    }
    if (state.phase === 'search') Object.assign(state, { phase: 'refit', epoch: 0, step: 0 });
    const merged = mergeInteractions(train, valid!);
    return this.#within(merged, async (context) => {
      await refit(context);
      return this.#result(context, merged);
    });
  }

  /** Opens an engine on `train` with initial embeddings, or those of the checkpoint when this phase had begun; closes it in any case. */
  async #within<T>(train: Csr, work: (context: PhaseContext) => Promise<T>): Promise<T> {
    const { state } = this;
    const config = this.#config;
    const options = this.#options;
    const { kind, ...sampling } = config.batch;
    const samplerOptions = { batch: kind, ...sampling, rowWeight: config.rowWeight };
    const { warmStart } = options;
    const sampler = await loadSampler(train, samplerOptions, config.seed, this.#negativeWeights);
    const { l2, decoupledWeightDecay } = config;
    const training = {
      loss: config.loss,
      optimizer: { ...config.optimizer, l2, decoupledWeightDecay },
      capacity: sampler.capacity,
      stepsPerEpoch: sampler.stepsPerEpoch,
      embeddingDropout: config.embeddingDropout,
      seed: config.seed,
    };
    const { dimension, score } = config;
    const backbone = this.#backbone;
    const needs = backbone.plan(dimension, train);
    const plan = { users: train.rows, items: train.columns, dimension, score, training, backbone: needs };
    const engine = await openEngine(plan, config);
    try {
      const resumes = this.#resumed?.phase === state.phase && state.epoch > 0;
      if (resumes) this.#resumed!.restore(engine);
      else if (warmStart) restoreArrays(engine, plan, warmStart.arrays);
      else {
        initialEmbeddings(engine, config.seed, config.initialDeviation);
        if (engine.nodes) backbone.initialise?.(engine.nodes, randomStream(config.seed, 'init-backbone'));
      }
      finishFinals(engine, backbone, config.seed);
      options.onEvent({
        type: 'start',
        phase: state.phase,
        users: train.rows,
        items: train.columns,
        interactions: train.indices.length,
        epochs: config.epochs,
        stepsPerEpoch: sampler.stepsPerEpoch,
        engine: identity(engine),
        ...(resumes && { resumed: state.epoch }),
      });
      const checkpoint = (best: Best | undefined, last: boolean) => this.#checkpoint(engine, best, last);
      return await work({
        engine,
        backbone,
        sampler,
        loss: this.#loss,
        config,
        options,
        state,
        before: { epochs: warmStart?.epochs ?? 0, steps: warmStart?.steps ?? 0 },
        copyArrays: (last) => (options.keepState ? copyArrays(engine, plan, last) : undefined),
        checkpoint,
      });
    } finally {
      await engine.close();
    }
  }

  async #checkpoint(engine: Engine, best: Best | undefined, last: boolean): Promise<void> {
    const { state } = this;
    if (!this.#file || !(last || this.#file.due(state.epoch))) return;
    await this.#file.write(engine, state, best);
    this.#options.onEvent({ type: 'checkpoint', phase: state.phase, epoch: state.epoch, path: this.#file.path });
  }

  #result({ engine, before, copyArrays }: PhaseContext, train: Csr, best?: Best): TrainResult {
    const { history, seconds, phase, tuning } = this.state;
    const { epoch, step: steps, popularityPrior } = this.state.chosen!;
    const reason = this.state.reason!;
    // The engine stands at the last epoch: its arrays belong to the chosen one where that is the last.
    const arrays = best && epoch !== history.length ? best.arrays : copyArrays(best?.arrays);
    const { users, items } = engine.finals;
    const d = users.columns;
    this.#options.onEvent({ type: 'end', reason, epochs: history.length, epoch, steps, seconds });
    return {
      users: matrix(users.rows, d, best?.users ?? unpadded(users)),
      items: matrix(items.rows, d, best?.items ?? unpadded(items)),
      ...(popularityPrior !== 0 && { itemBias: popularityBias(train, popularityPrior) }),
      epoch,
      steps,
      epochs: history.length,
      reason,
      refitted: phase === 'refit',
      history,
      valid: history[epoch - 1]!.valid,
      engine: identity(engine),
      ...(tuning && { tuning }),
      seconds,
      config: { ...this.#config, popularityPrior },
      ...(arrays && { trainingState: { epochs: before.epochs + epoch, steps: before.steps + steps, arrays } }),
    };
  }
}

function identity({ name, build, threads }: Engine): EngineIdentity {
  return { name, build, threads };
}
