import type { ListOptions, ScoringJob } from './scoring-protocol.ts';

/** Kinds of work, each with its own speed: a product in re-ranking takes longer than one in ranking. */
export type WorkKind = 'rank' | 're-rank' | 'explain' | 'fold-in' | 'similar' | 'items' | 'trending' | 'score';

/** Sizes of the served model that costs depend on. */
export interface ModelSizes {
  readonly items: number;
  readonly dimension: number;
}

/** The work of a job, in products of two numbers: a measure that needs no clock. `units` are the users of a job for users, otherwise 1; `fixed` is the work of each piece that the job is cut into. */
export interface Work {
  readonly kind: WorkKind;
  readonly units: number;
  readonly unit: number;
  readonly fixed: number;
}

/** Products that take as long as writing one item of a list as JSON. */
const JSON_ITEM = 500;
/** Products that take as long as one item's bias of the popularity dial, which is computed anew for a position that is not kept. */
const BIAS = 10;
/** Products that take as long as looking up one id. */
const LOOK_UP = 1000;
/** Products that take as long as one condition of a filter on one item, and as long as one item where limits may look at all of them. */
const CONDITION = 4;
const LIMITED = 100;
/** Evaluations of the loss in a fold-in, negatives in each, and passes over them (scores, loss, gradient). */
const FOLD_EVALUATIONS = 12;
const FOLD_NEGATIVES = 2048;
const FOLD_PASSES = 4;

/** Liked items of a user that the parts of a score are counted with; the main thread does not know their number. */
const LIKED = 2000;

/** The work of taking the scores of a list apart: a cosine with every liked item for each. */
function reasonsWork(
  { k, explain = 0 }: { readonly k: number; readonly explain?: number },
  liked: number,
  { items, dimension }: ModelSizes,
): number {
  const places = Math.min(k, items);
  return explain > 0 ? places * (Math.min(liked, items) * dimension + JSON_ITEM * Math.min(explain, liked)) : 0;
}

/** The work of a fold-in by `liked` items. */
function foldInWork(liked: number, { items, dimension }: ModelSizes): number {
  return FOLD_EVALUATIONS * FOLD_PASSES * (liked + Math.min(FOLD_NEGATIVES, items)) * dimension;
}

/** The work of the ids that a job excludes or allows, which every piece of it looks up and copies. */
function lookUpWork({
  exclude = [],
  allow = [],
}: {
  readonly exclude?: readonly string[];
  readonly allow?: readonly string[];
}): number {
  return LOOK_UP * (exclude.length + allow.length);
}

/** The work of a filter that is not compiled yet. */
function filterWork(where: object | undefined, { items }: ModelSizes): number {
  return where ? CONDITION * items * conditionsOf(where) : 0;
}

/** The number of values and names in a filter, which its conditions do not exceed. */
function conditionsOf(value: unknown): number {
  return typeof value === 'object' && value !== null
    ? Object.values(value).reduce((sum: number, inner) => sum + conditionsOf(inner), 1)
    : 1;
}

/** The options of a list that its work depends on. */
type CostlyOptions = Pick<ListOptions, 'k' | 'diversity' | 'discover' | 'explain' | 'explore' | 'atMost'>;

/** The kind of work that most of a list is. */
function kindOf({ diversity = 0, explain = 0 }: CostlyOptions): WorkKind {
  if (explain > 0) return 'explain';
  return diversity > 0 ? 're-rank' : 'rank';
}

/** The work of one list: ranking, with `discover` the biases of all items and the scores of the places, re-ranking with `diversity` (candidates × places), and JSON. */
function listWork(options: CostlyOptions, { items, dimension }: ModelSizes): number {
  const { k, diversity = 0, discover = 0, explore = 0, atMost } = options;
  const candidates = Math.min(items, Math.max(k, Math.min(Math.max(5 * k, 100), 1000)));
  const reRanking = diversity > 0 ? candidates * Math.min(k, candidates) * dimension : 0;
  const dial = discover > 0 ? BIAS * items + Math.min(k, items) * dimension : 0;
  const limits = atMost ? LIMITED * items : 0;
  // New items are ranked by themselves first.
  const ranking = (explore > 0 ? 2 : 1) * items * dimension;
  return ranking + dial + limits + reRanking + JSON_ITEM * Math.min(k, items);
}

/** The work of the reasons of one item: the list, the rank in a second pass over the items, and the parts of one score. */
function explanationWork(options: CostlyOptions, liked: number, sizes: ModelSizes): number {
  const parts = reasonsWork({ k: 1, explain: options.explain ?? 10 }, liked, sizes);
  return listWork(options, sizes) + sizes.items * sizes.dimension + parts;
}

/**
 * The work of a job for a model of these sizes: users × (items · d + candidates × k · d when re-ranked), a fold-in by its liked items, scores by their pairs. The queue multiplies it by the
 * measured time of a product. Feedback does not count: a user's costs the same for ten events and for a million.
 */
export function workOf(job: ScoringJob, sizes: ModelSizes): Work {
  switch (job.type) {
    case 'recommend': {
      const kind = kindOf(job.options);
      const unit = listWork(job.options, sizes) + reasonsWork(job.options, LIKED, sizes);
      const fixed = lookUpWork(job.options) + filterWork(job.options.where, sizes);
      return { kind, units: job.users.length, unit, fixed };
    }
    case 'for-items': {
      const liked = job.items.length;
      const list =
        job.explained === undefined
          ? listWork(job.request, sizes) + reasonsWork(job.request, liked, sizes)
          : explanationWork(job.request, liked, sizes);
      const foldIn = job.items.length > 0 ? foldInWork(job.items.length, sizes) : 0;
      return {
        kind: foldIn > list ? 'fold-in' : job.explained === undefined ? kindOf(job.request) : 'explain',
        units: 1,
        unit: list + foldIn,
        fixed: lookUpWork(job.request) + filterWork(job.request.where, sizes),
      };
    }
    case 'similar':
      return {
        kind: 'similar',
        units: 1,
        unit: sizes.items * (sizes.dimension + (job.atMost ? LIMITED : 0)) + JSON_ITEM * job.k,
        fixed: filterWork(job.where, sizes),
      };
    case 'items': {
      const { k, where, atMost } = job.options;
      const unit = sizes.items * (CONDITION + (atMost ? LIMITED : 0)) + JSON_ITEM * Math.min(k, sizes.items);
      const fixed = lookUpWork(job.options) + filterWork(where, sizes);
      return { kind: job.by === 'trending' ? 'trending' : 'items', units: 1, unit, fixed };
    }
    case 'explain': {
      const { options } = job;
      const unit = explanationWork(options, LIKED, sizes);
      return { kind: 'explain', units: 1, unit, fixed: lookUpWork(options) + filterWork(options.where, sizes) };
    }
    case 'score':
      return { kind: 'score', units: 1, unit: job.items.length * (4 * sizes.dimension + LOOK_UP / 2), fixed: 0 };
  }
}
