import { type Halving, ranked, rungSizes } from '../search/halving.ts';
import { isOver, type RunKey, type StudyState } from './study.ts';

/** What a study does next, when there is room for one more training. */
export type Step =
  /** A new trial, with this number. */
  | { readonly type: 'trial'; readonly number: number }
  /** A trial that is known, on a rung: promoted, or left by a stop. */
  | { readonly type: 'run'; readonly key: RunKey }
  /** Nothing can begin before something ends. */
  | { readonly type: 'wait' }
  | { readonly type: 'end' };

export interface PlanLimits {
  /** Trials at most. */
  readonly trials: number;
  readonly halving: Halving;
  /** Trials that go on from a rung at least, where there is time for them; absent: 1. */
  readonly finalists?: number;
  /** Whether there is time for one more on a rung; the very first trial begins in any case. */
  readonly hasTime: (rung: number) => boolean;
}

/**
 * The next step. Rungs come one after another: a rung begins when all trainings of the one below are over, so that who goes on is decided by all results, not by which came first.
 * The plan is a function of what the study holds, so a study that was stopped goes on as if it had not been.
 */
export function nextStep(
  { trials, runs }: StudyState,
  { trials: most, halving, finalists, hasTime }: PlanLimits,
): Step {
  const left = runs.find(({ state }) => state === 'waiting');
  if (left) return { type: 'run', key: { trial: left.trial, rung: left.rung } };
  const running = (rung: number) => runs.some((run) => run.rung === rung && !isOver(run));
  if (trials.length < most && (trials.length === 0 || hasTime(0))) {
    // A rung above that has begun decided with the trials there were; more of them are asked for now.
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
