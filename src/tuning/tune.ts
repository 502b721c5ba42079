// `tune`, the entry to a study: checks its arguments, builds plan and identity, picks the executor, and returns the result.
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { loadBackbone } from '../backbone/load-backbone.ts';
import { TaurecError } from '../errors.ts';
import { mergeConfigs } from '../experiment/run.ts';
import { lockFolder } from '../platform/folder-lock.ts';
import { version } from '../platform/version.ts';
import { openQueue } from '../queue/open-queue.ts';
import { winnerOf } from '../search/halving.ts';
import { parseSpace, type Space, type SpacePoint } from '../search/space.ts';
import { searches } from '../search/space-searches.ts';
import { dataHash } from '../training/checkpoint.ts';
import { configToJson, parseTrainConfig, type TrainConfig, type TrainConfigInput } from '../training/config.ts';
import { shortConfig } from '../training/short-training.ts';
import type { TrainingData } from '../training/training.ts';
import { hasUsers } from '../training/validation.ts';
import { checkSpace, configAt, hasObject } from './config-at.ts';
import { defaultSpace } from './default-space.ts';
import type { Executor, TrainingWork } from './executor.ts';
import { LocalExecutor } from './local-executor.ts';
import { QueueExecutor } from './queue/queue-executor.ts';
import { runStudy, type StudyPlan } from './run-study.ts';
import type { Attempt, CurvePoint, Run, Trial } from './study.ts';
import { StudyStore } from './study-store.ts';
import type { TuneEvent } from './tune-event.ts';
import { parseTuneSettings, type StudyOptions, type TuneSettings } from './tune-settings.ts';

/** Default number of trials, without and with a time budget. */
const TRIALS = { plain: 24, budgeted: 64 };
/** Maximum default number of parallel trainings, because each has its own embeddings in memory. */
const MOST_JOBS = 8;

/** Options of `tune`: search, length and folder of the study. */
export interface TuneOptions extends Omit<TuneSettings, 'space'>, StudyOptions {
  /** Training options of all trials. */
  readonly config?: TrainConfigInput;
  /** Number of threads of all trainings together. Default: the number of cores. */
  readonly threads?: number;
  /** Stops the study; the folder keeps it, with checkpoints of running trainings. */
  readonly signal?: AbortSignal;
  /** Receives the events. */
  readonly onEvent?: (event: TuneEvent) => void;
}

/** A trial with its trainings. */
export interface TunedTrial extends Trial {
  readonly runs: readonly (Run & { readonly curve: readonly CurvePoint[]; readonly attempts: readonly Attempt[] })[];
}

/** The result of a study: its trials, and the best of them. */
export interface TuneResult {
  readonly folder: string;
  /** The metric that compared the trials. */
  readonly metric: string;
  readonly space: Space;
  readonly trials: readonly TunedTrial[];
  /** The best trial of the highest rung that was reached. */
  readonly winner: {
    readonly trial: number;
    readonly point: SpacePoint;
    /** On validation data. */
    readonly value: number;
    readonly rung: number;
    /** False when a time budget ended before any trial was trained in full. */
    readonly whole: boolean;
    /** The checkpoint of its last training, relative to the folder; `trainWinner` reads the result from it. */
    readonly checkpoint?: string;
  };
  /** The configuration of the whole training with the winner's options. */
  readonly config: TrainConfig;
  /** Seconds of the study, in all sessions. */
  readonly seconds: number;
}

/**
 * Searches for the training options with the best validation metric. It does many short trainings and trains the best of them longer (successive halving).
 * The folder keeps the study: a call with the same arguments continues it, even after a kill. Test interactions are not used.
 * @param space options to search; undefined means the default space of the loss
 * @throws TaurecError `bad-option` before anything is written; `study-mismatch` when the folder has a different study; `folder-in-use`; `no-trial` when every trial failed; `aborted`; the errors of `train`
 */
export async function tune(
  data: TrainingData,
  space: Space | undefined,
  options: TuneOptions = {},
): Promise<TuneResult> {
  const {
    config: given = {},
    folder = 'tuning',
    jobs,
    threads,
    keep = 'all',
    signal,
    onEvent,
    queue,
    ...rest
  } = options;
  const settings = parseTuneSettings(rest);
  checkData(data);
  const study = await studyOf(data, given, space && parseSpace(space), settings);
  const { plan } = study;
  const allThreads = threads ?? availableParallelism();
  const width = jobs ?? Math.min(allThreads, MOST_JOBS);
  if (signal?.aborted) throw new TaurecError('aborted');
  const release = lockFolder(folder);
  let store: StudyStore | undefined;
  let doing: Executor | undefined;
  try {
    store = new StudyStore(folder, study.identity);
    doing =
      queue === undefined
        ? new LocalExecutor(data, width, allThreads, folder)
        : await queueExecutor(queue, study, data, jobs ?? MOST_JOBS, folder);
    await runStudy(store, doing, plan, { folder, signal, onEvent, keep });
    return resultOf(store, study, folder);
  } finally {
    await doing?.close();
    store?.close();
    release();
  }
}

/** An executor whose trainings workers do. The id of the study in the queue is the SHA-256 of its identity, so a continued study finds its trainings. */
async function queueExecutor(
  url: string,
  { identity }: Study,
  { source }: TrainingData & { readonly source?: string },
  jobs: number,
  folder: string,
): Promise<Executor> {
  const id = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  const queue = await openQueue<TrainingWork>(url);
  try {
    return await QueueExecutor.open(queue, { id, taurec: version, data: identity.data, source }, jobs, folder);
  } catch (error) {
    await queue.close();
    throw error;
  }
}

/** @throws TaurecError `bad-option` without validation interactions of trained users */
function checkData({ train, valid }: TrainingData): void {
  if (valid && hasUsers(valid, train)) return;
  throw new TaurecError('bad-option', {
    option: 'valid',
    got: undefined,
    expected: 'validation interactions of trained users, by which trials are compared',
    remedy: 'Hold some out with validRatio 0.1 of loadDataset (--valid-ratio 0.1), or pass a validation set.',
  });
}

/** A study before its trainings: base configuration, plan, and the facts that decide its numbers. */
interface Study {
  readonly base: TrainConfigInput;
  readonly plan: StudyPlan;
  readonly identity: Readonly<Record<string, unknown>> & { readonly data: string };
}

/** Builds the study of the arguments, and checks them. Loss and backbone must be names or modules, because the study is stored as JSON. */
async function studyOf(
  data: TrainingData,
  given: TrainConfigInput,
  asked: Space | undefined,
  settings: ReturnType<typeof parseTuneSettings>,
): Promise<Study> {
  if (hasObject(given)) {
    const expected =
      'losses and backbones by name or module: a study is stored in a file and continued in other processes';
    throw new TaurecError('bad-option', { option: 'config', got: 'an object with functions', expected });
  }
  const metric = settings.metric ?? parseTrainConfig(given).validation.metric;
  const own = mergeConfigs(given, { validation: { metric } });
  const { space, config: base } = asked ? { space: asked, config: own } : defaultSpace(own, data.train.columns);
  await checkSpace(base, space);
  const { users, cheapSteps } = await sizeOf(data, base);
  const { search, halving, timeBudget } = settings;
  const checked = parseTrainConfig(base);
  const proposing = searches[search](space, checked.seed);
  const { size = Infinity } = proposing;
  const plan: StudyPlan = {
    space,
    search: proposing,
    trials: Math.min(size, settings.trials ?? defaultTrials(size, timeBudget)),
    halving,
    metric,
    timeBudget,
    configOf(point, rung) {
      const config = { ...parseTrainConfig(configAt(base, point)), refit: false };
      const part = halving.rungs[rung]!;
      return decisive(part === 1 ? config : shortConfig(config, users, cheapSteps, part));
    },
  };
  const config = decisive(checked);
  const identity = { taurec: version, data: dataHash(data), config, space, search, halving, metric };
  return { base, plan, identity };
}

/** A configuration as JSON, without what changes no result: the number of threads, and the type in which a model is stored. */
function decisive(config: TrainConfig): Record<string, unknown> {
  const { threads: _threads, precision: _precision, ...rest } = configToJson(config);
  return rest;
}

/** Default number of trials; a finite space (a grid) is searched completely. */
function defaultTrials(size: number, timeBudget: number | undefined): number {
  if (size !== Infinity) return size;
  return timeBudget === undefined ? TRIALS.plain : TRIALS.budgeted;
}

/** Facts from which `shortConfig` derives the length of a short training. */
async function sizeOf({ train }: TrainingData, base: TrainConfigInput) {
  const { backbone, dimension } = parseTrainConfig(base);
  // With a graph backbone (which has a plan) a step costs nearly the same with fewer rows, so steps are not cheap.
  const cheapSteps = (await loadBackbone(backbone)).plan(dimension, train) === undefined;
  return { users: train.rows, cheapSteps };
}

/** The result of a finished study. @throws TaurecError `no-trial` */
function resultOf(store: StudyStore, { plan, base }: Study, folder: string): TuneResult {
  const { runs, trials } = store;
  const winner = winnerOf(runs);
  if (!winner) {
    const reason = runs.find(({ failed }) => failed)?.failed?.message ?? 'none has finished.';
    throw new TaurecError('no-trial', { trials: trials.length, reason });
  }
  const { point } = trials[winner.trial]!;
  return {
    folder,
    metric: plan.metric,
    space: plan.space,
    trials: trials.map((trial) => ({
      ...trial,
      runs: runs
        .filter((run) => run.trial === trial.number)
        .map((run) => ({ ...run, curve: store.curve(run), attempts: store.attempts(run) })),
    })),
    winner: {
      trial: winner.trial,
      point,
      value: winner.value!,
      rung: winner.rung,
      whole: winner.rung === plan.halving.rungs.length - 1,
      checkpoint: winner.checkpoint,
    },
    config: parseTrainConfig(configAt(base, point)),
    seconds: store.seconds,
  };
}
