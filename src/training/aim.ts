import type { Dataset } from '../data/build-dataset.ts';
import type { SplitMethod } from '../data/split/split.ts';

/** The purposes of a model: to predict the next entries of the log, or to find what a user would like in the whole catalogue, rarely shown items included. */
export const aims = ['accuracy', 'discovery'] as const;
/** The purpose of a model: `accuracy` or `discovery`. */
export type Aim = (typeof aims)[number];

/** The split of a validation part that judges an aim; undefined: any that keeps the distribution of the log (random, or the method of the test split). */
export function aimSplit(aim: Aim): SplitMethod | undefined {
  return aim === 'discovery' ? 'debiased' : undefined;
}

/** A notice for a validation part that does not judge the aim: a given one, or one held out by another method, is used as it is. */
export function aimNotice(aim: Aim, { valid, splits }: Pick<Dataset, 'valid' | 'splits'>): string | undefined {
  const wanted = aimSplit(aim);
  const got = splits?.valid?.method;
  if (!valid || wanted === undefined || got === wanted) return undefined;
  const drawn = got === undefined ? 'was given' : `was held out by the method ${got}`;
  return `Aim ${aim}: the validation part ${drawn} and is used unchanged. If it has the log's popularity distribution, it cannot measure this aim; use a part held out with validSplit '${wanted}'.`;
}
