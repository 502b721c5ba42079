import { bestOf, runSearches, type Search } from '../search/search.ts';
import type { SpacePoint } from '../search/space.ts';
import { coordinateSearch } from '../search/space-searches.ts';
import type { Lab } from './experiment.ts';
import { type FailedRun, finished, isFailed, mergeConfigs, type RunRecord, type RunSpec } from './run.ts';
import { type LossCase, middleOf, type Options, withOptions } from './settings.ts';

/** A loss on a data set, with the options that validation chooses. */
export interface Case {
  /** The run without its loss and seed: data, noise, backbone, training options. */
  readonly spec: Omit<RunSpec, 'seed'>;
  readonly loss: LossCase;
}

/** A case with its chosen options and their runs. */
export interface ChosenCase extends Case {
  /** The options with the best validation value. */
  readonly options: Options;
  /** Every combination of options tried, with its run on the first seed. */
  readonly tried: readonly { readonly options: Options; readonly record: RunRecord | FailedRun }[];
  /** One run per seed with the chosen options, in the order of the seeds. */
  readonly records: readonly RunRecord[];
}

/**
 * Chooses the options of each case by the validation value of the first seed, then runs the chosen options with every seed.
 *
 * The search is coordinate-wise: it varies one option at a time, in the order written, and keeps the others at their last choice (at first the middle
 * of the list). It ends when a whole round changes nothing. The test set is not used.
 * All cases search in parallel, so that the laboratory always has many runs to do.
 * @param title The stage's name in progress output.
 * @param seeds Options are chosen on the first one.
 * @returns The cases in the order given.
 * @throws TaurecError `failed-run` when every combination of options of a case diverged
 */
export async function chooseOptions(
  lab: Lab,
  title: string,
  cases: readonly Case[],
  seeds: readonly number[],
): Promise<ChosenCase[]> {
  const candidates = cases.map((one) => new Candidates(one));
  const chosen = await runSearches(
    candidates.map(({ search }) => search),
    async (asked) => {
      const specs = asked.map(({ search, point }) => specOf(cases[search]!, point, seeds[0]!));
      const records = await lab.tryAll(`${title}: choosing options on validation data`, specs);
      return asked.map(({ search, point }, at) => candidates[search]!.learn(point, records[at]!));
    },
  );
  // `undefined` never occurs here: every search has at least the point at which it starts.
  for (const [at, options] of chosen.entries()) candidates[at]!.options = options!;
  const records = await runChosen(lab, title, candidates, seeds);
  return candidates.map(({ case: one, options, tried }, index) => ({
    ...one,
    options,
    tried: [...tried.values()],
    records: records[index]!,
  }));
}

/** Runs the chosen options of each case with every seed. If one seed of a case diverges, the next best options replace them and all seeds run again. */
async function runChosen(
  lab: Lab,
  title: string,
  candidates: readonly Candidates[],
  seeds: readonly number[],
): Promise<RunRecord[][]> {
  const specs = candidates.flatMap(({ case: one, options }) => seeds.map((seed) => specOf(one, options, seed)));
  const all = await lab.tryAll(title, specs);
  // `all` is ordered by case, then by seed: one slice per case.
  const records = candidates.map((_, index) => all.slice(index * seeds.length, (index + 1) * seeds.length));
  const failing = candidates.filter((_, index) => records[index]!.some(isFailed));
  if (failing.length === 0) return records as RunRecord[][];
  for (const one of failing) one.passOver(records[candidates.indexOf(one)]!.find(isFailed)!);
  // The lab does not repeat finished runs, so only the replacements train. Each round removes one candidate, so the recursion ends.
  return runChosen(lab, title, candidates, seeds);
}

/** The run of a case with these options of its loss. */
export function specOf({ spec, loss }: Case, options: Options, seed: number): RunSpec {
  const { source, config } = withOptions(loss, options);
  return { ...spec, seed, config: mergeConfigs(spec.config, config, { loss: source }) };
}

/** The options of one case: all tried so far, and the current choice. */
class Candidates {
  readonly case: Case;
  readonly search: Search<SpacePoint>;
  readonly tried = new Map<string, { readonly options: Options; readonly record: RunRecord | FailedRun }>();
  options: Options;

  constructor(one: Case) {
    this.case = one;
    const lists = Object.entries(one.loss.candidates);
    this.options = Object.fromEntries(lists.map(([name, values]) => [name, middleOf(values)]));
    this.search = coordinateSearch(Object.fromEntries(lists.map(([name, choice]) => [name, { choice }])), this.options);
  }

  /** Stores a run; returns its validation value. */
  learn(options: Options, record: RunRecord | FailedRun): number {
    this.tried.set(JSON.stringify(options), { options, record });
    return validationValue(record);
  }

  /** Replaces the current options, because one of their seeds diverged, by the best of the others. @throws TaurecError `failed-run` when no others are left */
  passOver(failed: FailedRun): void {
    // Overwrites the first seed's record, so that these options now count as failed.
    this.learn(this.options, failed);
    const others = [...this.tried.values()].map(({ options, record }) => ({
      point: options,
      value: validationValue(record),
    }));
    const best = bestOf(others);
    if (!best) finished(failed);
    else this.options = best.point;
  }
}

/** The validation value of a run; −∞ for a failed run, which is worse than any other. */
function validationValue(record: RunRecord | FailedRun): number {
  return isFailed(record) ? -Infinity : (record.chosen.value ?? -Infinity);
}
