import type { Lab } from './experiment.ts';
import { type FailedRun, finished, isFailed, mergeConfigs, type RunRecord, type RunSpec } from './run.ts';
import { type LossCase, middleOf, type Options, withOptions } from './settings.ts';

/** A loss on some data, whose options validation is to choose. */
export interface Case {
  /** What it is beside the loss: data, noise, backbone, settings. */
  readonly spec: Omit<RunSpec, 'seed'>;
  readonly loss: LossCase;
}

/** What came of it. */
export interface ChosenCase extends Case {
  /** The options that validated best. */
  readonly options: Options;
  /** All that were tried, with the validation value of the first seed. */
  readonly tried: readonly { readonly options: Options; readonly record: RunRecord | FailedRun }[];
  /** A run a seed with the chosen options, in the order of the seeds. */
  readonly records: readonly RunRecord[];
}

/** How often all options are gone through at most. */
const rounds = 3;

/**
 * Chooses the options of each case by the validation value of the first seed, then runs the chosen ones with every seed. Options are chosen one
 * at a time, in the order in which they are written, the others at their last choice (at first the middle of the list), until a round changes nothing.
 * Nothing of the test set is looked at. All cases go along together, so that a laboratory has much to do at a time.
 */
export async function chooseOptions(
  lab: Lab,
  title: string,
  cases: readonly Case[],
  seeds: readonly number[],
): Promise<ChosenCase[]> {
  const searches = cases.map((one) => new Search(one));
  for (let round = 0; round < rounds; round++) {
    const before = JSON.stringify(searches.map(({ options }) => options));
    const most = Math.max(...searches.map(({ names }) => names.length));
    for (let position = 0; position < most; position++) {
      const asked = searches.flatMap((search) => search.neighbours(position).map((options) => ({ search, options })));
      const specs = asked.map(({ search, options }) => specOf(search.case, options, seeds[0]!));
      const records = await lab.tryAll(`${title}: choosing options on validation data`, specs);
      for (const [index, { search, options }] of asked.entries()) search.learn(options, records[index]!);
      for (const search of searches) search.settle();
    }
    if (JSON.stringify(searches.map(({ options }) => options)) === before) break;
  }
  const records = await runChosen(lab, title, searches, seeds);
  return searches.map(({ case: one, options, tried }, index) => ({
    ...one,
    options,
    tried: [...tried.values()],
    records: records[index]!,
  }));
}

/** The chosen options of each with every seed. Options with which a seed diverges are passed over for the next best. */
async function runChosen(
  lab: Lab,
  title: string,
  searches: readonly Search[],
  seeds: readonly number[],
): Promise<RunRecord[][]> {
  const specs = searches.flatMap(({ case: one, options }) => seeds.map((seed) => specOf(one, options, seed)));
  const all = await lab.tryAll(title, specs);
  const records = searches.map((_, index) => all.slice(index * seeds.length, (index + 1) * seeds.length));
  const failing = searches.filter((_, index) => records[index]!.some(isFailed));
  if (failing.length === 0) return records as RunRecord[][];
  for (const search of failing) search.passOver(records[searches.indexOf(search)]!.find(isFailed)!);
  return runChosen(lab, title, searches, seeds);
}

/** The run of a case with some options of its loss. */
export function specOf({ spec, loss }: Case, options: Options, seed: number): RunSpec {
  const { source, config } = withOptions(loss, options);
  return { ...spec, seed, config: mergeConfigs(spec.config, config, { loss: source }) };
}

class Search {
  readonly case: Case;
  readonly names: readonly string[];
  readonly tried = new Map<string, { options: Options; record: RunRecord | FailedRun }>();
  options: Options;

  constructor(one: Case) {
    this.case = one;
    this.names = Object.keys(one.loss.candidates);
    const middles = Object.entries(one.loss.candidates).map(([name, values]) => [name, middleOf(values)]);
    this.options = Object.fromEntries(middles);
  }

  /** The options with every value of the one at `position`; nothing for a loss with fewer. */
  neighbours(position: number): Options[] {
    const name = this.names[position];
    if (name === undefined) return [];
    return this.case.loss.candidates[name]!.map((value) => ({ ...this.options, [name]: value }));
  }

  learn(options: Options, record: RunRecord | FailedRun): void {
    this.tried.set(JSON.stringify(options), { options, record });
  }

  /** Gives up the present options for the best of the others. @throws TaurecError `failed-run` when there are none */
  passOver(failed: FailedRun): void {
    const before = this.options;
    this.learn(before, failed);
    this.settle();
    if (this.options === before) finished(failed);
  }

  /** Takes the best so far, the first of equals; a run that failed is worse than any. */
  settle(): void {
    let best = -Infinity;
    for (const { options, record } of this.tried.values()) {
      if (isFailed(record)) continue;
      const value = record.chosen.value ?? -Infinity;
      if (value > best) {
        best = value;
        this.options = options;
      }
    }
  }
}
