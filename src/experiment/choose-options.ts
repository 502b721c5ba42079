import { createLoss, withoutAutomatic } from '../loss/losses.ts';
import { bestOf, runSearches, type Search } from '../search/search.ts';
import type { SpacePoint } from '../search/space.ts';
import { coordinateSearch } from '../search/space-searches.ts';
import { parseTrainConfig } from '../training/config.ts';
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
  /** The options whose best value is the least or the greatest tried, even after the grid was widened: a better one may lie beyond. */
  readonly edges: readonly string[];
  /** Every combination of options tried, with its run on the first seed. */
  readonly tried: readonly { readonly options: Options; readonly record: RunRecord | FailedRun }[];
  /** One run per seed with the chosen options, in the order of the seeds. */
  readonly records: readonly RunRecord[];
}

/**
 * Chooses the options of each case by the validation value of the first seed, then runs the chosen options with every seed.
 *
 * The search is coordinate-wise: it varies one option at a time, in the order written, and keeps the others at their last choice (at first the middle
 * of the list). It ends when a whole round changes nothing. If the best value of an option is at an end of its grid, the grid is widened once by a further
 * value, and the search continues. The test set is not used.
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
  const search = async (searching: readonly Candidates[]) => {
    const chosen = await runSearches(
      searching.map((one) => one.search),
      async (asked) => {
        const specs = asked.map(({ search: at, point }) => specOf(searching[at]!.case, point, seeds[0]!));
        const records = await lab.tryAll(`${title}: choosing options on validation data`, specs);
        return asked.map(({ search: at, point }, a) => searching[at]!.learn(point, records[a]!));
      },
    );
    // `undefined` never occurs here: every search has at least the point at which it starts.
    for (const [at, options] of chosen.entries()) searching[at]!.options = options!;
  };
  await search(candidates);
  await search(candidates.filter((one) => one.widen()));
  const records = await runChosen(lab, title, candidates, seeds);
  return candidates.map(({ case: one, options, edges, tried }, index) => ({
    ...one,
    options,
    edges,
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
  const records = inGroups(all, seeds.length);
  const failing = candidates.filter((_, index) => records[index]!.some(isFailed));
  if (failing.length === 0) return records as RunRecord[][];
  for (const one of failing) one.passOver(records[candidates.indexOf(one)]!.find(isFailed)!);
  // The lab does not repeat finished runs, so only the replacements train. Each round removes one candidate, so the recursion ends.
  return runChosen(lab, title, candidates, seeds);
}

/** The values in groups of equal size, such as the records of each case, ordered by case and then by seed. */
export function inGroups<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: values.length / size }, (_, group) => values.slice(group * size, (group + 1) * size));
}

/** The run of a case with these options of its loss. */
export function specOf({ spec, loss }: Case, options: Options, seed: number): RunSpec {
  const { source, config } = withOptions(loss, options);
  return { ...spec, seed, config: mergeConfigs(spec.config, config, { loss: source }) };
}

/** The value beyond one end of a grid: a further step of the same ratio, or of the same difference where the grid reaches 0 or below. Rounded to two digits. */
function beyond(grid: readonly number[], end: 'least' | 'most'): number {
  const sorted = [...grid].sort((a, b) => (end === 'most' ? a - b : b - a));
  const [before, last] = sorted.slice(-2) as [number, number];
  const next = grid.every((value) => value > 0) ? (last * last) / before : last + last - before;
  return Number(next.toPrecision(2));
}

/** The options of one case: all tried so far, and the current choice. */
class Candidates {
  readonly case: Case;
  search: Search<SpacePoint>;
  readonly #lists: Record<string, readonly unknown[]>;
  readonly tried = new Map<string, { readonly options: Options; readonly record: RunRecord | FailedRun }>();
  options: Options;

  constructor(one: Case) {
    this.case = one;
    this.#lists = { ...one.loss.candidates };
    this.options = Object.fromEntries(
      Object.entries(one.loss.candidates).map(([name, values]) => [name, middleOf(values)]),
    );
    this.search = this.#searchFromHere();
  }

  /** A search through the lists that begins at the current choice. */
  #searchFromHere(): Search<SpacePoint> {
    const lists = Object.entries(this.#lists);
    return coordinateSearch(Object.fromEntries(lists.map(([name, choice]) => [name, { choice }])), this.options);
  }

  /** The options whose current value is at an end of its grid. */
  get edges(): string[] {
    return Object.keys(this.#lists).filter((name) => this.#endOf(name) !== undefined);
  }

  /** The end of its grid at which an option's value is. Undefined inside the grid, and for a list of fewer than two numbers, which has no ends. Infinity is a limit, not an end. */
  #endOf(name: string): 'least' | 'most' | undefined {
    const value = this.options[name];
    const grid = this.#gridOf(name);
    if (grid.length < 2 || typeof value !== 'number' || !Number.isFinite(value)) return undefined;
    if (value === Math.min(...grid)) return 'least';
    return value === Math.max(...grid) && !this.#lists[name]!.includes(Infinity) ? 'most' : undefined;
  }

  /** The finite numbers among an option's candidates. */
  #gridOf(name: string): number[] {
    return this.#lists[name]!.filter((value): value is number => Number.isFinite(value));
  }

  /** Adds a value beyond each end at which the current choice is, where the option accepts it. Returns true if there is something new to search. */
  widen(): boolean {
    let isWider = false;
    for (const name of this.edges) {
      const next = beyond(this.#gridOf(name), this.#endOf(name)!);
      if (this.#lists[name]!.includes(next) || !accepts(this.case, { ...this.options, [name]: next })) continue;
      this.#lists[name] = [...this.#lists[name]!, next];
      isWider = true;
    }
    if (isWider) this.search = this.#searchFromHere();
    return isWider;
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

/** True if the options are within the bounds of a built-in loss and of training. The bounds of a custom loss are unknown. */
function accepts(one: Case, options: Options): boolean {
  try {
    const { loss } = parseTrainConfig(specOf(one, options, 1).config);
    if (!('name' in loss) || 'evaluate' in loss) return false;
    createLoss(withoutAutomatic(loss));
    return true;
  } catch {
    return false;
  }
}

/** The validation value of a run; −∞ for a failed run, which is worse than any other. */
function validationValue(record: RunRecord | FailedRun): number {
  return isFailed(record) ? -Infinity : (record.chosen.value ?? -Infinity);
}
