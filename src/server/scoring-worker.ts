import { parentPort, workerData } from 'node:worker_threads';
import { TaurecError } from '../errors.ts';
import type { ItemState } from '../feedback/item-edits.ts';
import { Trends } from '../feedback/trends.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { modelMark } from '../model/model-mark.ts';
import { carryError } from '../platform/carried-error.ts';
import { finished } from '../recommender/in-steps.ts';
import type { OpenOptions } from '../recommender/open-options.ts';
import { Recommender } from '../recommender/recommender.ts';
import { FeedbackSets } from './feedback-sets.ts';
import { itemsJson } from './items-json.ts';
import type {
  Answer,
  FeedbackColumns,
  ForItemsJob,
  FromScoring,
  ItemsJob,
  Lane,
  ListOptions,
  ModelInfo,
  RecommendJob,
  ScoreJob,
  ScoringJob,
  ScoringTask,
  ToScoring,
} from './scoring-protocol.ts';

/** Longest time without a look at new messages while dear jobs run, in milliseconds. */
const SLICE_MS = 4;
/** Items of one user that are scored between two steps. */
const SCORED = 500;
/** Seconds for which a ranking of trends answers requests. */
const REFRESH_SECONDS = 2;

/** What people did since the training. */
interface Feedback {
  readonly sets: FeedbackSets;
  readonly trends: Trends;
}

/** Answers the jobs of a batch, each exactly as the library would answer it alone. Users of jobs with equal options are ranked in one call. */
function* scoreBatch(recommender: Recommender, { sets, trends }: Feedback, lane: Lane, jobs: readonly ScoringJob[]) {
  const answers: Answer[] = new Array(jobs.length);
  // From the key of the options to the positions of its jobs in the batch.
  const groups = new Map<string, number[]>();
  for (const [at, job] of jobs.entries()) {
    if (job.type === 'explain' && lane === 'light' && folds(recommender, sets, job.user, job.options))
      answers[at] = { deferred: true };
    else if (job.type === 'items') answers[at] = yield* itemsAnswer(recommender, trends, lane, job);
    else if (job.type !== 'recommend') answers[at] = yield* answer(() => single(recommender, sets, job));
    else if (groups.has(job.key)) groups.get(job.key)!.push(at);
    else groups.set(job.key, [at]);
    if (job.type !== 'recommend') yield;
  }
  for (const members of groups.values()) {
    const asked = members.map((at) => jobs[at] as RecommendJob);
    const lists = yield* groupAnswers(recommender, sets, lane, asked);
    members.forEach((at, m) => {
      answers[at] = lists[m]!;
    });
  }
  return answers;
}

/** One user of one job: the user at `position` in the job `job` of a group. */
interface Place {
  readonly job: number;
  readonly position: number;
  readonly user: string;
  /** Whether the user is unknown to the model and folded in by feedback. */
  readonly folds: boolean;
}

/** Answers jobs with equal options. The error of one user fails that user's whole job. In the light lane a job with a user to fold in is deferred. */
function* groupAnswers(
  recommender: Recommender,
  sets: FeedbackSets,
  lane: Lane,
  jobs: readonly RecommendJob[],
): Generator<void, Answer[]> {
  const { options } = jobs[0]!;
  const answers: Answer[] = jobs.map(({ users }) => ({ json: new Array<string>(users.length) }));
  // Users that are folded in, or that the model does not know, are answered one by one; the others in one ranking.
  const groups: Place[][] = [];
  const together: Place[] = [];
  for (const [j, job] of jobs.entries()) {
    const places = job.users.map(
      (user, position): Place => ({ job: j, position, user, folds: folds(recommender, sets, user, options) }),
    );
    const unknown = options.fallback ? undefined : places.find(({ user }) => recommender.userIds.indexOf(user) < 0);
    // Without a fallback the library throws its error about the unknown user, which names the id.
    if (unknown) groups.push([unknown]);
    else if (lane === 'light' && places.some((place) => place.folds)) answers[j] = { deferred: true };
    else for (const place of places) (place.folds ? groups[groups.push([]) - 1]! : together).push(place);
  }
  if (together.length > 0) groups.push(together);
  for (const places of groups) {
    const made = yield* answer(() => listsOf(under(recommender, jobs[0]!), sets, places, options));
    // Puts the JSON of each user in its place; the first error of a job replaces all its lists.
    places.forEach(({ job, position }, p) => {
      const target = answers[job]!;
      if (!('json' in target)) return;
      if ('json' in made) (target.json as string[])[position] = made.json[p]!;
      else answers[job] = made;
    });
    if (places !== together) yield;
  }
  return answers;
}

/** Whether a user's list needs a fold-in by feedback. */
function folds(recommender: Recommender, sets: FeedbackSets, user: string, { fallback }: ListOptions): boolean {
  return fallback !== undefined && recommender.userIds.indexOf(user) < 0 && sets.liked(user) !== undefined;
}

/** The lists of users, ranked together. */
function* listsOf(
  recommender: Recommender,
  sets: FeedbackSets,
  places: readonly Place[],
  options: ListOptions,
): Generator<void, string[]> {
  const users = places.map(({ user }) => user);
  const feedback = users.map((user) => sets.of(user));
  const lists = yield* recommender.listsInSteps(users, options, feedback);
  const texts: string[] = [];
  for (const [u, { basis, items }] of lists.entries()) {
    texts.push(`{"user":${JSON.stringify(users[u])},"basis":"${basis}","items":${yield* itemsJson(items)}}`);
  }
  return texts;
}

/** The JSON answer to a job for one list, one explanation or some scores. */
function* single(
  recommender: Recommender,
  sets: FeedbackSets,
  job: Exclude<ScoringJob, RecommendJob | ItemsJob>,
): Generator<void, string[]> {
  if (job.type === 'for-items') return [yield* forItems(under(recommender, job), job)];
  if (job.type === 'score') return [yield* scores(recommender, job)];
  const { item } = job;
  if (job.type === 'explain') {
    const { user, options } = job;
    return [
      JSON.stringify({ user, ...(yield* under(recommender, job).explainInSteps(user, item, options, sets.of(user))) }),
    ];
  }
  const { k, by, where, atMost } = job;
  const items = yield* recommender.similarItemsInSteps(item, { k, by, where, atMost });
  return [`{"item":${JSON.stringify(item)},"items":${yield* itemsJson(items)}}`];
}

/** Answers a job for a list for everybody. In the light lane one that needs a new ranking of trends is deferred. */
function* itemsAnswer(
  recommender: Recommender,
  trends: Trends,
  lane: Lane,
  { by, options }: ItemsJob,
): Generator<void, Answer> {
  return yield* answer(function* () {
    if (by === 'trending' && lane === 'light' && !trends.isFresh(options)) return undefined;
    const list = yield* recommender.itemsInSteps({ by, options, trends });
    return [`{"items":${yield* itemsJson(list)}}`];
  });
}

/** The recommender with the prior of a job. */
function under(recommender: Recommender, { prior }: Pick<ForItemsJob, 'prior'>): Recommender {
  return prior === undefined ? recommender : recommender.withPrior(prior);
}

function* forItems(recommender: Recommender, { items, explained, request }: ForItemsJob): Generator<void, string> {
  if (explained !== undefined) return JSON.stringify(yield* recommender.explainForInSteps(items, explained, request));
  const list = yield* recommender.recommendForInSteps(items, request);
  return `{"items":${yield* itemsJson(list)}}`;
}

/** The scores of all pairs, in order. The items of each user are scored in one call. */
function* scores(recommender: Recommender, { users, items }: ScoreJob): Generator<void, string> {
  const byUser = new Map<string, number[]>();
  users.forEach((user, at) => {
    if (byUser.has(user)) byUser.get(user)!.push(at);
    else byUser.set(user, [at]);
  });
  const values = new Array<number>(items.length);
  let done = 0;
  for (const [user, places] of byUser) {
    for (let from = 0; from < places.length; from += SCORED) {
      const part = places.slice(from, from + SCORED);
      const scored = recommender.score(
        user,
        part.map((at) => items[at]!),
      );
      part.forEach((at, s) => {
        values[at] = scored[s]!;
      });
      done += part.length;
      if (done < SCORED) continue;
      done = 0;
      yield;
    }
  }
  return `{"scores":${JSON.stringify(values)}}`;
}

/** Wraps a result, or the error that `make` throws, as an answer; nothing as `deferred`. Rethrows the error of a broken engine. */
function* answer(make: () => Generator<void, string[] | undefined>): Generator<void, Answer> {
  try {
    const json = yield* make();
    return json ? { json } : { deferred: true };
  } catch (error) {
    // A broken engine cannot answer further requests. The uncaught error ends this thread, and `ModelHost` starts a new one.
    if (error instanceof TaurecError && error.code === 'engine-thread') throw error;
    return { error: carryError(error) };
  }
}

/** Milliseconds between two changes of the catalogue: each copies columns, and filters are compiled again. */
const EDIT_MS = 200;

/** States of items that wait to be applied together. */
class PendingEdits {
  readonly #recommender: Recommender;
  readonly #applied: (unplaced: boolean) => void;
  /** New items that the opening of the model has seen. */
  readonly #tried: ReadonlySet<string>;
  /** The sequence of the newest state of each item: states may come twice, and late. */
  readonly #sequences = new Map<string, number>();
  #states: ItemState[] = [];
  /** Messages that wait for an answer. */
  #messages = 0;
  #last = -Infinity;
  #waits = false;

  /**
   * @param placed the states that the model was opened with
   * @param applied called once for each message, when its states are applied; `unplaced`: one is of an item that the model does not know
   */
  constructor(recommender: Recommender, placed: readonly ItemState[], applied: (unplaced: boolean) => void) {
    this.#recommender = recommender;
    this.#tried = new Set(placed.map(({ item }) => item));
    this.#applied = applied;
  }

  add(states: readonly ItemState[]): void {
    for (const state of states) {
      if (state.sequence <= (this.#sequences.get(state.item) ?? 0)) continue;
      this.#sequences.set(state.item, state.sequence);
      this.#states.push(state);
    }
    this.#messages++;
    if (this.#waits) return;
    this.#waits = true;
    setTimeout(() => this.#apply(), Math.max(0, this.#last + EDIT_MS - performance.now()));
  }

  #apply(): void {
    const { itemIds } = this.#recommender;
    const unplaced = this.#states.some(
      ({ item, deleted }) => !deleted && itemIds.indexOf(item) < 0 && !this.#tried.has(item),
    );
    if (this.#states.length > 0) this.#recommender.editItems(this.#states);
    this.#states = [];
    this.#waits = false;
    this.#last = performance.now();
    for (; this.#messages > 0; this.#messages--) this.#applied(unplaced);
  }
}

/** Adds events to the sets and, of items that the model knows, to the trends. */
function feed({ itemIds }: Recommender, { sets, trends }: Feedback, columns: FeedbackColumns): void {
  const { users, items, hides, likes, until, kinds, times } = columns;
  users.forEach((user, at) => {
    sets.add(user, items[at]!, { hides: hides[at]!, likes: likes[at]!, until: until[at]! });
  });
  const events = users.map((user, at) => ({ user, item: items[at]!, kind: kinds[at]!, time: times[at]! }));
  trends.add(events.filter(({ item }) => itemIds.indexOf(item) >= 0));
}

// The thread opens a model and answers batches of jobs until it is told to close. Scoring blocks it; the HTTP thread stays responsive. A light batch is done at once. A dear one is done in
// slices of a few milliseconds; between two slices the thread takes new messages, so that light batches overtake it.
const {
  directory,
  options,
  feedbackBytes,
  catalogue: source,
  filters,
  trends: counted,
  edits: placed = [],
} = workerData as ScoringTask;
const post = (message: FromScoring) => parentPort!.postMessage(message);

try {
  const notices: string[] = [];
  const onNotice = (message: string) => void notices.push(message);
  // The reader of files is loaded only where it is needed.
  const { readCatalogue } = source === undefined ? {} : await import('../data/read-catalogue.ts');
  const catalogue = await readCatalogue?.(source!);
  const recommender = await Recommender.open(directory, {
    ...(options as OpenOptions),
    ...{ onNotice, catalogue, edits: placed },
  });
  recommender.checkFilters(filters);
  const sets = new FeedbackSets(recommender.userIds, recommender.itemIds, feedbackBytes);
  const trends = new Trends({ ...counted, refresh: REFRESH_SECONDS });
  const feedback: Feedback = { sets, trends };
  const edits = new PendingEdits(recommender, placed, (unplaced) =>
    post({ type: 'edited', unplaced: unplaced && (source !== undefined || placesItems(recommender)) }),
  );
  const runDear = (jobs: readonly ScoringJob[]) => {
    const steps = scoreBatch(recommender, feedback, 'dear', jobs);
    let seconds = 0;
    const slice = () => {
      const started = performance.now();
      for (;;) {
        const { done, value } = steps.next();
        const spent = performance.now() - started;
        if (!done && spent < SLICE_MS) continue;
        seconds += spent / 1000;
        if (done) return post({ type: 'answers', lane: 'dear', answers: value, seconds });
        return void setImmediate(slice);
      }
    };
    slice();
  };
  parentPort!.on('message', async (message: ToScoring) => {
    if (message.type === 'close') {
      await recommender.close();
      parentPort!.close();
    } else if (message.type === 'items') {
      edits.add(message.states);
    } else if (message.type === 'feedback' || message.type === 'forget') {
      if (message.type === 'forget') {
        sets.forget(message.user);
        trends.forget(message.user);
      } else feed(recommender, feedback, message.events);
      post({ type: 'fed', size: sets.size });
    } else if (message.lane === 'dear') {
      runDear(message.jobs);
    } else {
      const started = performance.now();
      const answers = finished(scoreBatch(recommender, feedback, 'light', message.jobs));
      post({ type: 'answers', lane: 'light', answers, seconds: (performance.now() - started) / 1000 });
    }
  });
  // Posted after the listener is in place, so that no batch is missed.
  post({ type: 'ready', info: infoOf(recommender), notices });
} catch (error) {
  post({ type: 'failed', error: carryError(error) });
}

/** Whether the model's own catalogue places items that it does not know. */
function placesItems({ config }: Recommender): boolean {
  return (config as Partial<ModelConfig>).catalogue?.cold !== undefined;
}

/** The facts about a model that the server publishes. */
function infoOf({ config, hasTitles, catalogue }: Recommender): ModelInfo {
  const { users, items, interactions, dimension, backbone, score, loss, training, seed, epochs, metrics, versions } =
    config as ModelConfig;
  const popularityPrior = Number(training.popularityPrior ?? 0);
  const sizes = { users, items, interactions, dimension, titles: hasTitles, attributes: catalogue?.list ?? [] };
  const version = modelMark(config as ModelConfig);
  return { ...sizes, backbone, score, loss, seed, popularityPrior, epochs, metrics, version, versions };
}
