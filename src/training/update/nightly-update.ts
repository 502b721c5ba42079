import * as z from 'zod';
import { csrDegree } from '../../array/csr.ts';
import type { Interactions } from '../../data/interactions.ts';
import { split } from '../../data/split/split.ts';
import { compareUsers, type MetricComparison } from '../../evaluation/compare.ts';
import type { Model } from '../../model/model.ts';
import { checkOptions, type DeclaredOption, declaredOptions, option, properFraction } from '../../option.ts';
import { metricName } from '../config.ts';
import { newInteractions, newPart } from './new-rows.ts';
import { measure, type UpdateOptions, type UpdateResult, updateModel, within } from './update-model.ts';

/** The options of a judged update beside those of the update, declared once. */
const judgementShape = {
  /** The fraction of the new interactions, the latest ones, on which the models are compared. Default .2. */
  holdOut: option(properFraction.default(0.2), {
    flag: '--hold-out <number>',
    help: 'fraction of the new interactions, the latest ones, to compare the models on',
  }),
  /** The metric of the comparison, protocol `clean`. */
  metric: option(metricName.default('ndcg@20'), {
    flag: '--metric <name@k>',
    help: 'metric of the comparison',
  }),
};
const judgementSchema = z.object(judgementShape);

/** The options of `judgementShape` with their paths. */
export const judgementOptions: readonly DeclaredOption[] = declaredOptions(judgementShape);

/** Options of `nightlyUpdate`. */
export interface NightlyOptions extends UpdateOptions, Readonly<z.input<typeof judgementSchema>> {}

/** Both models on the latest interactions: `a` the old one, `b` the updated one; the interval is that of the paired bootstrap over users, 95%. */
export interface Judgement extends MetricComparison {
  /** Users whom the old model knows and who have held-out interactions. */
  readonly users: number;
}

/** The result of a judged update. */
export interface NightlyResult {
  /** `updated`: `update` has the new model. `worse`: the comparison shows the update to be worse, and nothing was trained on all. `unchanged`: nothing is new. */
  readonly outcome: 'updated' | 'worse' | 'unchanged';
  /** Absent where nothing is new, or fewer than two known users have held-out interactions. */
  readonly judgement?: Judgement;
  readonly update?: UpdateResult;
}

/**
 * Updates a model and judges the update first: holds out the latest part of what is new, updates the model with the rest, and compares both models on the held-out part, for the users whom the old model knows. Unless
 * the updated model is worse there (the whole 95% interval of the difference is below 0), the model is updated with everything that is new.
 * @param log with times
 * @throws TaurecError `bad-option`; `missing-column` for a log without times; the errors of `updateModel` and `evaluate`
 */
export async function nightlyUpdate(
  model: Model,
  log: Interactions,
  options: NightlyOptions = {},
): Promise<NightlyResult> {
  const { holdOut, metric } = checkOptions(judgementSchema, options);
  const fresh = newPart(model, log);
  if (fresh.users.length === 0) return { outcome: 'unchanged' };
  const { kept, held } = split(fresh, 'temporal', { ratio: holdOut });
  const judgement = held.users.length === 0 ? undefined : await judge(model, kept, held, metric, options);
  if (judgement && judgement.high < 0) return { outcome: 'worse', judgement };
  return { outcome: 'updated', ...(judgement && { judgement }), update: await updateModel(model, log, options) };
}

/** Compares the model with its update by `kept` on `held`. Undefined where too few users can be compared. */
async function judge(
  model: Model,
  kept: Interactions,
  held: Interactions,
  metric: string,
  options: UpdateOptions,
): Promise<Judgement | undefined> {
  const { model: updated } = await updateModel(model, kept, options);
  const { pairs } = newInteractions(updated, held);
  const test = within(pairs, model.users.rows, pairs.columns);
  const users = Array.from({ length: test.rows }, (_, u) => csrDegree(test, u)).filter((n) => n > 0).length;
  if (users < 2) return undefined;
  // Both masks are what the updated model has seen, so that both rank the same items for a user, but for new items.
  const { rows, columns } = model.seen;
  const before = await measure(model, within(updated.seen, rows, columns), test, metric, { ...options, perUser: true });
  const after = await measure(updated, updated.seen, test, metric, { ...options, perUser: true });
  const { metrics } = compareUsers(before.perUser!, after.perUser!);
  return { ...metrics.find((one) => one.metric === metric)!, users };
}
