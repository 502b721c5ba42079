import type { Engine } from '../../engine/engine.ts';
import { type Model, trainedItems } from '../../model/model.ts';
import { withNewItems } from '../../recommender/new-items.ts';
import { openRankingEngine, type RankingEngineOptions } from '../../recommender/ranking-engine.ts';
import { Recommender } from '../../recommender/recommender.ts';
import { popularityBias } from '../../training/popularity-prior.ts';

/** Models whose engines stay open. */
const OPEN = 3;

/** Makes lists from models: opens an engine for a model on first use, and keeps those of the models that were used last. */
export class ServedModels {
  readonly #entries = new Map<string, Entry>();

  /**
   * What is asked of the recommender of a model, as `Recommender.open` makes it. Its engine stays open until the answer is there.
   * @param prior c of the popularity prior in place of the model's own
   */
  async ask<T>(key: string, model: Model, prior: number | undefined, act: (recommender: Recommender) => T): Promise<T> {
    const entry = this.#entries.get(key) ?? { served: openServed(model), users: 0, dropped: false };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    entry.users++;
    try {
      for (const oldest of this.#entries.keys()) {
        if (this.#entries.size <= OPEN) break;
        await this.close(oldest);
      }
      return act((await entry.served).with(prior));
    } catch (error) {
      // An engine that did not open may do so the next time.
      if (this.#entries.get(key) === entry) await entry.served.catch(() => this.#entries.delete(key));
      throw error;
    } finally {
      entry.users--;
      await closeUnused(entry);
    }
  }

  /** Closes a model's engine, after the last answer that is in work. */
  async close(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    entry.dropped = true;
    await closeUnused(entry);
  }

  async closeAll(): Promise<void> {
    for (const key of [...this.#entries.keys()]) await this.close(key);
  }
}

/** An engine with those who use it. */
interface Entry {
  readonly served: Promise<OpenModel>;
  users: number;
  dropped: boolean;
}

async function closeUnused({ served, users, dropped }: Entry): Promise<void> {
  if (!dropped || users > 0) return;
  await served.then(
    ({ engine }) => engine.close(),
    () => {},
  );
}

interface OpenModel {
  readonly engine: Engine;
  with(prior: number | undefined): Recommender;
}

async function openServed(model: Model): Promise<OpenModel> {
  const full = withNewItems(model);
  // One person's list is too little work for threads.
  const engine = await openRankingEngine(full, { ...ownBuild(model), threads: 1 });
  const own = Recommender.fromModel(full, engine);
  let last: { readonly prior: number; readonly recommender: Recommender } | undefined;
  return {
    engine,
    with(prior) {
      if (prior === undefined) return own;
      // A prior changes no embedding: the engine serves all.
      if (last?.prior !== prior) last = { prior, recommender: Recommender.fromModel(withPrior(model, prior), engine) };
      return last.recommender;
    },
  };
}

/** The model with another c of the popularity prior, and with the items that only its catalogue has, whose predicted biases are in proportion to c. */
function withPrior(model: Model, prior: number): Model {
  const own = Number(model.config.training.popularityPrior ?? 0);
  const itemBias = prior === 0 ? undefined : popularityBias(trainedItems(model), prior);
  const { cold } = model;
  const d = model.items.columns;
  if (!cold || cold.means.length === d) return withNewItems({ ...model, itemBias });
  const scale = prior / own;
  const scaled = (values: Float32Array) => values.map((value, at) => (at % (d + 1) === d ? value * scale : value));
  return withNewItems({
    ...model,
    itemBias,
    cold: { ...cold, means: scaled(cold.means), coefficients: scaled(cold.coefficients) },
  });
}

/** The build of the kernels that a model's configuration asks for. */
export function ownBuild({ config }: Pick<Model, 'config'>): Pick<RankingEngineOptions, 'build'> {
  return { build: config.training.build as RankingEngineOptions['build'] };
}
