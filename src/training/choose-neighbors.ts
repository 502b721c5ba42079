import type { Csr } from '../array/csr.ts';
import { copyRows } from '../array/half-matrix.ts';
import { matrix } from '../array/matrix.ts';
import { TaurecError } from '../errors.ts';
import { type Evaluation, evaluateSync } from '../evaluation/evaluator.ts';
import { cutOff } from '../evaluation/metrics.ts';
import { embeddingRanker, type UserRanker } from '../evaluation/rankers.ts';
import { pairedTTest } from '../evaluation/significance.ts';
import { votesOf } from '../neighbors/build-neighbors.ts';
import { CoOccurrence } from '../neighbors/co-occurrence.ts';
import { type NearestItems, nearestItems } from '../neighbors/nearest-items.ts';
import { type NeighborChoice, type NeighborKind, type NeighborSettings, NeighborTerm } from '../neighbors/neighbors.ts';
import { ridgeWeights } from '../neighbors/ridge-weights.ts';
import { popularityBias } from '../recommender/popularity-prior.ts';
import { climbSearch } from '../search/lattice-search.ts';
import { runSearchSync } from '../search/search.ts';
import type { Best } from './checkpoint.ts';
import type { OpenRun } from './epochs.ts';
import { NeighborTrials } from './neighbor-trials.ts';
import { scoreScale, searchPrior } from './validation.ts';

/** One S without its β. */
type Candidate = Omit<NeighborSettings, 'beta'>;

/** K: the first for all, a larger one with the best S, as long as it helps and its systems take at most `MOST_OPERATIONS` (a second or two). */
const SIZES: readonly number[] = [20, 50, 100];
const MOST_OPERATIONS = 1e9;
/** a of the cosine, and that of the nearest items of a ridge. */
const EXPONENTS = [0.25, 0.5] as const;
const RIDGE_EXPONENT = 0.25;
const RIDGES = [5, 20, 50] as const;

/** The settings without a validation part, with β in units of the scores' scale (docs/decisions/051-neighbours.md). */
const FIXED = { kind: 'ridge', size: 20, exponent: RIDGE_EXPONENT, shrink: 0, ridge: 20 } as const satisfies Candidate;
const FIXED_BETA = 2;

/** β is a power of √2 in units of the scores' scale, 2^−4 – 2^4. */
const MOST_STEPS = 8;
const STARTS = [0, 3];
const STRIDES = [2, 1];

/**
 * The best of many settings is better by chance alone. So it also has to order deeper lists better, which were not chosen by: NDCG at `DEEPER` times the cut-off of the metric, by `LEAST_ERRORS`
 * standard errors over the users (one-sided 5%).
 */
const DEEPER = 5;
const LEAST_ERRORS = 1.645;

/** Rise of the mean popularity of lists that aim `discovery` allows. */
const MOST_POPULARITY = 1.05;

/**
 * Chooses the neighbour term of a finished fit by the validation metric, with the embeddings of the chosen epoch: S of both kinds, K, and β, and with them the popularity prior where that is `'auto'`.
 * No term is a choice too: it is kept unless another is better by more than chance. Without a validation part the settings are fixed.
 * @param best the embeddings of the chosen epoch where they are not the engine's; written into the engine
 */
export function chooseNeighbors(run: OpenRun, best?: Best): NeighborChoice {
  const started = performance.now();
  const { engine, train, valid, config, state } = run;
  const { popularityPrior } = state.chosen!;
  if (best) {
    const { users, items } = engine.finals;
    copyRows(matrix(users.rows, users.columns, best.users), users);
    copyRows(matrix(items.rows, items.columns, best.items), items);
  }
  engine.itemsChanged();
  const scale = scoreScale(engine, config.rankingScore);
  const sizes =
    typeof config.neighbors === 'number'
      ? [config.neighbors]
      : SIZES.filter((size, at) => at === 0 || (train.columns * size ** 3) / 3 <= MOST_OPERATIONS);
  const seconds = () => (performance.now() - started) / 1000;
  if (!valid) {
    const size = typeof config.neighbors === 'number' ? config.neighbors : FIXED.size;
    return { settings: { ...FIXED, size, beta: FIXED_BETA * scale }, popularityPrior, trials: [], seconds: seconds() };
  }
  const { metric } = config.validation;
  const deepest = DEEPER * cutOff(metric);
  const measure = measurement(run, valid, cutOff(metric));
  const deep = measurement(run, valid, deepest, true);
  const together = CoOccurrence.sampled(train, config.seed);
  const weights = new CandidateWeights(together, sizes);
  const biasOf = (prior: number) => (prior === 0 ? undefined : popularityBias(train, prior));
  const trialsAt = (prior: number) => new NeighborTrials(engine, config.rankingScore, train, deepest, biasOf(prior));
  const lists = trialsAt(popularityPrior);
  const without = measure(lists.without());
  /** The value that decides; −Infinity where the aim forbids the lists. */
  const deciding = ({ metrics }: Evaluation) => {
    const forbidden =
      config.aim === 'discovery' && popularity(metrics, metric) > MOST_POPULARITY * popularity(without.metrics, metric);
    return forbidden ? -Infinity : metrics[metric]!;
  };

  // Whole powers alone: versions of V8 differ in the last digit of a power with a fraction.
  const betaAt = (step: number) => scale * 2 ** Math.floor(step / 2) * (step % 2 === 0 ? 1 : Math.SQRT2);
  /** The best β of a candidate. */
  const tried = (lists: NeighborTrials, candidate: Candidate, starts: readonly number[]) => {
    const rankerOf = lists.rankers(weights.votes(candidate));
    const found = new Map<number, Evaluation>();
    const step = runSearchSync(climbSearch(starts, STRIDES, MOST_STEPS), (step) => {
      const evaluation = measure(rankerOf(betaAt(step)));
      found.set(step, evaluation);
      return deciding(evaluation);
    })!;
    const evaluation = found.get(step)!;
    return { lists, candidate, step, beta: betaAt(step), evaluation, value: deciding(evaluation) };
  };
  const trials: ReturnType<typeof tried>[] = [];
  for (const candidate of candidates(sizes[0]!)) trials.push(tried(lists, candidate, STARTS));
  const bestOf = (kind: NeighborKind) => {
    const best = () =>
      trials.filter(({ candidate }) => candidate.kind === kind).reduce((a, b) => (b.value > a.value ? b : a));
    // a larger K as long as it helps
    for (let at = 1; at < sizes.length && best().candidate.size === sizes[at - 1]; at++)
      trials.push(tried(lists, { ...best().candidate, size: sizes[at]! }, [best().step]));
    return best();
  };
  const [ridge, cosine] = [bestOf('ridge'), bestOf('cosine')];
  const deepWith = ({ lists, candidate, beta }: typeof ridge) => deep(lists.rankers(weights.votes(candidate))(beta));
  // the default kind unless the other is better by more than chance
  const isCosine = cosine.value > ridge.value && isClearlyBetter(deepWith(cosine), deepWith(ridge));
  let chosen = isCosine ? cosine : ridge;
  let prior = popularityPrior;
  if (config.popularityPrior === 'auto') {
    const term = new NeighborTerm({ votes: weights.votes(chosen.candidate), beta: chosen.beta });
    const withPrior = searchPrior(
      (popularityPrior) => {
        const ranker = embeddingRanker(engine, biasOf(popularityPrior), { term, liked: train });
        return { value: deciding(measure(ranker)), popularityPrior };
      },
      scale,
      popularityPrior,
    );
    if (withPrior.value > chosen.value) {
      prior = withPrior.popularityPrior;
      chosen = tried(trialsAt(prior), chosen.candidate, [chosen.step]);
    }
  }
  const isBetter = chosen.value > without.metrics[metric]! && isClearlyBetter(deepWith(chosen), deep(lists.without()));
  return {
    ...(isBetter && { settings: { ...chosen.candidate, beta: chosen.beta } }),
    popularityPrior: isBetter ? prior : popularityPrior,
    valid: { with: (isBetter ? chosen.evaluation : without).metrics, without: without.metrics },
    trials: trials.map(({ candidate, beta, evaluation }) => ({
      ...candidate,
      beta,
      value: evaluation.metrics[metric]!,
    })),
    seconds: seconds(),
  };
}

/** What is tried at the first K; those with the same nearest items one after the other (`NeighborTrials.rankers`). */
function candidates(size: number): Candidate[] {
  const shrink = 0;
  return [
    ...RIDGES.map((ridge) => ({ kind: 'ridge', size, exponent: RIDGE_EXPONENT, shrink, ridge }) as const),
    ...EXPONENTS.map((exponent) => ({ kind: 'cosine', size, exponent, shrink }) as const),
  ];
}

/** The evaluation of rankers on the validation users, as validation does it. */
function measurement(
  { train, config, options }: OpenRun,
  valid: Csr,
  k: number,
  perUser = false,
): (ranker: UserRanker) => Evaluation {
  const { validation, seed } = config;
  return (ranker) =>
    evaluateSync(ranker, {
      train,
      test: valid,
      protocol: 'clean',
      ks: [k],
      sample: { count: validation.users, seed },
      perUser,
      onProgress: () => {
        if (options.aborted()) throw new TaurecError('aborted');
      },
    });
}

/** S of each candidate. The nearest items are found once for each a, and at the first K the weights of all ridges together. */
class CandidateWeights {
  readonly #together: CoOccurrence;
  readonly #nearest: ReadonlyMap<number, NearestItems>;
  /** The weights of ridges, by K and r. */
  readonly #ridges = new Map<string, Float32Array>();

  constructor(together: CoOccurrence, sizes: readonly number[]) {
    this.#together = together;
    const measures = EXPONENTS.map((exponent) => ({ exponent, shrink: 0 }));
    const lists = nearestItems(together, Math.max(...sizes), measures);
    this.#nearest = new Map(EXPONENTS.map((exponent, at) => [exponent, lists[at]!]));
    this.#solve(sizes[0]!, RIDGES);
  }

  votes({ size, exponent, ridge }: Candidate): Csr {
    const nearest = this.#nearest.get(exponent)!;
    if (ridge === undefined) return votesOf(nearest, size, nearest.values);
    if (!this.#ridges.has(`${size} ${ridge}`)) this.#solve(size, [ridge]);
    return votesOf(nearest, size, this.#ridges.get(`${size} ${ridge}`)!);
  }

  #solve(size: number, ridges: readonly number[]): void {
    const weights = ridgeWeights(this.#together, this.#nearest.get(RIDGE_EXPONENT)!, size, ridges);
    for (const [at, ridge] of ridges.entries()) this.#ridges.set(`${size} ${ridge}`, weights[at]!);
  }
}

/** Mean popularity of the items in the lists. */
function popularity(metrics: Evaluation['metrics'], metric: string): number {
  return metrics[`popularity@${cutOff(metric)}`]!;
}

/** True if the mean NDCG of the users is larger by more than chance (`LEAST_ERRORS`). */
function isClearlyBetter(a: Evaluation, b: Evaluation): boolean {
  const [x, y] = [a, b].map(({ ks, perUser }) => perUser!.columns[`ndcg@${ks[0]}`]!) as [Float64Array, Float64Array];
  if (x.length < 2) return false;
  const { t } = pairedTTest(x.map((value, u) => value - y[u]!));
  // Infinity: all users gain alike, which so few of them can do by chance
  return Number.isFinite(t) && t >= LEAST_ERRORS;
}
