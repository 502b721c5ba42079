import type { Engine } from '../../engine/engine.ts';
import type { Model } from '../../model/model.ts';
import { withNewItems } from '../../recommender/new-items.ts';
import { openRankingEngine, type RankingEngineOptions } from '../../recommender/ranking-engine.ts';
import { Recommender } from '../../recommender/recommender.ts';

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
      const { recommender } = await entry.served;
      return act(prior === undefined ? recommender : recommender.withPrior(prior));
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
  readonly recommender: Recommender;
}

async function openServed(model: Model): Promise<OpenModel> {
  const full = withNewItems(model);
  // One person's list is too little work for threads.
  const engine = await openRankingEngine(full, { ...ownBuild(model), threads: 1 });
  return { engine, recommender: Recommender.fromModel(full, engine) };
}

/** The build of the kernels that a model's configuration asks for. */
export function ownBuild({ config }: Pick<Model, 'config'>): Pick<RankingEngineOptions, 'build'> {
  return { build: config.training.build as RankingEngineOptions['build'] };
}
