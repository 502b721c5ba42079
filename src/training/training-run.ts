import { type Csr, csrDegree } from '../array/csr.ts';
import { matrix } from '../array/matrix.ts';
import type { Engine } from '../engine/engine.ts';
import { openEngine } from '../engine/open-engine.ts';
import { TaurecError } from '../errors.ts';
import { loadLoss } from '../loss/load-loss.ts';
import type { Loss } from '../loss/loss.ts';
import { checkScore } from '../loss/losses.ts';
import { createSampler } from '../sampler/create-sampler.ts';
import type { Sampler } from '../sampler/sampler.ts';
import { type Best, CheckpointFile, type Resumption } from './checkpoint.ts';
import type { TrainConfig } from './config.ts';
import { DivergenceGuard } from './divergence.ts';
import { EarlyStopping } from './early-stopping.ts';
import { initialEmbeddings, unpadded } from './embeddings.ts';
import type { EpochRecord } from './events.ts';
import { mergeInteractions } from './merge.ts';
import { ProgressMeter } from './progress-meter.ts';
import { runEpoch } from './run-epoch.ts';
import { scheduleFactor, stepProgress } from './schedule.ts';
import {
  type RunOptions,
  startState,
  type TrainingData,
  type TrainingState,
  type TrainResult,
} from './training-state.ts';
import { validate } from './validation.ts';

/**
 * A training run in this thread: the search (epochs, validation, the best epoch kept), then the refit when it is asked for.
 *
 * The refit starts from the same initial embeddings, on train plus validation, and takes as many steps as the chosen epoch had taken; its step t has
 * the learning rate of the search's step t: the schedule is cut where the search was cut, not squeezed. (Under a time budget: the progress that the
 * chosen epoch had reached, spread evenly over the steps.)
 */
export async function runTraining(data: TrainingData, config: TrainConfig, options: RunOptions): Promise<TrainResult> {
  const loss = await loadLoss(config.loss);
  checkScore(loss, config.score);
  const folder = options.checkpointDirectory;
  const file = folder === undefined ? undefined : new CheckpointFile(folder, config, data.sha256);
  const resumed = options.resume ? await file?.read() : undefined;
  if (options.resume && !resumed) {
    const message = `There is no checkpoint to resume at ${file?.path}; starting afresh.`;
    options.onEvent({ type: 'notice', message });
  }
  const run = new TrainingRun(data, config, loss, options, file, resumed);
  try {
    return await run.run();
  } catch (error) {
    if (!(error instanceof TaurecError) || error.code !== 'aborted') throw error;
    const { epoch, step } = run.state;
    throw new TaurecError('aborted', { epoch: epoch + 1, step, ...error.facts, checkpoint: file?.keptPath });
  }
}

interface Opened {
  readonly engine: Engine;
  readonly sampler: Sampler;
}

class TrainingRun {
  readonly state: TrainingState;
  readonly #train: Csr;
  readonly #valid: Csr | undefined;
  readonly #config: TrainConfig;
  readonly #loss: Loss;
  readonly #options: RunOptions;
  readonly #file: CheckpointFile | undefined;
  #resumed: Resumption | undefined;
  #best: Best | undefined;

  constructor(
    { train, valid }: TrainingData,
    config: TrainConfig,
    loss: Loss,
    options: RunOptions,
    file: CheckpointFile | undefined,
    resumed: Resumption | undefined,
  ) {
    this.state = resumed?.state ?? startState();
    this.#train = train;
    this.#valid = valid && hasUsers(valid, train) ? valid : undefined;
    this.#config = config;
    this.#loss = loss;
    this.#options = options;
    this.#file = file;
    this.#resumed = resumed;
    this.#best = resumed?.best;
  }

  async run(): Promise<TrainResult> {
    const { state } = this;
    const valid = this.#valid;
    if (!valid) this.#notice('No validation interactions: every epoch is run and the last one is kept.');
    const refit = this.#config.refit && valid;
    if (state.phase === 'search' && !(state.reason && refit)) {
      const result = await this.#within(this.#train, async (opened) => {
        if (!state.reason) await this.#search(opened);
        return refit ? undefined : this.#result(opened.engine);
      });
      if (result) return result;
    }
    if (state.phase === 'search') Object.assign(state, { phase: 'refit', epoch: 0, step: 0 });
    this.#best = undefined;
    return this.#within(mergeInteractions(this.#train, valid!), async (opened) => {
      await this.#refit(opened);
      return this.#result(opened.engine);
    });
  }

  /** Opens an engine on `train`, with initial or resumed embeddings, and closes it in any case. */
  async #within<T>(train: Csr, work: (opened: Opened) => Promise<T>): Promise<T> {
    const { batch, dimension, score, optimizer, l2, decoupledWeightDecay, ...config } = this.#config;
    const { kind, ...sampling } = batch;
    const sampler = createSampler(train, { batch: kind, ...sampling, rowWeight: config.rowWeight }, config.seed);
    const training = {
      loss: config.loss,
      optimizer: { ...optimizer, l2, decoupledWeightDecay },
      capacity: sampler.capacity,
      stepsPerEpoch: sampler.stepsPerEpoch,
      embeddingDropout: config.embeddingDropout,
      seed: config.seed,
    };
    const plan = { users: train.rows, items: train.columns, dimension, score, training };
    const engine = await openEngine(plan, { engine: config.engine, threads: config.threads });
    try {
      const resumed = this.#resumed;
      this.#resumed = undefined;
      if (resumed && this.state.epoch > 0) resumed.restore(engine);
      else initialEmbeddings(engine, config.seed, config.initialDeviation);
      this.#options.onEvent({
        type: 'start',
        phase: this.state.phase,
        users: train.rows,
        items: train.columns,
        interactions: train.indices.length,
        epochs: config.epochs,
        stepsPerEpoch: sampler.stepsPerEpoch,
        engine: identity(engine),
        ...(resumed && { resumed: this.state.epoch }),
      });
      return await work({ engine, sampler });
    } finally {
      await engine.close();
    }
  }

  async #search({ engine, sampler }: Opened): Promise<void> {
    const { state } = this;
    const { epochs, timeBudget, learningRate, schedule, validation } = this.#config;
    const { onEvent } = this.#options;
    const steps = epochs * sampler.stepsPerEpoch;
    const stopping = new EarlyStopping(validation.patience, state.stopping);
    const meter = new ProgressMeter('search', epochs, steps, state.step, onEvent);
    const guard = new DivergenceGuard(this.#loss);
    while (!state.reason) {
      const spent = state.seconds.train + state.seconds.validate;
      const timed = (seconds: number) => (timeBudget === undefined ? 0 : Math.min(1, (spent + seconds) / timeBudget));
      const plan = {
        epoch: state.epoch,
        firstStep: state.step,
        steps: sampler.stepsPerEpoch,
        secondsLeft: (timeBudget ?? Infinity) - spent,
        learningRate: (step: number, seconds: number) =>
          learningRate * scheduleFactor(schedule, Math.max(stepProgress(step, steps), timed(seconds))),
      };
      const done = await runEpoch(engine, sampler, plan, meter, guard, this.#options);
      const step = state.step + done.steps;
      const progress = Math.max(step / steps, timed(done.seconds));
      const epoch = state.epoch + 1;
      const seconds = state.seconds.train + done.seconds;
      let record: EpochRecord = { epoch, step, loss: done.loss, learningRate: done.learningRate, progress, seconds };
      onEvent({ type: 'epoch', phase: 'search', ...record });
      Object.assign(state, { epoch, step });
      state.seconds.train = seconds;
      const last = epoch === epochs || done.seconds >= plan.secondsLeft;
      if (this.#valid && (epoch % validation.every === 0 || last)) {
        record = { ...record, valid: this.#validate(engine, this.#valid, stopping, record) };
      } else if (!this.#valid) state.chosen = { epoch, step, progress };
      state.history.push(record);
      state.stopping = stopping.state;
      if (epoch === epochs) state.reason = 'epochs';
      else if (last) state.reason = 'time-budget';
      else if (this.#valid && stopping.shouldStop) state.reason = 'patience';
      await this.#checkpoint(engine, state.reason !== undefined);
    }
  }

  /** Validates the epoch; the best one so far is kept. */
  #validate(engine: Engine, valid: Csr, stopping: EarlyStopping, record: EpochRecord): EpochRecord['valid'] {
    const started = performance.now();
    const { epoch, step, progress } = record;
    const { metric } = this.#config.validation;
    const metrics = validate(engine, { train: this.#train, valid }, this.#config, this.#options.aborted);
    const best = stopping.observe(epoch, metrics[metric]!);
    if (best) {
      this.state.chosen = { epoch, step, progress };
      // A refit starts anew: it needs no copy.
      if (!this.#config.refit) {
        const { users, items } = this.#best ?? {};
        this.#best = { users: unpadded(engine.users, users), items: unpadded(engine.items, items) };
      }
    }
    const seconds = (performance.now() - started) / 1000;
    this.state.seconds.validate += seconds;
    this.#options.onEvent({ type: 'validation', epoch, metric, value: metrics[metric]!, metrics, best, seconds });
    return metrics;
  }

  async #refit({ engine, sampler }: Opened): Promise<void> {
    const { state } = this;
    const { learningRate, schedule } = this.#config;
    const { onEvent } = this.#options;
    const { step: steps, progress, epoch: chosen } = state.chosen!;
    onEvent({ type: 'refit', epoch: chosen, steps });
    const epochs = Math.ceil(steps / sampler.stepsPerEpoch);
    const meter = new ProgressMeter('refit', epochs, steps, state.step, onEvent);
    const guard = new DivergenceGuard(this.#loss);
    while (state.step < steps) {
      const plan = {
        epoch: state.epoch,
        firstStep: state.step,
        steps: Math.min(sampler.stepsPerEpoch, steps - state.step),
        secondsLeft: Infinity,
        learningRate: (step: number) => learningRate * scheduleFactor(schedule, progress * stepProgress(step, steps)),
      };
      const done = await runEpoch(engine, sampler, plan, meter, guard, this.#options);
      state.epoch++;
      state.step += done.steps;
      state.seconds.train += done.seconds;
      const { epoch, step } = state;
      const { loss, learningRate: rate } = done;
      const seconds = state.seconds.train;
      onEvent({
        type: 'epoch',
        phase: 'refit',
        epoch,
        step,
        loss,
        learningRate: rate,
        progress: progress * (step / steps),
        seconds,
      });
      await this.#checkpoint(engine, step === steps);
    }
  }

  async #checkpoint(engine: Engine, last: boolean): Promise<void> {
    const { state } = this;
    if (!this.#file || !(last || this.#file.due(state.epoch))) return;
    await this.#file.write(engine, state, this.#best);
    this.#options.onEvent({ type: 'checkpoint', phase: state.phase, epoch: state.epoch, path: this.#file.path });
  }

  #result(engine: Engine): TrainResult {
    const { history, reason, chosen, seconds, phase } = this.state;
    const best = this.#best ?? { users: unpadded(engine.users), items: unpadded(engine.items) };
    const d = engine.users.columns;
    const { epoch, step: steps } = chosen!;
    this.#options.onEvent({
      type: 'end',
      reason: reason!,
      epochs: history.length,
      epoch,
      steps,
      seconds: { ...seconds },
    });
    return {
      users: matrix(engine.users.rows, d, best.users),
      items: matrix(engine.items.rows, d, best.items),
      epoch,
      steps,
      epochs: history.length,
      reason: reason!,
      refitted: phase === 'refit',
      history,
      valid: history[epoch - 1]!.valid,
      engine: identity(engine),
      seconds,
      config: this.#config,
    };
  }

  #notice(message: string): void {
    this.#options.onEvent({ type: 'notice', message });
  }
}

function identity({ name, build, threads }: Engine) {
  return { name, build, threads };
}

/** True when some trained user has validation items. */
function hasUsers(valid: Csr, train: Csr): boolean {
  for (let u = 0; u < Math.min(valid.rows, train.rows); u++) if (csrDegree(valid, u) > 0) return true;
  return false;
}
