import { parentPort, workerData } from 'node:worker_threads';
import { TaurecError } from '../errors.ts';
import { carryError } from '../platform/carried-error.ts';
import type { RecommendedItem, RecommendOptions } from '../recommender/recommendation.ts';
import { type OpenOptions, Recommender } from '../recommender/recommender.ts';
import type {
  Answer,
  ForItemsJob,
  FromScoring,
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

/** Users with at most this many feedback items are ranked in the shared batch; their lists are trimmed afterwards. */
const FEW = 64;

/** Maximum number of items for folding in a user, the newest first: the work grows with their number, and all other requests wait for it. */
const MOST_LIKED = 500;

/** Answers the jobs of a batch, each exactly as the library would answer it alone. Users of jobs with equal options are ranked in one call. */
function scoreBatch(recommender: Recommender, jobs: readonly ScoringJob[]): Answer[] {
  const answers: Answer[] = new Array(jobs.length);
  // From the key of the options to the positions of its jobs in the batch.
  const groups = new Map<string, number[]>();
  jobs.forEach((job, at) => {
    if (job.type !== 'recommend') answers[at] = answer(() => [single(recommender, job)]);
    else if (groups.has(job.key)) groups.get(job.key)!.push(at);
    else groups.set(job.key, [at]);
  });
  for (const members of groups.values()) {
    const asked = members.map((at) => jobs[at] as RecommendJob);
    const lists = groupAnswers(recommender, asked);
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
  /** Items with feedback, newest last. A known user's list omits them; an unknown user is folded in from them. */
  readonly feedback: readonly string[];
}

/** The users of job `j` of a group, with what their lists need. */
function placesOf(recommender: Recommender, job: RecommendJob, j: number): Place[] {
  return job.users.map((user, position) => {
    const known = recommender.userIds.indexOf(user) >= 0;
    // With `includeSeen` the feedback of a known user changes nothing: the model has the user's embedding.
    const feedback = known && job.options.includeSeen ? [] : (job.feedback[position] ?? []);
    return { job: j, position, user, known, feedback };
  });
}

/** Answers jobs with equal options. The error of one user fails that user's whole job. */
function groupAnswers(recommender: Recommender, jobs: readonly RecommendJob[]): Answer[] {
  const { options } = jobs[0]!;
  const answers: Answer[] = jobs.map(({ users }) => ({ json: new Array<string>(users.length) }));
  const together: Place[] = [];
  const alone: Place[] = [];
  jobs.forEach((job, j) => {
    const places = placesOf(recommender, job, j);
    const unknown = options.fallback ? undefined : places.find(({ known }) => !known);
    // Without a fallback the library throws its error about the unknown user, which names the id.
    if (unknown) answers[j] = answer(() => [listAlone(recommender, unknown, options)]);
    else for (const place of places) (rankedTogether(place, options) ? together : alone).push(place);
  });
  // Makes the JSON of one user and puts it in its place; the first error of a job replaces all its lists.
  const put = (place: Place, make: () => string) => {
    const target = answers[place.job]!;
    if (!('json' in target)) return;
    const made = answer(() => [make()]);
    if ('json' in made) (target.json as string[])[place.position] = made.json[0]!;
    else answers[place.job] = made;
  };
  for (const place of alone) put(place, () => listAlone(recommender, place, options));
  if (together.length === 0) return answers;
  // The best k items without f given items are among the best k + f items. All users are ranked with the largest f of the group, and each list is trimmed to k.
  const more = Math.max(...together.map(({ feedback }) => feedback.length));
  const ranked = answer(() => {
    const lists = recommender.recommend(
      together.map(({ user }) => user),
      { ...options, k: options.k + more },
    );
    return lists.map((list, t) => {
      const { user, known, feedback } = together[t]!;
      const left = feedback.length > 0 ? list.filter(({ id }) => !feedback.includes(id)) : list;
      return listJson(user, known ? 'model' : 'popular', left.length > options.k ? left.slice(0, options.k) : left);
    });
  });
  together.forEach((place, t) => {
    if ('json' in ranked) put(place, () => ranked.json[t]!);
    else answers[place.job] = ranked;
  });
  return answers;
}

/**
 * Whether a user can be ranked in the shared batch: without feedback always, with little feedback if the list can be trimmed from a longer one. Re-ranked lists (`diversity`,
 * `discover`) cannot, because the additional items would change them. Unknown users with feedback cannot either: they are folded in.
 */
function rankedTogether({ known, feedback }: Place, { diversity = 0, discover = 0 }: ListOptions): boolean {
  return feedback.length === 0 || (known && feedback.length <= FEW && diversity === 0 && discover === 0);
}

/** The list of a single user: by the model, by folding in the feedback, or by popularity. */
function listAlone(recommender: Recommender, { user, known, feedback }: Place, options: ListOptions): string {
  const exclude = options.includeSeen ? options.exclude : [...(options.exclude ?? []), ...feedback];
  // Throws `unknown-id` for an unknown user without a fallback.
  const request: RecommendOptions = { ...options, exclude };
  if (known || feedback.length === 0 || !options.fallback) {
    return listJson(user, 'model', recommender.recommend(user, request));
  }
  // Feedback may name items that are newer than the model: skip them.
  const liked = feedback.filter((item) => recommender.itemIds.indexOf(item) >= 0).slice(-MOST_LIKED);
  const list = liked.length > 0 && foldedIn(recommender, liked, request);
  return list ? listJson(user, 'feedback', list) : listJson(user, 'popular', recommender.recommend(user, request));
}

/** The list of an unknown user, folded in from items with feedback. Undefined if the loss of the model cannot fold in. */
function foldedIn(
  recommender: Recommender,
  liked: readonly string[],
  request: RecommendOptions,
): RecommendedItem[] | undefined {
  try {
    return recommender.recommendFor(liked, request);
  } catch (error) {
    if (error instanceof TaurecError && error.code === 'fold-in-loss') return undefined;
    throw error;
  }
}

/** The JSON answer to a job that is not for users. */
function single(recommender: Recommender, job: Exclude<ScoringJob, RecommendJob>): string {
  if (job.type === 'for-items') return forItems(recommender, job);
  if (job.type === 'score') return scores(recommender, job);
  return `{"item":${JSON.stringify(job.item)},"items":${JSON.stringify(recommender.similarItems(job.item, { k: job.k }))}}`;
}

function forItems(recommender: Recommender, { items, request }: ForItemsJob): string {
  return `{"items":${JSON.stringify(recommender.recommendFor(items, request))}}`;
}

/** The scores of all pairs, in order. The items of each user are scored in one call. */
function scores(recommender: Recommender, { pairs }: ScoreJob): string {
  const byUser = new Map<string, number[]>();
  pairs.forEach(({ user }, at) => {
    if (byUser.has(user)) byUser.get(user)!.push(at);
    else byUser.set(user, [at]);
  });
  const values = new Array<number>(pairs.length);
  for (const [user, places] of byUser) {
    const scored = recommender.score(
      user,
      places.map((at) => pairs[at]!.item),
    );
    places.forEach((at, s) => {
      values[at] = scored[s]!;
    });
  }
  return `{"scores":${JSON.stringify(values)}}`;
}

/** The JSON of one list, as `GET /v1/users/:user/recommendations` returns it. */
function listJson(user: string, basis: Basis, items: readonly RecommendedItem[]): string {
  return `{"user":${JSON.stringify(user)},"basis":"${basis}","items":${JSON.stringify(items)}}`;
}

/** Wraps a result, or the error that `make` throws, as an answer. Rethrows the error of a broken engine. */
function answer(make: () => string[]): Answer {
  try {
    return { json: make() };
  } catch (error) {
    // A broken engine cannot answer further requests. The uncaught error ends this thread, and `ModelHost` starts a new one.
    if (error instanceof TaurecError && error.code === 'engine-thread') throw error;
    return { error: carryError(error) };
  }
}

// The thread opens a model and answers batches of jobs until it is told to close. Scoring blocks it; the HTTP thread stays responsive.
const { directory, options } = workerData as ScoringTask;
const post = (message: FromScoring) => parentPort!.postMessage(message);

try {
  const notices: string[] = [];
  const onNotice = (message: string) => void notices.push(message);
  const recommender = await Recommender.open(directory, { ...(options as OpenOptions), onNotice });
  parentPort!.on('message', async (message: ToScoring) => {
    if (message.type === 'close') {
      await recommender.close();
      parentPort!.close();
      return;
    }
    const started = performance.now();
    const answers = scoreBatch(recommender, message.jobs);
    post({ type: 'answers', answers, seconds: (performance.now() - started) / 1000 });
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
