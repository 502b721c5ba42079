import { parentPort, workerData } from 'node:worker_threads';
import { TaurecError } from '../errors.ts';
import { carryError } from '../platform/carried-error.ts';
import { finished } from '../recommender/in-steps.ts';
import type { RecommendedItem } from '../recommender/recommendation.ts';
import { type OpenOptions, Recommender } from '../recommender/recommender.ts';
import { FeedbackSets } from './feedback-sets.ts';
import type {
  Answer,
  FeedbackColumns,
  ForItemsJob,
  FromScoring,
  Lane,
  ListOptions,
  ModelInfo,
  RecommendJob,
  ScoreJob,
  ScoringJob,
  ScoringTask,
  ToScoring,
} from './scoring-protocol.ts';

/** Source of a list: the user's embedding in the model, the feedback of a user unknown to the model, or the most popular items. */
type Basis = 'model' | 'feedback' | 'popular';

/** Longest time without a look at new messages while dear jobs run, in milliseconds. */
const SLICE_MS = 4;
/** Items of one user that are scored between two steps. */
const SCORED = 500;

/** Answers the jobs of a batch, each exactly as the library would answer it alone. Users of jobs with equal options are ranked in one call. */
function* scoreBatch(recommender: Recommender, sets: FeedbackSets, lane: Lane, jobs: readonly ScoringJob[]) {
  const answers: Answer[] = new Array(jobs.length);
  // From the key of the options to the positions of its jobs in the batch.
  const groups = new Map<string, number[]>();
  for (const [at, job] of jobs.entries()) {
    if (job.type !== 'recommend') answers[at] = yield* answer(() => single(recommender, job));
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
  /** Whether the model knows the user. */
  readonly known: boolean;
  /** Items to fold in a user unknown to the model from. */
  readonly liked?: Int32Array;
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
  const together: Place[] = [];
  const alone: Place[] = [];
  for (const [j, job] of jobs.entries()) {
    const places = job.users.map((user, position): Place => {
      const known = recommender.userIds.indexOf(user) >= 0;
      return { job: j, position, user, known, liked: known || !options.fallback ? undefined : sets.liked(user) };
    });
    const unknown = options.fallback ? undefined : places.find(({ known }) => !known);
    // Without a fallback the library throws its error about the unknown user, which names the id.
    if (unknown) answers[j] = yield* answer(() => oneList(recommender, sets, unknown, options));
    else if (lane === 'light' && places.some(({ liked }) => liked)) answers[j] = { deferred: true };
    else for (const place of places) (place.liked ? alone : together).push(place);
  }
  // Puts the JSON of one user in its place; the first error of a job replaces all its lists.
  const put = (place: Place, made: Answer) => {
    const target = answers[place.job]!;
    if (!('json' in target)) return;
    if ('json' in made) (target.json as string[])[place.position] = made.json[0]!;
    else answers[place.job] = made;
  };
  for (const place of alone) {
    put(place, yield* answer(() => oneList(recommender, sets, place, options)));
    yield;
  }
  if (together.length === 0) return answers;
  const users = together.map(({ user }) => user);
  const feedback = users.map((user) => sets.of(user));
  const ranked = yield* answer(function* () {
    const lists = yield* recommender.recommendInSteps(users, options, feedback);
    return lists.map((list, t) => listJson(users[t]!, together[t]!.known ? 'model' : 'popular', list));
  });
  together.forEach((place, t) => {
    put(place, 'json' in ranked ? { json: [ranked.json[t]!] } : ranked);
  });
  return answers;
}

/** The list of a single user: folded in by feedback, by the model, or by popularity. */
function* oneList(
  recommender: Recommender,
  sets: FeedbackSets,
  { user, known, liked }: Place,
  options: ListOptions,
): Generator<void, string[]> {
  // A copy: the sets may change between two steps.
  const feedback = { ...sets.of(user), hidden: sets.hidden(user)?.slice() };
  const folded = liked && (yield* foldedIn(recommender, liked, options, feedback.hidden ?? new Int32Array(0)));
  if (folded) return [listJson(user, 'feedback', folded)];
  // Throws `unknown-id` for an unknown user without a fallback.
  const [list] = yield* recommender.recommendInSteps([user], options, [feedback]);
  return [listJson(user, known ? 'model' : 'popular', list!)];
}

/** The list of an unknown user, folded in from items with feedback. Undefined if the loss of the model cannot fold in. */
function* foldedIn(
  recommender: Recommender,
  liked: Int32Array,
  options: ListOptions,
  hidden: Int32Array,
): Generator<void, RecommendedItem[] | undefined> {
  try {
    return yield* recommender.recommendForInSteps({ items: liked }, options, hidden);
  } catch (error) {
    if (error instanceof TaurecError && error.code === 'fold-in-loss') return undefined;
    throw error;
  }
}

/** The JSON answer to a job that is not for users. */
function* single(recommender: Recommender, job: Exclude<ScoringJob, RecommendJob>): Generator<void, string[]> {
  if (job.type === 'for-items') return [yield* forItems(recommender, job)];
  if (job.type === 'score') return [yield* scores(recommender, job)];
  const items = yield* recommender.similarItemsInSteps(job.item, { k: job.k });
  return [`{"item":${JSON.stringify(job.item)},"items":${JSON.stringify(items)}}`];
}

function* forItems(recommender: Recommender, { items, request }: ForItemsJob): Generator<void, string> {
  const list = yield* recommender.recommendForInSteps(recommender.likedItems(items, request), request);
  return `{"items":${JSON.stringify(list)}}`;
}

/** The scores of all pairs, in order. The items of each user are scored in one call. */
function* scores(recommender: Recommender, { pairs }: ScoreJob): Generator<void, string> {
  const byUser = new Map<string, number[]>();
  pairs.forEach(({ user }, at) => {
    if (byUser.has(user)) byUser.get(user)!.push(at);
    else byUser.set(user, [at]);
  });
  const values = new Array<number>(pairs.length);
  let done = 0;
  for (const [user, places] of byUser) {
    for (let from = 0; from < places.length; from += SCORED) {
      const part = places.slice(from, from + SCORED);
      const scored = recommender.score(
        user,
        part.map((at) => pairs[at]!.item),
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

/** The JSON of one list, as `GET /v1/users/:user/recommendations` returns it. */
function listJson(user: string, basis: Basis, items: readonly RecommendedItem[]): string {
  return `{"user":${JSON.stringify(user)},"basis":"${basis}","items":${JSON.stringify(items)}}`;
}

/** Wraps a result, or the error that `make` throws, as an answer. Rethrows the error of a broken engine. */
function* answer(make: () => Generator<void, string[]>): Generator<void, Answer> {
  try {
    return { json: yield* make() };
  } catch (error) {
    // A broken engine cannot answer further requests. The uncaught error ends this thread, and `ModelHost` starts a new one.
    if (error instanceof TaurecError && error.code === 'engine-thread') throw error;
    return { error: carryError(error) };
  }
}

/** Adds events to the sets. */
function feed(sets: FeedbackSets, { users, items, hides }: FeedbackColumns): void {
  users.forEach((user, at) => {
    sets.add(user, items[at]!, hides[at] === 1);
  });
}

// The thread opens a model and answers batches of jobs until it is told to close. Scoring blocks it; the HTTP thread stays responsive. A light batch is done at once. A dear one is done in
// slices of a few milliseconds; between two slices the thread takes new messages, so that light batches overtake it.
const { directory, options, feedbackBytes } = workerData as ScoringTask;
const post = (message: FromScoring) => parentPort!.postMessage(message);

try {
  const notices: string[] = [];
  const onNotice = (message: string) => void notices.push(message);
  const recommender = await Recommender.open(directory, { ...(options as OpenOptions), onNotice });
  const sets = new FeedbackSets(recommender.userIds, recommender.itemIds, feedbackBytes);
  const runDear = (jobs: readonly ScoringJob[]) => {
    const steps = scoreBatch(recommender, sets, 'dear', jobs);
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
    } else if (message.type === 'feedback' || message.type === 'forget') {
      if (message.type === 'forget') sets.forget(message.user);
      else feed(sets, message.events);
      post({ type: 'fed', size: sets.size });
    } else if (message.lane === 'dear') {
      runDear(message.jobs);
    } else {
      const started = performance.now();
      const answers = finished(scoreBatch(recommender, sets, 'light', message.jobs));
      post({ type: 'answers', lane: 'light', answers, seconds: (performance.now() - started) / 1000 });
    }
  });
  // Posted after the listener is in place, so that no batch is missed.
  post({ type: 'ready', info: infoOf(recommender), notices });
} catch (error) {
  post({ type: 'failed', error: carryError(error) });
}

/** The facts about a model that the server publishes. */
function infoOf({ config, hasTitles }: Recommender): ModelInfo {
  const { users, items, interactions, dimension, backbone, score, loss, seed, epochs, metrics, versions } =
    config as typeof config & Record<'users' | 'items' | 'interactions' | 'dimension', number>;
  const sizes = { users, items, interactions, dimension, titles: hasTitles };
  return { ...sizes, backbone, score, loss, seed, epochs, metrics, versions };
}
