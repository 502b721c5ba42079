import type { Dataset } from '../data/build-dataset.ts';
import type { SplitMethod } from '../data/split/split.ts';

/** What a model is for: to guess what the log would hold next, or to find what a person would like among all items, also those the log shows little. */
export const aims = ['accuracy', 'discovery'] as const;
/** What a model is for: `accuracy` or `discovery`. */
export type Aim = (typeof aims)[number];

/** How the validation part that judges an aim is held out; undefined: as the log is (at random, or by the method of the test split). */
export function aimSplit(aim: Aim): SplitMethod | undefined {
  return aim === 'discovery' ? 'debiased' : undefined;
}

/** What a person should know when the validation part is not one that judges the aim: a set that was given, or drawn in another way, is used as it is. */
export function aimNotice(aim: Aim, { valid, splits }: Pick<Dataset, 'valid' | 'splits'>): string | undefined {
  const wanted = aimSplit(aim);
  const got = splits?.valid?.method;
  if (!valid || wanted === undefined || got === wanted) return undefined;
  const drawn = got === undefined ? 'was given' : `was held out by the method ${got}`;
  return `Aim ${aim}: the validation part ${drawn} and is used as it is. If it shares the log's popularity it cannot judge this aim; a part held out with validSplit '${wanted}' can.`;
}
