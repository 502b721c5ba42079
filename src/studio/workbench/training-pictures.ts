import { BestItems } from '../../array/best-items.ts';
import { csrHas } from '../../array/csr.ts';
import { type Matrix, row } from '../../array/matrix.ts';
import type { Dataset } from '../../data/build-dataset.ts';
import { itemPopularity } from '../../evaluation/metrics.ts';
import { popularityBias } from '../../recommender/popularity-prior.ts';
import type { Id } from '../../recommender/recommendation.ts';
import type { TrainConfig } from '../../training/config.ts';
import type { Snapshot, SnapshotOptions } from '../../training/snapshots.ts';
import type { LiveItem } from '../session.ts';
import type { NewEvent } from './event-log.ts';
import { ItemMap, MOST_MAPPED } from './item-map.ts';

/** How many times the work of a picture passes before the next: pictures take a tenth of the time at most. */
const SHARE = 10;
/** Pictures a second at most, and the numbers of embeddings that are copied for them a second. */
const RATE = 10;
const COPIED = 4e7;
/** Items of a followed person's list. */
const LISTED = 20;

/** The items of a map: most popular in training first, ties to the lower index. */
export function mappedItems({ train }: Pick<Dataset, 'train'>): Int32Array {
  const popularity = itemPopularity(train);
  const order = Int32Array.from(popularity, (_, item) => item);
  return order.sort((a, b) => popularity[b]! - popularity[a]! || a - b).subarray(0, MOST_MAPPED);
}

/** Makes the pictures of a training as it goes on: the map of the items, and the list of one person. */
export class TrainingPictures {
  readonly #run: string;
  readonly #dataset: Dataset;
  readonly #config: TrainConfig;
  readonly #map: ItemMap;
  readonly #emit: (event: NewEvent) => void;
  readonly #followed: () => Id | undefined;
  #next = 0;

  constructor(
    run: string,
    dataset: Dataset,
    config: TrainConfig,
    emit: (event: NewEvent) => void,
    followed: () => Id | undefined,
  ) {
    this.#run = run;
    this.#dataset = dataset;
    this.#config = config;
    this.#map = new ItemMap(mappedItems(dataset));
    this.#emit = emit;
    this.#followed = followed;
  }

  /** What snapshots the pictures need: fewer a second where tables are large. */
  get wanted(): SnapshotOptions {
    const { train } = this.#dataset;
    return { users: true, perSecond: Math.min(RATE, COPIED / ((train.rows + train.columns) * this.#config.dimension)) };
  }

  /** Takes the embeddings of an epoch. @param popularityPrior c of the prior that lists are ranked with @param always whatever the time */
  take({ phase, epoch, users, items }: Snapshot, popularityPrior: number, always: boolean): void {
    const now = performance.now();
    if (!always && now < this.#next) return;
    const frame = this.#map.frame(items, this.#config.rankingScore === 'cosine');
    this.#emit({ type: 'map', run: this.#run, epoch, ...frame });
    const user = this.#followed();
    const list =
      user === undefined || !users ? undefined : this.#listOf(user, users, items, popularityPrior, phase === 'refit');
    if (list) this.#emit({ type: 'list', run: this.#run, epoch, user: String(user), items: list });
    this.#next = now + SHARE * (performance.now() - now);
  }

  /** The person's list by the embeddings and the popularity prior, without what the model was trained on: items held out for validation may be in it, until a refit. Undefined for one who has nothing in training. */
  #listOf(id: Id, users: Matrix, items: Matrix, popularityPrior: number, refit: boolean): LiveItem[] | undefined {
    const { train, valid, users: userIds, items: itemIds, titles } = this.#dataset;
    const user = userIds.indexOf(id);
    if (user < 0 || user >= users.rows) return undefined;
    const cosine = this.#config.rankingScore === 'cosine';
    const own = row(users, user);
    const bias = popularityPrior === 0 ? undefined : popularityBias(train, popularityPrior);
    const best = new BestItems(Math.min(LISTED, items.rows));
    const length = cosine ? lengthOf(own) : 1;
    for (let item = 0; item < items.rows; item++) {
      if (csrHas(train, user, item) || (refit && valid && csrHas(valid, user, item))) continue;
      const values = row(items, item);
      let sum = 0;
      for (let c = 0; c < values.length; c++) sum += own[c]! * values[c]!;
      const scale = cosine ? length * lengthOf(values) : 1;
      best.offer(item, (scale > 0 ? sum / scale : 0) + (bias?.[item] ?? 0));
    }
    return best.take().map(({ item, score }) => {
      const title = titles?.[item];
      return {
        ...{ id: itemIds.idOf(item), score, ...(title && { title }) },
        ...(valid && csrHas(valid, user, item) && { held: true as const }),
      };
    });
  }
}

function lengthOf(values: Float32Array): number {
  let squares = 0;
  for (const value of values) squares += value * value;
  return Math.sqrt(squares);
}
