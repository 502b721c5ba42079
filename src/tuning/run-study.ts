// Runs a study: decides the next training from the stored state, starts trainings while there is room and time, and stores outcomes.
import { rm } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { TaurecError } from '../errors.ts';
import { type Halving, ranked, rungSizes, winnerOf } from '../search/halving.ts';
import type { Observation, Search } from '../search/search.ts';
import type { Space, SpacePoint } from '../search/space.ts';
import { Budget, FINALISTS } from './budget.ts';
import type { Executor, RunNews, RunTask } from './executor.ts';
import { isOver, keyText, type Run, type RunKey, type StudyState } from './study.ts';
import type { StudyStore } from './study-store.ts';
import type { TuneEvent } from './tune-event.ts';

/** The space and the search of a study. */
export interface StudyPlan {
  readonly space: Space;
  readonly search: Search<SpacePoint>;
  /** Maximum number of trials. */
  readonly trials: number;
  readonly halving: Halving;
  readonly metric: string;
  /** Seconds for all sessions together. */
  readonly timeBudget?: number;
  /** The configuration of a trial on a rung, as JSON. */
  configOf(point: SpacePoint, rung: number): Readonly<Record<string, unknown>>;
}

/** Folder, signal and listener of a session. */
interface StudyOptions {
  /** The study's folder, which holds the checkpoints. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TuneEvent) => void;
  /** `best`: keep only the checkpoint of the best finished training. */
  readonly keep: 'all' | 'best';
}

/**
 * Continues a study until nothing is left to do. Finished trainings in the store are not repeated; stopped ones continue from their checkpoints.
 * @throws TaurecError `aborted` on the signal, and errors of a training that are no outcomes. In both cases the next call continues the study
 */
export async function runStudy(
  store: StudyStore,
  executor: Executor,
  plan: StudyPlan,
  options: StudyOptions,
): Promise<void> {
  await new StudyRun(store, executor, plan, options).run();
}

/** One session of a study: starts trainings while there is room, and stores their outcomes. */
class StudyRun {
  readonly #store: StudyStore;
  readonly #executor: Executor;
  readonly #plan: StudyPlan;
  readonly #options: StudyOptions;
  readonly #budget: Budget | undefined;
  /** Running trainings by key. */
  readonly #active = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  /** Seconds of earlier sessions. */
  readonly #before: number;
  readonly #started = performance.now();
  #thrown: { error: unknown } | undefined;

  constructor(store: StudyStore, executor: Executor, plan: StudyPlan, options: StudyOptions) {
    this.#store = store;
    this.#executor = executor;
    this.#plan = plan;
    this.#options = options;
    this.#before = store.seconds;
    const { timeBudget, halving } = plan;
    if (timeBudget !== undefined) this.#budget = new Budget(timeBudget, halving.rungs.length, () => this.#elapsed());
  }

  /** Runs the session: keeps the executor full until nothing is left to start, then waits for the rest. */
  async run(): Promise<void> {
    const { signal, onEvent } = this.#options;
    const { metric, trials, halving } = this.#plan;
    const stop = () => this.#stop.abort();
    signal?.addEventListener('abort', stop, { once: true });
    if (signal?.aborted) stop();
    // A `running` training belongs to a session that was killed.
    for (const run of this.#store.runs) if (run.state === 'running') this.#store.setState(run, 'waiting');
    const { runs } = this.#store;
    const done = runs.filter(isOver).length;
    onEvent?.({
      type: 'study',
      metric,
      trials,
      jobs: this.#executor.capacity,
      rungs: halving.rungs,
      done,
      begun: runs.length - done,
    });
    try {
      while (!this.#stop.signal.aborted) {
        while (this.#active.size < this.#executor.capacity && this.#beginNext());
        if (this.#active.size === 0) break;
        await Promise.race(this.#active.values());
      }
      await Promise.all(this.#active.values());
    } finally {
      this.#store.seconds = this.#elapsed();
      signal?.removeEventListener('abort', stop);
    }
    if (this.#thrown) throw this.#thrown.error;
    if (signal?.aborted) throw new TaurecError('aborted');
    await this.#executor.ended(this.#store.runs);
  }

  /** Starts the next training; false when none can start now. */
  #beginNext(): boolean {
    const { trials, halving } = this.#plan;
    const state = this.#store.state;
    const finalists = this.#finalists;
    const step = nextStep(state, { trials, halving, finalists, hasTime: (rung) => this.#hasTime(rung, state) });
    if (step.type === 'trial') {
      const point = this.#propose(state);
      this.#store.addTrial({ number: step.number, point }, this.#newRun(point, 0));
      return this.#beginNext();
    }
    if (step.type !== 'run') return false;
    const { key } = step;
    const { point } = state.trials[key.trial]!;
    const known = (run: Run) => run.trial === key.trial && run.rung === key.rung;
    if (!state.runs.some(known)) this.#store.addRun(key, this.#newRun(point, key.rung));
    this.#store.setState(key, 'running');
    const begun = this.#store.runs.find(known)!;
    this.#options.onEvent?.({ type: 'run', trial: { number: key.trial, point }, run: begun });
    const name = keyText(key);
    const work = this.#train(begun, state).finally(() => this.#active.delete(name));
    this.#active.set(name, work);
    return true;
  }

  /** The point of the next trial, proposed from the values on the first rung; −∞ for a failed training. */
  #propose({ trials, runs }: StudyState): SpacePoint {
    const first = new Map(runs.filter(({ rung }) => rung === 0).map((run) => [run.trial, run]));
    const seen = trials.map(({ number, point }): Observation<SpacePoint> => {
      const run = first.get(number);
      return { point, value: run?.state === 'failed' ? -Infinity : run?.value };
    });
    return this.#plan.search.propose(seen)[0]!;
  }

  /** The facts of a new training: its configuration on the rung, with seed and epochs. */
  #newRun(point: SpacePoint, rung: number) {
    const config = this.#plan.configOf(point, rung);
    return { config, seed: config.seed as number, epochs: config.epochs as number };
  }

  /** Does one training and stores its outcome. Never rejects: an error stops the study, which throws it at the end. */
  async #train(run: Run, state: StudyState): Promise<void> {
    const key: RunKey = { trial: run.trial, rung: run.rung };
    const task: RunTask = { key, config: run.config, metric: this.#plan.metric };
    try {
      const outcome = await this.#executor.run(task, {
        signal: this.#stop.signal,
        sideBySide: this.#sideBySide(run.rung, state),
        onNews: (news) => this.#take(key, news),
      });
      // Compared before the outcome is stored: with the best value of the rung so far.
      const best =
        'value' in outcome && !(outcome.value <= (ranked(this.#store.runs, run.rung)[0]?.value ?? -Infinity));
      if (!this.#store.finish(key, outcome)) return;
      this.#store.seconds = this.#elapsed();
      await this.#executor.recorded(key);
      if (this.#options.keep === 'best') await this.#prune();
      const { trials, runs } = this.#store;
      const over = runs.find(({ trial, rung }) => trial === run.trial && rung === run.rung)!;
      this.#options.onEvent?.({ type: 'over', trial: trials[run.trial]!, run: over, best });
    } catch (error) {
      this.#store.setState(key, 'waiting');
      const stopped = this.#stop.signal.aborted && error instanceof TaurecError && error.code === 'aborted';
      if (!stopped) this.#thrown ??= { error };
      this.#stop.abort();
    }
  }

  /** Stores the news of a training and passes them on. */
  #take(key: RunKey, news: RunNews): void {
    if (news.type === 'begun') {
      const { worker, fromEpoch, started = new Date().toISOString() } = news;
      this.#store.addAttempt(key, { worker, fromEpoch, started });
    } else if (news.type === 'point') {
      this.#store.addPoint(key, news.point);
      this.#store.seconds = this.#elapsed();
    } else if (news.type === 'checkpoint' && news.path !== undefined) {
      this.#store.setCheckpoint(key, relative(this.#options.folder, news.path));
    }
    this.#options.onEvent?.({ type: 'news', key, news });
  }

  /** Minimum number of promoted trials: with a budget, time is reserved for this many whole trainings. */
  get #finalists(): number {
    return this.#budget ? FINALISTS : 1;
  }

  /** Number of parallel trainings after one more has started on a rung. It decides the threads of each. */
  #sideBySide(rung: number, state: StudyState): number {
    const { trials, runs } = state;
    const { capacity } = this.#executor;
    const size = rung === 0 ? this.#plan.trials : rungSizes(trials.length, this.#plan.halving, this.#finalists)[rung]!;
    const over = runs.filter((run) => run.rung === rung && isOver(run)).length;
    const together = Math.max(this.#active.size + 1, Math.min(capacity, size - over));
    // If time is short, the best trial gets all threads, so that at least one trial is trained in full.
    const alone = rung > 0 && this.#active.size === 0 && !this.#fits(rung, state, together);
    return alone ? 1 : together;
  }

  /** True if one more training on a rung fits into the budget. */
  #hasTime(rung: number, state: StudyState): boolean {
    return this.#fits(rung, state, this.#sideBySide(rung, state));
  }

  /** True when one more training on a rung ends in time while `sideBySide` run. */
  #fits(rung: number, { trials, runs }: StudyState, sideBySide: number): boolean {
    if (!this.#budget) return true;
    const { halving, configOf } = this.#plan;
    const point = trials[0]?.point;
    const configs = point ? halving.rungs.map((_, r) => configOf.call(this.#plan, point, r)) : [];
    return this.#budget.hasTime(rung, runs, this.#executor.threads(sideBySide, runs), configs);
  }

  /** Removes the checkpoints of finished trainings except the best one's. */
  async #prune(): Promise<void> {
    const { runs } = this.#store;
    const winner = winnerOf(runs);
    for (const run of runs) {
      if (!isOver(run) || run.checkpoint === undefined || (run.trial === winner?.trial && run.rung === winner.rung))
        continue;
      this.#store.setCheckpoint(run, undefined);
      await rm(dirname(join(this.#options.folder, run.checkpoint)), { recursive: true, force: true });
    }
  }

  /** Seconds of the study, in all sessions. */
  #elapsed(): number {
    return this.#before + (performance.now() - this.#started) / 1000;
  }
}

/** The next step of a study with room for one more training. */
type StudyStep =
  /** A new trial, with this number. */
  | { readonly type: 'trial'; readonly number: number }
  /** A known trial on a rung: promoted, or interrupted by a stop. */
  | { readonly type: 'run'; readonly key: RunKey }
  /** Nothing can start until a training ends. */
  | { readonly type: 'wait' }
  | { readonly type: 'end' };

/** The limits that decide the next step. */
interface PlanLimits {
  /** Maximum number of trials. */
  readonly trials: number;
  readonly halving: Halving;
  /** Minimum number of trials promoted from a rung, if there is time for them; default 1. */
  readonly finalists?: number;
  /** True if there is time for one more training on a rung. The first trial starts regardless. */
  readonly hasTime: (rung: number) => boolean;
}

/**
 * The next step of a study. A rung starts after all trainings of the rung below have ended, so promotions depend on all results, not on their order of
 * arrival. The step is a function of the stored study, so a stopped study continues as if it had never stopped.
 */
function nextStep({ trials, runs }: StudyState, { trials: most, halving, finalists, hasTime }: PlanLimits): StudyStep {
  const left = runs.find(({ state }) => state === 'waiting');
  if (left) return { type: 'run', key: { trial: left.trial, rung: left.rung } };
  const running = (rung: number) => runs.some((run) => run.rung === rung && !isOver(run));
  if (trials.length < most && (trials.length === 0 || hasTime(0))) {
    // A higher rung may have started with fewer trials in an earlier session; this session adds more.
    return { type: 'trial', number: trials.length };
  }
  const sizes = rungSizes(trials.length, halving, finalists);
  for (let rung = 1; rung < sizes.length; rung++) {
    if (running(rung - 1)) return { type: 'wait' };
    const promoted = ranked(runs, rung - 1).slice(0, sizes[rung]);
    const begun = new Set(runs.filter((run) => run.rung === rung).map(({ trial }) => trial));
    const next = promoted.find(({ trial }) => !begun.has(trial));
    if (next && hasTime(rung)) return { type: 'run', key: { trial: next.trial, rung } };
  }
  return running(sizes.length - 1) ? { type: 'wait' } : { type: 'end' };
}
