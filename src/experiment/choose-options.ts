import { TaurecError } from '../errors.ts';
import { replaceOptions } from '../loss/losses.ts';
import type { Lab } from './experiment.ts';
import { mergeConfigs } from './merge-config.ts';
import type { RunRecord, RunSpec } from './run.ts';
import { type LossCase, middleOf } from './settings.ts';

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
  readonly tried: readonly { readonly options: Options; readonly record: RunRecord }[];
  /** A run a seed with the chosen options, in the order of the seeds. */
  readonly records: readonly RunRecord[];
}

export type Options = Readonly<Record<string, unknown>>;

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
      const records = await lab.runAll(`${title}: choosing options on validation data`, specs);
      for (const [index, { search, options }] of asked.entries()) search.learn(options, records[index]!);
      for (const search of searches) search.settle();
    }
    if (JSON.stringify(searches.map(({ options }) => options)) === before) break;
  }
  const finals = searches.flatMap(({ case: one, options }) => seeds.map((seed) => specOf(one, options, seed)));
  const records = await lab.runAll(title, finals);
  return searches.map(({ case: one, options, tried }, index) => ({
    ...one,
    options,
    tried: [...tried.values()],
    records: records.slice(index * seeds.length, (index + 1) * seeds.length),
  }));
}

/** The run of a case with some options of its loss. */
export function specOf({ spec, loss }: Case, options: Options, seed: number): RunSpec {
  const { source, config } = withOptions(loss, options);
  return { ...spec, seed, config: mergeConfigs(spec.config, config, { loss: source }) };
}

/** The loss with these options, which are no longer chosen. @throws TaurecError `bad-option` for options of a loss that is an object */
export function withOptions(loss: LossCase, options: Options): LossCase {
  const isTraining = ([name]: [string, unknown]) => name.startsWith('config.');
  const all = Object.entries(options);
  const ofLoss = Object.fromEntries(all.filter((option) => !isTraining(option)));
  const training = Object.fromEntries(all.filter(isTraining).map(([name, x]) => [name.slice('config.'.length), x]));
  if ('evaluate' in loss.source && Object.keys(ofLoss).length > 0) {
    const expected = 'a loss by name or module, whose options can be set';
    throw new TaurecError('bad-option', { option: 'losses', got: `the object ${loss.label}`, expected });
  }
  const candidates = Object.entries(loss.candidates).filter(([name]) => !(name in options));
  return {
    ...loss,
    source: replaceOptions(loss.source, ofLoss),
    config: mergeConfigs(loss.config, training),
    candidates: Object.fromEntries(candidates),
  };
}

class Search {
  readonly case: Case;
  readonly names: readonly string[];
  readonly tried = new Map<string, { options: Options; record: RunRecord }>();
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

  learn(options: Options, record: RunRecord): void {
    this.tried.set(JSON.stringify(options), { options, record });
  }

  /** Takes the best so far; the first of equals. */
  settle(): void {
    let best = -Infinity;
    for (const { options, record } of this.tried.values()) {
      const value = record.chosen.value ?? -Infinity;
      if (value > best) {
        best = value;
        this.options = options;
      }
    }
  }
}
