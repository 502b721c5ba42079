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

/** What a list rests on: the model's own embedding of the user, the feedback of a user that the model does not know, or popularity. */
type Basis = 'model' | 'feedback' | 'popular';

/** Items of feedback up to which a user's list is cut from a longer one that is ranked with others. */
const FEW = 64;

/** Items that a person is folded in by at most, their newest: the work grows with them, and everybody waits for it. */
const MOST_LIKED = 500;

/** Answers the jobs of a batch, each as the library would alone. Users with equal options are ranked together. */
function scoreBatch(recommender: Recommender, jobs: readonly ScoringJob[]): Answer[] {
  const answers: Answer[] = new Array(jobs.length);
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

/** One user of one job. */
interface Place {
  readonly job: number;
  readonly position: number;
  readonly user: string;
  readonly known: boolean;
  /** Items to leave out; of an unknown user: to fold in. Newest last. */
  readonly feedback: readonly string[];
}

function placesOf(recommender: Recommender, job: RecommendJob, j: number): Place[] {
  return job.users.map((user, position) => {
    const known = recommender.userIds.indexOf(user) >= 0;
    const feedback = known && job.options.includeSeen ? [] : (job.feedback[position] ?? []);
    return { job: j, position, user, known, feedback };
  });
}

/** Answers jobs that have their options in common. */
function groupAnswers(recommender: Recommender, jobs: readonly RecommendJob[]): Answer[] {
  const { options } = jobs[0]!;
  const answers: Answer[] = jobs.map(({ users }) => ({ json: new Array<string>(users.length) }));
  const together: Place[] = [];
  const alone: Place[] = [];
  jobs.forEach((job, j) => {
    const places = placesOf(recommender, job, j);
    const unknown = options.fallback ? undefined : places.find(({ known }) => !known);
    // The library's own error says which user it is.
    if (unknown) answers[j] = answer(() => [listAlone(recommender, unknown, options)]);
    else for (const place of places) (rankedTogether(place, options) ? together : alone).push(place);
  });
  const put = (place: Place, make: () => string) => {
    const target = answers[place.job]!;
    if (!('json' in target)) return;
    const made = answer(() => [make()]);
    if ('json' in made) (target.json as string[])[place.position] = made.json[0]!;
    else answers[place.job] = made;
  };
  for (const place of alone) put(place, () => listAlone(recommender, place, options));
  if (together.length === 0) return answers;
  // A user's best k without some f items are among that user's best k + f.
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

/** Whether a user's list can be cut from a longer one: not where lists are re-ranked, nor where the feedback of an unknown user can be folded in. */
function rankedTogether({ known, feedback }: Place, { diversity = 0, discover = 0 }: ListOptions): boolean {
  return feedback.length === 0 || (known && feedback.length <= FEW && diversity === 0 && discover === 0);
}

function listAlone(recommender: Recommender, { user, known, feedback }: Place, options: ListOptions): string {
  const exclude = options.includeSeen ? options.exclude : [...(options.exclude ?? []), ...feedback];
  const request: RecommendOptions = { ...options, exclude };
  if (known || feedback.length === 0 || !options.fallback) {
    return listJson(user, 'model', recommender.recommend(user, request));
  }
  const liked = feedback.filter((item) => recommender.itemIds.indexOf(item) >= 0).slice(-MOST_LIKED);
  const list = liked.length > 0 && foldedIn(recommender, liked, request);
  return list ? listJson(user, 'feedback', list) : listJson(user, 'popular', recommender.recommend(user, request));
}

/** The list of a user known by feedback alone; undefined when the loss of the model cannot fold in. */
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

function single(recommender: Recommender, job: Exclude<ScoringJob, RecommendJob>): string {
  if (job.type === 'for-items') return forItems(recommender, job);
  if (job.type === 'score') return scores(recommender, job);
  return `{"item":${JSON.stringify(job.item)},"items":${JSON.stringify(recommender.similarItems(job.item, { k: job.k }))}}`;
}

function forItems(recommender: Recommender, { items, request }: ForItemsJob): string {
  return `{"items":${JSON.stringify(recommender.recommendFor(items, request))}}`;
}

/** A score for each pair, in order; items of one user are scored together. */
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

function listJson(user: string, basis: Basis, items: readonly RecommendedItem[]): string {
  return `{"user":${JSON.stringify(user)},"basis":"${basis}","items":${JSON.stringify(items)}}`;
}

function answer(make: () => string[]): Answer {
  try {
    return { json: make() };
  } catch (error) {
    // An engine that is broken answers nothing any more: the thread ends, and another one is started.
    if (error instanceof TaurecError && error.code === 'engine-thread') throw error;
    return { error: carryError(error) };
  }
}

/** The thread that scores: it opens a model and answers batches of jobs until it is told to close. It may block; the thread that speaks HTTP may not. */
const { directory, options } = workerData as ScoringTask;
const post = (message: FromScoring) => parentPort!.postMessage(message);

try {
  const recommender = await Recommender.open(directory, options as OpenOptions);
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
  post({ type: 'ready', info: infoOf(recommender) });
} catch (error) {
  post({ type: 'failed', error: carryError(error) });
}

function infoOf({ config, hasTitles }: Recommender): ModelInfo {
  const { users, items, interactions, dimension, backbone, score, loss, seed, epochs, metrics, versions } =
    config as typeof config & Record<'users' | 'items' | 'interactions' | 'dimension', number>;
  const sizes = { users, items, interactions, dimension, titles: hasTitles };
  return { ...sizes, backbone, score, loss, seed, epochs, metrics, versions };
}
