import { type Best, CheckpointFile, type Resumption } from '#checkpoint';
import { openEngine } from '#open-engine';
import { matrix } from '../array/matrix.ts';
import { randomStream } from '../array/random.ts';
import type { Backbone } from '../backbone/backbone.ts';
import { loadBackbone } from '../backbone/load-backbone.ts';
import type { Engine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { loadLoss } from '../loss/load-loss.ts';
import type { Loss } from '../loss/loss.ts';
import { checkScore, fitLoss, replaceOptions } from '../loss/losses.ts';
import { buildNeighbors } from '../neighbors/build-neighbors.ts';
import { popularityBias } from '../recommender/popularity-prior.ts';
import { loadSampler } from '../sampler/load-sampler.ts';
import type { LatticePoint } from '../search/lattice-search.ts';
import { aimNotice } from './aim.ts';
import {
  automaticCoordinates,
  chooseAutomatic,
  latticeStart,
  shortRunOptions,
  withAutomatic,
} from './automatic-options.ts';
import { chooseNeighbors } from './choose-neighbors.ts';
import { isBackbone, isLoss, type TrainConfig } from './config.ts';
import { copyArrays, finishFinals, initialEmbeddings, restoreArrays, unpadded } from './engine-arrays.ts';
import { DivergenceGuard, fitEpochs, type OpenRun, refit, type TrainingRun } from './epochs.ts';
import type { EngineIdentity } from './events.ts';
import { mergeInteractions } from './merge.ts';
import { Gate } from './pace.ts';
import { shortConfig } from './short-training.ts';
import {
  type RunOptions,
  type RunWatch,
  startState,
  type TrainingData,
  type TrainingState,
  type TrainingTask,
  type TrainResult,
} from './training.ts';
import { hasUsers } from './validation.ts';

/**
 * A training run in this thread: short trainings that choose the options of the loss that are `'auto'`, the fit (epochs, validation, the best epoch
 * kept), then the refit where the configuration asks for it.
 * @throws TaurecError as `trainEmbeddings` does
 */
export async function runTraining(data: TrainingData, given: TrainConfig, options: RunOptions): Promise<TrainResult> {
  const automatic = automaticCoordinates(given, data);
  const first = await loadParts(given, data, latticeStart(automatic));
  const folder = options.checkpointDirectory;
  // A checkpoint belongs to the configuration as it was given, 'auto' included: a resuming call gives it again.
  const asGiven = { ...first.config, loss: withAutomatic(first.config.loss, automatic) };
  const file = folder === undefined ? undefined : new CheckpointFile(folder, asGiven, data);
  const resumed = options.resume ? await file?.read() : undefined;
  if (options.resume && !resumed) {
    const message = `There is no checkpoint to resume at ${file?.path}: training starts from the beginning.`;
    options.onEvent({ type: 'notice', message });
  }
  const notice = aimNotice(given.aim, data);
  if (notice !== undefined) options.onEvent({ type: 'notice', message: notice });
  const state = resumed?.state ?? startState();
  const runTrial = async (numbers: LatticePoint, number: number) => {
    // A step through a graph costs the same with fewer rows.
    const cheapSteps = first.backbone.plan(given.dimension, data.train) === undefined;
    const parts = await loadParts(shortConfig(given, data.train.rows, cheapSteps), data, numbers);
    const surroundings = shortRunOptions(options, { number, options: numbers });
    const { valid } = await perform(data, { ...parts, options: surroundings, state: startState() });
    return valid![parts.config.validation.metric]!;
  };
  try {
    if (automatic.length > 0)
      state.tuning ??= await chooseAutomatic(automatic, given.validation.metric, runTrial, options.onEvent);
    const parts = state.tuning ? await loadParts(given, data, state.tuning.chosen) : first;
    return await perform(data, { ...parts, options, state }, file, resumed);
  } catch (error) {
    if (!(error instanceof TaurecError) || error.code !== 'aborted') throw error;
    const { epoch, step } = state;
    // The position of a trial says nothing about the run.
    const where = automatic.length > 0 && !state.tuning ? {} : { epoch, step, ...error.facts };
    throw new TaurecError('aborted', { ...where, checkpoint: file?.keptPath });
  }
}

/** Milliseconds that a run on the caller's thread works before it yields to other tasks. */
const SLICE = 50;

/**
 * Trains on the caller's thread and yields to other work there every 50 ms.
 * @param rest lets the thread do other work
 */
export function runOnThisThread(
  { data, config, snapshots, ...options }: TrainingTask,
  { onEvent, onSnapshot, signal, pace }: RunWatch,
  rest: () => Promise<void> = nextTimer,
): Promise<TrainResult> {
  let rested = performance.now();
  const gate = pace && new Gate();
  pace?.attach((command) => gate!.take(command));
  // A run that waits must see that it is aborted.
  signal?.addEventListener('abort', () => gate?.take('resume'), { once: true });
  return runTraining(data, config, {
    ...options,
    onEvent,
    aborted: () => signal?.aborted ?? false,
    gate,
    snapshots: snapshots && onSnapshot && { ...snapshots, send: onSnapshot },
    pause() {
      if (performance.now() - rested < SLICE) return undefined;
      return rest().then(() => {
        rested = performance.now();
      });
    },
  });
}

const nextTimer = () => new Promise<void>((resolve) => void setTimeout(resolve));

/** The loss and the backbone of a run, with the configuration that names them. */
interface Parts {
  readonly config: TrainConfig;
  readonly loss: Loss;
  readonly backbone: Backbone;
}

/**
 * Loads the loss, with `numbers` over its options, and the backbone. The configuration then names built-in ones with every option they
 * run with, so that the result stays the same when a default changes.
 * @throws TaurecError `bad-option`, `unknown-name`, `loss-module`, `backbone-module`
 */
async function loadParts(given: TrainConfig, { train }: TrainingData, numbers: LatticePoint): Promise<Parts> {
  const fitted = fitLoss(replaceOptions(given.loss, numbers), train.columns);
  const loss = await loadLoss(fitted);
  const backbone = await loadBackbone(given.backbone);
  const config = {
    ...given,
    loss: !isLoss(fitted) && 'name' in fitted ? { name: fitted.name, options: loss.parameters } : fitted,
    backbone:
      !isBackbone(given.backbone) && 'name' in given.backbone
        ? { name: given.backbone.name, options: backbone.parameters }
        : given.backbone,
  };
  checkScore(loss, config.score);
  return { config, loss, backbone };
}

/** Runs the fit, then the refit if configured; a resumed run continues in its phase. */
async function perform(
  { train, valid: given, negativeWeights }: TrainingData,
  parts: Parts & { readonly options: RunOptions; readonly state: TrainingState },
  file?: CheckpointFile,
  resumed?: Resumption,
): Promise<TrainResult> {
  const valid = given && hasUsers(given, train) ? given : undefined;
  const run: TrainingRun = { ...parts, train, valid, negativeWeights };
  const { config, options, state } = run;
  if (config.popularityPrior === 'auto' && !valid) {
    throw new TaurecError('bad-option', {
      option: 'popularityPrior',
      got: 'auto',
      expected: 'a number, because there is no validation part to choose it',
      remedy: 'Hold one out: validRatio 0.1 of loadDataset (--valid-ratio 0.1), or give one.',
    });
  }
  if (!valid && !options.warmStart) {
    const message = 'No validation interactions: training runs every epoch and keeps the last one.';
    options.onEvent({ type: 'notice', message });
  }
  const refits = config.refit && valid !== undefined;
  const choosesNeighbors = config.neighbors !== 'off' && !state.neighbors;
  if (!refits || (state.phase === 'search' && (!state.reason || choosesNeighbors))) {
    const result = await withEngine(run, file, resumed, async (open) => {
      const best = await fitEpochs(open, resumed?.best);
      if (choosesNeighbors) {
        const choice = chooseNeighbors(open, best);
        Object.assign(state, { neighbors: choice });
        state.seconds.validate += choice.seconds;
        options.onEvent({ type: 'neighbors', metric: config.validation.metric, ...choice });
      }
      return refits ? undefined : resultOf(open, best);
    });
    if (result) return result;
  }
  if (state.phase === 'search') Object.assign(state, { phase: 'refit', epoch: 0, step: 0 });
  // The refit starts from the same initial embeddings, on train and validation together.
  const whole = { ...run, train: mergeInteractions(train, valid!) };
  return withEngine(whole, file, resumed, async (open) => {
    await refit(open);
    return resultOf(open);
  });
}

/** Opens an engine with initial embeddings, or with the checkpoint's if it was written in this phase. Always closes it. */
async function withEngine<T>(
  run: TrainingRun,
  file: CheckpointFile | undefined,
  resumed: Resumption | undefined,
  work: (open: OpenRun) => Promise<T>,
): Promise<T> {
  const { train, config, backbone, options, state } = run;
  const { warmStart } = options;
  const { seed, l2, decoupledWeightDecay, dimension, score, rankingScore } = config;
  const { kind, ...sampling } = config.batch;
  const samplerOptions = { batch: kind, ...sampling, rowWeight: config.rowWeight };
  const sampler = await loadSampler(train, samplerOptions, seed, run.negativeWeights);
  const training = {
    loss: config.loss,
    optimizer: { ...config.optimizer, l2, decoupledWeightDecay },
    capacity: sampler.capacity,
    stepsPerEpoch: sampler.stepsPerEpoch,
    embeddingDropout: config.embeddingDropout,
    seed,
  };
  const needs = backbone.plan(dimension, train);
  const sizes = { users: train.rows, items: train.columns, dimension };
  const plan = { ...sizes, score, rankingScore, training, backbone: needs };
  const engine = await openEngine(plan, config);
  try {
    const resumes = resumed?.phase === state.phase && state.epoch > 0;
    if (resumes) resumed!.restore(engine);
    else if (warmStart) restoreArrays(engine, plan, warmStart.arrays);
    else {
      initialEmbeddings(engine, seed, config.initialDeviation);
      if (engine.nodes) backbone.initialise?.(engine.nodes, randomStream(seed, 'init-backbone'));
    }
    finishFinals(engine, backbone, seed);
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
    return await work({
      ...run,
      engine,
      sampler,
      guard: new DivergenceGuard(run.loss),
      before: { epochs: warmStart?.epochs ?? 0, steps: warmStart?.steps ?? 0 },
      copyArrays: (last) => (options.keepState ? copyArrays(engine, plan, last) : undefined),
      async checkpoint(best, last) {
        if (!file || !(last || file.due(state.epoch))) return;
        try {
          await file.write(engine, state, best);
        } catch (error) {
          if (!isFullDisk(error)) throw error;
          return options.onEvent({ type: 'notice', message: fullDiskNotice(file, state.epoch, error) });
        }
        options.onEvent({ type: 'checkpoint', phase: state.phase, epoch: state.epoch, path: file.path });
      },
    });
  } finally {
    await engine.close();
  }
}

/** Whether a write failed for want of space: the disk or the user's quota is full, or the file exceeds a limit. */
function isFullDisk(error: unknown): error is NodeJS.ErrnoException {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(`${(error as NodeJS.ErrnoException)?.code}`);
}

function fullDiskNotice({ path, keptPath }: CheckpointFile, epoch: number, { code }: NodeJS.ErrnoException): string {
  const kept = keptPath === undefined ? 'there is no earlier one' : `the last one, ${keptPath}, is kept`;
  return `Cannot write the checkpoint of epoch ${epoch} to ${path}: no space left on the disk (${code}). Training goes on; ${kept}. Free some space: the next checkpoint is tried again.`;
}

/** The result of a run, with the embeddings of the chosen epoch. */
function resultOf({ engine, before, copyArrays, train, config, state, options }: OpenRun, best?: Best): TrainResult {
  const { history, seconds, phase, tuning, neighbors: choice } = state;
  const { epoch, step: steps } = state.chosen!;
  const { popularityPrior } = choice ?? state.chosen!;
  const reason = state.reason!;
  // The engine holds the last epoch: its arrays are those of the chosen epoch only where that is the last.
  const arrays = best && epoch !== history.length ? best.arrays : copyArrays(best?.arrays);
  const { users, items } = engine.finals;
  const d = users.columns;
  options.onEvent({ type: 'end', reason, epochs: history.length, epoch, steps, seconds });
  return {
    users: matrix(users.rows, d, best?.users ?? unpadded(users)),
    items: matrix(items.rows, d, best?.items ?? unpadded(items)),
    ...(popularityPrior !== 0 && { itemBias: popularityBias(train, popularityPrior) }),
    ...(choice?.settings && { neighbors: buildNeighbors(train, choice.settings, config.seed) }),
    ...(choice && { neighborChoice: choice }),
    epoch,
    steps,
    epochs: history.length,
    reason,
    refitted: phase === 'refit',
    history,
    valid: choice?.valid?.with ?? history[epoch - 1]!.valid,
    engine: identity(engine),
    ...(tuning && { tuning }),
    seconds,
    config: { ...config, popularityPrior },
    ...(arrays && { trainingState: { epochs: before.epochs + epoch, steps: before.steps + steps, arrays } }),
  };
}

function identity({ name, build, threads }: Engine): EngineIdentity {
  return { name, build, threads };
}
