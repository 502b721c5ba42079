import type { IdMap } from './id-map.ts';

/** Ids looked at of each side. */
const looked = 1000;

/** The ids of a log or a model. */
interface Ids {
  readonly userIds: IdMap;
  readonly itemIds: IdMap;
  /** Where they come from. */
  readonly source?: string;
}

/** Hints for users and items whose ids end with `.0` in one of two logs and are whole numbers in the other: these are different ids, and most likely the same users or items. */
export function idFormHints(first: Ids, second: Ids): string[] {
  return (['user', 'item'] as const).flatMap((kind) => {
    const [a, b] = [first[`${kind}Ids`], second[`${kind}Ids`]];
    const decimal = example(a, b) ?? example(b, a);
    return decimal === undefined
      ? []
      : [
          `The ${kind} ids differ in form: ${decimal} in one file and ${decimal.slice(0, -2)} in the other are two ${kind}s. If they are the same, write both files with whole numbers.`,
        ];
  });
}

/** An id of `decimals` such as `7.0` whose whole number is an id of `wholes`, where the first ids of the two have these forms; else undefined. */
function example(decimals: IdMap, wholes: IdMap): string | undefined {
  const first = (ids: IdMap) => Array.from({ length: Math.min(looked, ids.size) }, (_, i) => ids.idOf(i));
  const found = first(decimals);
  if (!found.every((id) => /^-?\d+\.0$/.test(id)) || !first(wholes).every((id) => /^-?\d+$/.test(id))) return undefined;
  return found.find((id) => wholes.indexOf(id.slice(0, -2)) >= 0);
}
