import { type Csr, csrDegree } from '../array/csr.ts';
import { matrix } from '../array/matrix.ts';
import { randomStream } from '../array/random.ts';
import type { Backbone } from '../backbone/backbone.ts';
import { loadBackbone } from '../backbone/load-backbone.ts';
import type { Engine } from '../engine/engine.ts';
import { openEngine } from '../engine/open-engine.ts';
import { TaurecError } from '../errors.ts';
import { loadLoss } from '../loss/load-loss.ts';
import type { Loss } from '../loss/loss.ts';
import { checkScore, fitLoss } from '../loss/losses.ts';
import { createSampler } from '../sampler/create-sampler.ts';
import { aimNotice } from './aim.ts';
import { type Best, CheckpointFile, type Resumption } from './checkpoint.ts';
import { isBackbone, isLoss, type TrainConfig } from './config.ts';
import { initialEmbeddings, unpadded } from './embeddings.ts';
import type { EngineIdentity } from './events.ts';
import { finishFinals } from './finish-finals.ts';
import { mergeInteractions } from './merge.ts';
import type { PhaseContext } from './phase.ts';
import { refit } from './refit.ts';
import { search } from './search.ts';
import {
  type RunOptions,
  startState,
  type TrainingData,
  type TrainingState,
  type TrainResult,
} from './training-state.ts';

/**
 * A training run in this thread: the search (epochs, validation, the best epoch kept), then the refit when it is asked for.
 * @throws TaurecError as `train` does
 */
export async function runTraining(data: TrainingData, given: TrainConfig, options: RunOptions): Promise<TrainResult> {
  const fitted = fitLoss(given.loss, data.train.columns);
  const loss = await loadLoss(fitted);
  // A built-in loss with every option it runs with, so that the result is the same again when a default changes.
  const named = !isLoss(fitted) && 'name' in fitted;
  const backbone = await loadBackbone(given.backbone);
  const config = {
    ...given,
    loss: named ? { name: fitted.name, options: loss.parameters } : fitted,
    backbone:
      !isBackbone(given.backbone) && 'name' in given.backbone
        ? { name: given.backbone.name, options: backbone.parameters }
        : given.backbone,
  };
  checkScore(loss, config.score);
  const folder = options.checkpointDirectory;
  const file = folder === undefined ? undefined : new CheckpointFile(folder, config, data);
  const resumed = options.resume ? await file?.read() : undefined;
  if (options.resume && !resumed) {
    const message = `There is no checkpoint to resume at ${file?.path}; starting afresh.`;
    options.onEvent({ type: 'notice', message });
  }
  const notice = aimNotice(config.aim, data);
  if (notice !== undefined) options.onEvent({ type: 'notice', message: notice });
  const run = new TrainingRun(data, config, loss, backbone, options, file, resumed);
  try {
    return await run.run();
  } catch (error) {
    if (!(error instanceof TaurecError) || error.code !== 'aborted') throw error;
    const { epoch, step } = run.state;
    throw new TaurecError('aborted', { epoch, step, ...error.facts, checkpoint: file?.keptPath });
  }
}

class TrainingRun {
  readonly state: TrainingState;
  readonly #train: Csr;
  readonly #valid: Csr | undefined;
  readonly #config: TrainConfig;
  readonly #loss: Loss;
  readonly #backbone: Backbone;
  readonly #options: RunOptions;
  readonly #file: CheckpointFile | undefined;
  readonly #resumed: Resumption | undefined;

  constructor(
    { train, valid }: TrainingData,
    config: TrainConfig,
    loss: Loss,
    backbone: Backbone,
    options: RunOptions,
    file: CheckpointFile | undefined,
    resumed: Resumption | undefined,
  ) {
    this.state = resumed?.state ?? startState();
    this.#train = train;
    this.#valid = valid && hasUsers(valid, train) ? valid : undefined;
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
    if (!valid) {
      const message = 'No validation interactions: every epoch is run and the last one is kept.';
      this.#options.onEvent({ type: 'notice', message });
    }
    const refits = this.#config.refit && valid !== undefined;
    if (!refits || (state.phase === 'search' && !state.reason)) {
      const result = await this.#within(train, async (context) => {
        const best = await search(context, train, valid, this.#resumed?.best);
        return refits ? undefined : this.#result(context.engine, best);
      });
      if (result) return result;
    }
    if (state.phase === 'search') Object.assign(state, { phase: 'refit', epoch: 0, step: 0 });
    return this.#within(mergeInteractions(train, valid!), async (context) => {
      await refit(context);
      return this.#result(context.engine);
    });
  }

  /** Opens an engine on `train` with initial embeddings, or those of the checkpoint when this phase had begun; closes it in any case. */
  async #within<T>(train: Csr, work: (context: PhaseContext) => Promise<T>): Promise<T> {
    const { state } = this;
    const config = this.#config;
    const options = this.#options;
    const { kind, ...sampling } = config.batch;
    const sampler = createSampler(train, { batch: kind, ...sampling, rowWeight: config.rowWeight }, config.seed);
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
      return await work({ engine, backbone, sampler, loss: this.#loss, config, options, state, checkpoint });
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

  #result(engine: Engine, best?: Best): TrainResult {
    const { history, seconds, phase } = this.state;
    const { epoch, step: steps } = this.state.chosen!;
    const reason = this.state.reason!;
    const { users, items } = engine.finals;
    const d = users.columns;
    this.#options.onEvent({ type: 'end', reason, epochs: history.length, epoch, steps, seconds });
    return {
      users: matrix(users.rows, d, best?.users ?? unpadded(users)),
      items: matrix(items.rows, d, best?.items ?? unpadded(items)),
      epoch,
      steps,
      epochs: history.length,
      reason,
      refitted: phase === 'refit',
      history,
      valid: history[epoch - 1]!.valid,
      engine: identity(engine),
      seconds,
      config: this.#config,
    };
  }
}

function identity({ name, build, threads }: Engine): EngineIdentity {
  return { name, build, threads };
}

/** True when some trained user has validation items. */
function hasUsers(valid: Csr, train: Csr): boolean {
  for (let u = 0; u < Math.min(valid.rows, train.rows); u++) if (csrDegree(valid, u) > 0) return true;
  return false;
}
