import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { loadBackbone } from '../backbone/load-backbone.ts';
import { TaurecError } from '../errors.ts';
import { mergeConfigs } from '../experiment/run.ts';
import { lockFolder } from '../platform/folder-lock.ts';
import { version } from '../platform/version.ts';
import { winnerOf } from '../search/halving.ts';
import { parseSpace, type Space, type SpacePoint } from '../search/space.ts';
import { searches } from '../search/space-searches.ts';
import { dataHash } from '../training/checkpoint.ts';
import { configToJson, parseTrainConfig, type TrainConfig, type TrainConfigInput } from '../training/config.ts';
import { shortConfig } from '../training/short-training.ts';
import type { TrainingData } from '../training/training-state.ts';
import { hasUsers } from '../training/validation.ts';
import { checkSpace, configAt, hasObject } from './config-at.ts';
import { defaultSpace } from './default-space.ts';
import type { Executor } from './executor.ts';
import { LocalExecutor } from './local-executor.ts';
import { openQueue } from './queue/open-queue.ts';
import { QueueExecutor } from './queue/queue-executor.ts';
import { runStudy, type StudyPlan } from './run-study.ts';
import type { Attempt, CurvePoint, Run, Trial } from './study.ts';
import { StudyStore } from './study-store.ts';
import type { TuneEvent } from './tune-event.ts';
import { parseTuneSettings, type TuneSettings } from './tune-settings.ts';

/** Default number of trials, without and with a time budget. */
const TRIALS = { plain: 24, budgeted: 64 };
/** Largest default number of parallel trainings: each has its own tables in memory. */
const MOST_JOBS = 8;

/** The search of `tune`, its length, and the folder of the study. */
export interface TuneOptions extends Omit<TuneSettings, 'space'> {
  /** Training options of all trials. */
  readonly config?: TrainConfigInput;
  /** The study's folder: `trials.db` and checkpoints. A study in it is continued. Default: tuning. */
  readonly folder?: string;
  /** Parallel trainings; default: one per thread, at most 8. */
  readonly jobs?: number;
  /** Threads of all trainings together; default: the machine's cores. */
  readonly threads?: number;
  /** `best`: of finished trainings, only the best one's checkpoint is kept. Default `all`. */
  readonly keep?: 'all' | 'best';
  readonly signal?: AbortSignal;
  /** Receives the stream of events. */
  readonly onEvent?: (event: TuneEvent) => void;
  /** A queue whose workers (`runWorker`, `taurec worker`) do the trainings: `redis://…` or `postgres://…`. `jobs` is then the number of trainings in it, default 8. */
  readonly queue?: string;
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
 * Searches for the training options that score best on validation data: many short trainings, the best of which are trained longer (successive halving). A folder keeps the study, and a call with the same arguments continues it, even after a
 * kill. Test interactions are not used.
 * @param space undefined: the default space of the loss
 * @throws TaurecError `bad-option` before anything is written; `study-mismatch` when the folder holds another study; `folder-in-use`; `no-trial` when every trial failed; `aborted`; what `train` throws
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

async function queueExecutor(
  url: string,
  { identity }: Study,
  { source }: TrainingData & { readonly source?: string },
  jobs: number,
  folder: string,
): Promise<Executor> {
  const id = createHash('sha256').update(JSON.stringify(identity)).digest('hex');
  const queue = await openQueue(url);
  try {
    return await QueueExecutor.open(queue, { id, taurec: version, data: identity.data, source }, jobs, folder);
  } catch (error) {
    await queue.close();
    throw error;
  }
}

function checkData({ train, valid }: TrainingData): void {
  if (valid && hasUsers(valid, train)) return;
  throw new TaurecError('bad-option', {
    option: 'valid',
    got: undefined,
    expected: 'validation interactions of trained users, which compare the trials',
    remedy: 'Hold some out: validRatio 0.1 of loadDataset (--valid-ratio 0.1), or give them.',
  });
}

interface Study {
  readonly base: TrainConfigInput;
  readonly plan: StudyPlan;
  readonly identity: Readonly<Record<string, unknown>> & { readonly data: string };
}

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
      const { threads: _, ...config } = { ...parseTrainConfig(configAt(base, point)), refit: false };
      const part = halving.rungs[rung]!;
      return configToJson(part === 1 ? config : shortConfig(config, users, cheapSteps, part));
    },
  };
  const { threads: _, ...decisive } = configToJson(checked);
  const identity = { taurec: version, data: dataHash(data), config: decisive, space, search, halving, metric };
  return { base, plan, identity };
}

function defaultTrials(size: number, timeBudget: number | undefined): number {
  if (size !== Infinity) return size;
  return timeBudget === undefined ? TRIALS.plain : TRIALS.budgeted;
}

/** The facts that decide the length of a short training. */
async function sizeOf({ train }: TrainingData, base: TrainConfigInput) {
  const { backbone, dimension } = parseTrainConfig(base);
  // A step through a graph costs the same with fewer rows.
  const cheapSteps = (await loadBackbone(backbone)).plan(dimension, train) === undefined;
  return { users: train.rows, cheapSteps };
}

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
