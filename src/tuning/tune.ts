import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { loadBackbone } from '../backbone/load-backbone.ts';
import { TaurecError } from '../errors.ts';
import { mergeConfigs } from '../experiment/run.ts';
import { lockFolder } from '../platform/folder-lock.ts';
import { version } from '../platform/version.ts';
import { winnerOf } from '../search/halving.ts';
import { searches } from '../search/searches.ts';
import { type Point, parseSpace, type Space } from '../search/space.ts';
import { dataHash } from '../training/checkpoint.ts';
import { configToJson, parseTrainConfig, type TrainConfig, type TrainConfigInput } from '../training/config.ts';
import type { TrainingData } from '../training/training-state.ts';
import { trialConfig } from '../training/trial.ts';
import { hasUsers } from '../training/validation.ts';
import { checkSpace } from './check-space.ts';
import { configAt, hasObject } from './config-at.ts';
import { defaultSpace } from './default-space.ts';
import type { Executor } from './executor.ts';
import { LocalExecutor } from './local-executor.ts';
import { openQueue } from './queue/open-queue.ts';
import { QueueExecutor } from './queue/queue-executor.ts';
import { runStudy, type StudyPlan } from './run-study.ts';
import { parseTuneSettings, type TuneSettings } from './settings.ts';
import type { Attempt, CurvePoint, Run, Trial } from './study.ts';
import { StudyStore } from './study-store.ts';
import type { TuneEvent } from './tune-event.ts';

/** Trials when nobody says: without and with a time budget. */
const TRIALS = { plain: 24, budgeted: 64 };
/** Trainings at a time when nobody says, at most: each has tables of its own in memory. */
const MOST_JOBS = 8;

/** What `tune` searches, how long, and where it keeps the study. */
export interface TuneOptions extends Omit<TuneSettings, 'space'> {
  /** Training options that all trials share. */
  readonly config?: TrainConfigInput;
  /** Where the study is kept: `trials.db`, checkpoints. A study that is there goes on. Default: tuning. */
  readonly folder?: string;
  /** Trainings at a time; default: one for each thread, at most 8. */
  readonly jobs?: number;
  /** Threads of all trainings together; default: the machine's cores. */
  readonly threads?: number;
  /** `best`: of trainings that are over only the best one's checkpoint is kept. Default `all`. */
  readonly keep?: 'all' | 'best';
  readonly signal?: AbortSignal;
  /** Receives the stream of events. */
  readonly onEvent?: (event: TuneEvent) => void;
  /** A queue by whose workers (`runWorker`, `taurec worker`) the trainings are done: `redis://…` or `postgres://…`. `jobs` is then how many lie in it at a time, default 8. */
  readonly queue?: string;
}

/** A trial with its trainings. */
export interface TunedTrial extends Trial {
  readonly runs: readonly (Run & { readonly curve: readonly CurvePoint[]; readonly attempts: readonly Attempt[] })[];
}

/** What a study came to: its trials, and the best of them. */
export interface TuneResult {
  readonly folder: string;
  /** What trials were compared by. */
  readonly metric: string;
  readonly space: Space;
  readonly trials: readonly TunedTrial[];
  /** The best trial of the highest rung that was reached. */
  readonly winner: {
    readonly trial: number;
    readonly point: Point;
    /** On validation data. */
    readonly value: number;
    readonly rung: number;
    /** False when no trial was trained in full: a time budget ended before. */
    readonly whole: boolean;
    /** The checkpoint of its last training, from which `train` gives the result at once; relative to the folder. */
    readonly checkpoint?: string;
  };
  /** The whole training with the winner's options: `train(data, config)`. */
  readonly config: TrainConfig;
  /** Seconds of the study, in all sessions. */
  readonly seconds: number;
}

/**
 * Searches training options by the validation metric: trials of short trainings, the best of which are trained longer (successive halving). The study is kept in a folder, and a call with the same arguments goes on with it, also after a
 * kill. Test interactions are not looked at.
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
    expected: 'validation interactions of trained users, by which trials are compared',
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
      'losses and backbones by name or module: a study is kept in a file, and gone on with in other processes';
    throw new TaurecError('bad-option', { option: 'config', got: 'an object with functions', expected });
  }
  const metric = settings.metric ?? parseTrainConfig(given).validation.metric;
  const own = mergeConfigs(given, { validation: { metric } });
  const { space, config: base } = asked ? { space: asked, config: own } : defaultSpace(own, data.train.columns);
  await checkSpace(base, space);
  const { users, cheapSteps } = await sizeOf(data, base);
  const { search, halving, timeBudget } = settings;
  const chosen = searches[search];
  const size = 'size' in chosen ? chosen.size!(space) : Infinity;
  const checked = parseTrainConfig(base);
  const plan: StudyPlan = {
    space,
    search: chosen,
    seed: checked.seed,
    trials: Math.min(size, settings.trials ?? defaultTrials(size, timeBudget)),
    halving,
    metric,
    timeBudget,
    configOf(point, rung) {
      const { threads: _, ...config } = { ...parseTrainConfig(configAt(base, point)), refit: false };
      const part = halving.rungs[rung]!;
      return configToJson(part === 1 ? config : trialConfig(config, users, cheapSteps, part));
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

/** What the length of a short training depends on. */
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
    const reason = runs.find(({ failed }) => failed)?.failed?.message ?? 'none was done.';
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
