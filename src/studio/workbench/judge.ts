import { type Csr, csrDegree, csrFromEntries, csrHas, csrRow } from '../../array/csr.ts';
import type { IdMap } from '../../data/id-map.ts';
import { TaurecError } from '../../errors.ts';
import { itemKnnRanker, popularRanker, randomRanker } from '../../evaluation/baselines.ts';
import { type Evaluation, evaluate } from '../../evaluation/evaluator.ts';
import type { UserRanker } from '../../evaluation/rankers.ts';
import { ratioBootstrap } from '../../evaluation/significance.ts';
import type { PerUser } from '../../evaluation/tallies.ts';
import type { Model } from '../../model/model.ts';
import { modelRanker } from '../../recommender/model-ranker.ts';
import { openRankingEngine } from '../../recommender/ranking-engine.ts';
import { testDataOf, trainingDataOf } from '../../recommender/test-data.ts';
import type { Control, Found, Judgement, Served } from '../session.ts';
import type { LoadedData } from './data-desk.ts';
import { foundItem } from './people.ts';
import { ownBuild } from './served-models.ts';

/** Cut-off of all lists. Where 20 items are half of all, every list hits nearly everything: a small catalogue is judged by 5. */
const cutOff = (items: number) => (items < 40 ? 5 : 20);
/** People it serves worst. */
const WORST = 20;
/** Resamples of the intervals of gains: their ends are good to about 2% of the width. */
const RESAMPLES = 2000;
/** Metrics whose gains are given. */
const gained = ['ndcg', 'recall', 'hitrate'];

/** The part of the data that judges a model, in the model's indices. */
export interface JudgedPart {
  readonly part: 'valid' | 'test';
  /** [users × items] what people did in it. Users and items that the model does not know come after its own. */
  readonly wanted: Csr;
  readonly users: { idOf(index: number): string };
  readonly items: { idOf(index: number): string };
}

/**
 * The part of the data for a model that was trained on them (`refuseOtherData`).
 * @throws TaurecError `bad-option` where there is no such part, or the model was trained on it
 */
export function judgedPart(model: Model, { dataset, summary }: LoadedData, part: 'valid' | 'test'): JudgedPart {
  const own = { users: model.userIds, items: model.itemIds };
  if (part === 'valid') {
    if (model.validation) return { part, wanted: model.validation, ...own };
    const expected = dataset.valid
      ? 'test: after the refit this model knows the validation part too'
      : 'test: no validation part was held out';
    throw new TaurecError('bad-option', { option: 'part', got: part, expected });
  }
  const { test } = dataset;
  if (!test) {
    const remedy = 'Load the data with a split, or with a test file.';
    throw new TaurecError('bad-option', {
      option: 'part',
      got: part,
      expected: 'valid: there is no test part',
      remedy,
    });
  }
  const users: number[] = [];
  for (let user = 0; user < test.rows; user++) for (let n = csrDegree(test, user); n > 0; n--) users.push(user);
  const { test: wanted, users: named } = testDataOf(
    {
      userIds: dataset.users,
      itemIds: dataset.items,
      users: Int32Array.from(users),
      items: test.indices,
      sha256: dataset.sha256,
      source: summary.info.source,
    },
    model,
  );
  return { part, wanted, users: named, items: withUnknown(model.itemIds, dataset.items) };
}

/** Ids by index: the model's own, then those of `all` that it does not know, in their order. */
function withUnknown(known: IdMap, all: IdMap): { idOf(index: number): string } {
  let others: string[] | undefined;
  return {
    idOf(index) {
      if (index < known.size) return known.idOf(index);
      others ??= Array.from(all).filter((id) => known.indexOf(id) < 0);
      return others[index - known.size]!;
    },
  };
}

/** The evaluation of a model by protocol clean, with each person's numbers and ten popularity groups. The interactions of the part are the only ones that lists may hit. */
export async function evaluateOn(model: Model, judged: JudgedPart, control: Control = {}): Promise<Evaluation> {
  const engine = await openRankingEngine(model, ownBuild(model));
  try {
    return await evaluateRanker(modelRanker(model, engine), model, judged, control);
  } finally {
    await engine.close();
  }
}

function evaluateRanker(
  ranker: UserRanker,
  model: Model,
  judged: JudgedPart,
  { signal, onProgress }: Control,
): Promise<Evaluation> {
  const data = maskedBy(model, judged);
  return evaluate(ranker, {
    ...data,
    test: judged.wanted,
    protocol: 'clean',
    ks: [cutOff(ranker.items)],
    groups: true,
    perUser: true,
    signal,
    onProgress,
  });
}

/** The interactions that lists leave out: those of training, and for a test those of validation. */
function maskedBy(model: Model, { part }: JudgedPart): { train: Csr; valid?: Csr } {
  const { train, valid } = trainingDataOf(model);
  return part === 'test' ? { train, valid } : { train };
}

/** Judges a model: its evaluation, those of three simple rankers, how much better it is, and the people it serves worst. */
export async function judge(
  model: Model,
  judged: JudgedPart,
  control: Control = {},
): Promise<Omit<Judgement, 'opened'>> {
  const { train } = trainingDataOf(model);
  const rankers = {
    popular: () => popularRanker(train),
    'item-knn': () => itemKnnRanker(train),
    random: () => randomRanker(model.config.seed, train.columns),
  } as const;
  const names = Object.keys(rankers) as (keyof typeof rankers)[];
  // The four rankers count as equal parts of the work.
  const parts = (at: number): Control => ({
    signal: control.signal,
    onProgress: ({ done, total = 1 }) =>
      control.onProgress?.({ done: at * total + done, total: (names.length + 1) * total }),
  });
  const engine = await openRankingEngine(model, ownBuild(model));
  try {
    const ranker = modelRanker(model, engine);
    const whole = await evaluateRanker(ranker, model, judged, parts(0));
    const worst = worstServed(whole.perUser!, ranker, model, judged);
    const baselines = {} as Record<keyof typeof rankers, Evaluation>;
    for (const [at, name] of names.entries())
      baselines[name] = await evaluateRanker(rankers[name](), model, judged, parts(at + 1));
    const gains = gainsOver(whole, baselines);
    const shown = Object.fromEntries(names.map((name) => [name, withoutUsers(baselines[name])]));
    return {
      part: judged.part,
      k: cutOff(ranker.items),
      model: withoutUsers(whole),
      baselines: shown as typeof baselines,
      gains,
      worst,
    };
  } finally {
    await engine.close();
  }
}

/** Each person's numbers are too many to be sent. */
function withoutUsers({ perUser: _, ...evaluation }: Evaluation): Evaluation {
  return evaluation;
}

function gainsOver(
  model: Evaluation,
  baselines: Readonly<Record<'popular' | 'item-knn' | 'random', Evaluation>>,
): Judgement['gains'] {
  const names = ['popular', 'item-knn', 'random'] as const;
  const wanted = names.flatMap((against) => gained.map((name) => ({ against, metric: `${name}@${model.ks[0]}` })));
  const pairs = wanted.map(({ against, metric }): [Float64Array, Float64Array] => [
    model.perUser!.columns[metric]!,
    baselines[against].perUser!.columns[metric]!,
  ]);
  const ratios = ratioBootstrap(pairs, { resamples: RESAMPLES });
  // No ratio to a baseline that hits nothing.
  return wanted.flatMap((gain, at) => (ratios[at] ? [{ ...gain, ...ratios[at] }] : []));
}

/** The people with the least NDCG among those who have something to find; ties to those with more to find. */
function worstServed({ users, columns }: PerUser, ranker: UserRanker, model: Model, judged: JudgedPart): Served[] {
  const { wanted } = judged;
  const { train, valid } = maskedBy(model, judged);
  const ndcg = columns[`ndcg@${cutOff(ranker.items)}`]!;
  const findable = (user: number) =>
    csrRow(wanted, user).filter(
      (item) => item < ranker.items && !csrHas(train, user, item) && !(valid && csrHas(valid, user, item)),
    ).length;
  const people = Array.from(users, (user, at) => ({ user, at, findable: findable(user) }))
    .filter((person) => person.findable > 0)
    .sort((a, b) => ndcg[a.at]! - ndcg[b.at]! || b.findable - a.findable || a.user - b.user)
    .slice(0, WORST);
  if (people.length === 0) return [];
  const excluded: [number[], number[]] = [[], []];
  for (const [q, { user }] of people.entries())
    for (const mask of valid ? [train, valid] : [train])
      for (const item of csrRow(mask, user)) {
        excluded[0].push(q);
        excluded[1].push(item);
      }
  const { items, scores } = ranker.rankUsers(
    Int32Array.from(people, ({ user }) => user),
    Math.min(cutOff(ranker.items), ranker.items),
    csrFromEntries(people.length, ranker.items, ...excluded),
  );
  const k = items.length / people.length;
  return people.map(({ user, at }, q) => {
    const listed = Array.from({ length: k }, (_, p) => q * k + p).filter((p) => items[p]! >= 0);
    return {
      user: judged.users.idOf(user),
      ndcg: ndcg[at]!,
      interactions: csrDegree(train, user),
      wanted: Array.from(
        csrRow(wanted, user),
        (item): Found =>
          item < ranker.items ? foundItem(model, item) : { id: judged.items.idOf(item), interactions: 0 },
      ),
      list: listed.map((p) => {
        const { interactions: _, ...named } = foundItem(model, items[p]!);
        return { ...named, score: scores[p]! };
      }),
    };
  });
}
