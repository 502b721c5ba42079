import { availableParallelism } from 'node:os';
import { TaurecError } from '../errors.ts';
import { assignment, type Shares } from '../evaluation/variant-of.ts';
import { shortName, shortNameText } from '../platform/short-name.ts';
import type { ModelHost, ReloadReport } from './model-host.ts';
import { badFields, shown } from './parse-request.ts';
import type { CheckedOptions } from './serve-options.ts';

/** The models of a server: one folder, or several by name. A folder of versions stands for its current one. */
export type ServedModels = string | Readonly<Record<string, string>>;

/** A served model. */
export interface Variant {
  /** '' for a model that was given without a name. */
  readonly name: string;
  /** Its model folder, or folder of versions. */
  readonly folder: string;
  readonly host: ModelHost;
  /** Its part of the people, 0 to 1; 0 for the shadow. */
  readonly share: number;
}

/** The folders by name; '' is the name of a single folder. @throws TaurecError `bad-option` */
export function foldersOf(models: ServedModels): ReadonlyMap<string, string> {
  if (typeof models === 'string') return new Map([['', models]]);
  const folders = new Map(Object.entries(models));
  // Objects put names of digits alone before all others, whatever the order was.
  const wrong = [...folders.keys()].find((name) => !shortName.test(name) || /^\d+$/.test(name));
  if (wrong !== undefined || folders.size === 0) {
    const expected = `models by names of ${shortNameText}, not of digits alone`;
    throw new TaurecError('bad-option', { option: 'models', got: wrong ?? 'none', expected });
  }
  return folders;
}

/** The split over the models with these names, without the shadow: the option `split`, by default equal shares. @throws TaurecError `bad-option` */
export function splitOf(given: readonly string[], options: Pick<CheckedOptions, 'split' | 'shadow'>): Shares {
  const { split, shadow } = options;
  const names = given.filter((name) => name !== shadow);
  if (shadow !== undefined && (names.length === given.length || names.length === 0)) {
    const expected = given.length > 1 ? `one of ${given.join(', ')}` : 'several models, as a=FOLDER b=FOLDER';
    throw new TaurecError('bad-option', { option: 'shadow', got: shadow, expected });
  }
  if (!split) return Object.fromEntries(names.map((name) => [name, 1]));
  const expected = `a share for each of ${names.join(', ')}`;
  const shared = Object.keys(split);
  if (names.includes('') || shared.length !== names.length || !shared.every((name) => names.includes(name))) {
    const got = shared.map((name) => `${name}=${split[name]}`).join(',');
    const facts = names.includes('') ? { expected: 'several models, as a=FOLDER b=FOLDER' } : { expected };
    throw new TaurecError('bad-option', { option: 'split', got, ...facts });
  }
  return split;
}

/** Scoring threads of each of `models` models: the option `threads` is for all together, at least one each. */
export function threadsOf(models: number, { threads }: Pick<CheckedOptions, 'threads'>): number[] {
  const all = threads ?? Math.max(1, Math.min(availableParallelism() - 1, 16));
  return Array.from({ length: models }, (_, at) => Math.max(1, Math.floor(all / models) + Number(at < all % models)));
}

/** The models of a server, and the people that each of them answers. */
export class Variants {
  /** The models in the order in which they were given. */
  readonly all: readonly Variant[];
  /** Those that answer people: all but the shadow. */
  readonly answering: readonly Variant[];
  readonly shadow: Variant | undefined;
  /** Whether they have names: then answers say which one they are of. */
  readonly named: boolean;
  /** The model that answers requests about nobody: the first with a share. */
  readonly first: Variant;
  readonly #assign: (person: string) => string;
  readonly #byName: ReadonlyMap<string, Variant>;

  private constructor(all: readonly Variant[], shadow: string | undefined, assign: (person: string) => string) {
    this.all = all;
    this.shadow = all.find(({ name }) => name === shadow);
    this.answering = all.filter((variant) => variant !== this.shadow);
    this.#byName = new Map(all.map((variant) => [variant.name, variant]));
    this.named = !this.#byName.has('');
    this.first = all.find(({ share }) => share > 0)!;
    this.#assign = assign;
  }

  /** Opens the models one after another. @param open opens the model of a name from a folder, with a number of threads @throws TaurecError `bad-option`, and the errors of `ModelHost.open` */
  static async open(
    models: ServedModels,
    options: CheckedOptions,
    open: (name: string, folder: string, threads: number) => Promise<ModelHost>,
  ): Promise<Variants> {
    const folders = foldersOf(models);
    const names = [...folders.keys()];
    const split = splitOf(names, options);
    const assign = folders.has('') ? () => '' : assignment(split, options.splitSeed);
    const sum = Object.values(split).reduce((total, share) => total + share, 0);
    const threads = threadsOf(names.length, options);
    const all: Variant[] = [];
    try {
      for (const [at, name] of names.entries()) {
        const folder = folders.get(name)!;
        const host = await open(name, folder, threads[at]!);
        all.push({ name, folder, host, share: (split[name] ?? 0) / sum });
      }
    } catch (error) {
      await Promise.all(all.map(({ host }) => host.close(true)));
      throw error;
    }
    return new Variants(all, options.shadow, assign);
  }

  /** The model that answers a person. Nobody in particular is answered by `first`. */
  of(person: string | undefined): Variant {
    if (person === undefined || this.answering.length === 1) return this.first;
    return this.#byName.get(this.#assign(person))!;
  }

  /** Asks each model for its part of the people, given with their places in the list, and puts the answers together in the order of the people. */
  async inOrder<T>(
    people: readonly string[],
    ask: (variant: Variant, people: readonly string[], places: readonly number[]) => Promise<readonly T[]>,
  ): Promise<readonly T[]> {
    const parts = new Map<Variant, number[]>();
    for (const [at, person] of people.entries()) {
      const variant = this.of(person);
      if (parts.has(variant)) parts.get(variant)!.push(at);
      else parts.set(variant, [at]);
    }
    const answers = new Array<T>(people.length);
    const askOne = async ([variant, places]: readonly [Variant, readonly number[]]) => {
      const theirs = places.length === people.length ? people : places.map((at) => people[at]!);
      const made = await ask(variant, theirs, places);
      for (const [p, at] of places.entries()) answers[at] = made[p]!;
    };
    await Promise.all([...parts].map(askOne));
    return answers;
  }

  /** The model that a request about one of several names. @param otherwise the model of a request that names none; absent: it must name one where there are several @throws TaurecError `bad-request` */
  byName(name: string | undefined, otherwise?: Variant): Variant {
    const only = this.all.length === 1 ? this.first : undefined;
    const found = name === undefined ? (otherwise ?? only) : this.named ? this.#byName.get(name) : undefined;
    if (found) return found;
    const expected = this.named ? `one of ${[...this.#byName.keys()].join(', ')}` : 'nothing: the server has one model';
    throw badFields([{ field: 'variant', got: shown(name), expected }]);
  }

  /** Whether all models that answer people can score now. */
  get ready(): boolean {
    return this.answering.every(({ host }) => host.ready);
  }

  /** Reloads all models, one after another. Resolves with the report of the first that failed, otherwise with the last one. */
  async reload(trigger: ReloadReport['trigger']): Promise<ReloadReport> {
    let failed: ReloadReport | undefined;
    let last!: ReloadReport;
    for (const { host } of this.all) {
      last = await host.reload(trigger);
      if (last.outcome === 'failed') failed ??= last;
    }
    return failed ?? last;
  }

  /** Ends the threads of all models. */
  async close(): Promise<void> {
    await Promise.all(this.all.map(({ host }) => host.close(true)));
  }
}
