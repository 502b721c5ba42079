import type * as z from 'zod';
// TypeScript wants the name of an assertion without a namespace.
import { ZodArray } from 'zod';
import { $constructor, type $ZodArrayDef, type ParsePayload, util } from 'zod/v4/core';

/** Wrong elements after which a list is not read further. */
const MOST_WRONG = 20;

interface PlainListDef extends $ZodArrayDef {
  readonly plain: (value: unknown) => unknown;
  readonly most: number;
}

/** An array whose elements `plain` reads where it can. A constructor of zod, so that `.min()`, `.meta()` and the API document take it for an array. */
const PlainList = $constructor<z.ZodArray, PlainListDef>('PlainList', (list, def) => {
  ZodArray.init(list, def);
  const readAll = list._zod.parse;
  list._zod.parse = (payload, context) => {
    const given = payload.value;
    if (!Array.isArray(given)) return readAll(payload, context);
    // Too long: the check of the length that follows is its one error.
    if (given.length > def.most) return payload;
    const values = new Array<unknown>(given.length);
    let wrong = 0;
    for (let at = 0; at < given.length && wrong < MOST_WRONG; at++) {
      const value = def.plain(given[at]);
      if (value !== undefined) {
        values[at] = value;
        continue;
      }
      const read = def.element._zod.run({ value: given[at], issues: [] }, context) as ParsePayload;
      values[at] = read.value;
      if (read.issues.length === 0) continue;
      wrong++;
      payload.issues.push(...util.prefixIssues(at, read.issues));
    }
    payload.value = values;
    return payload;
  };
});

/**
 * A list of up to thousands of elements in a request. zod spends a microsecond on an element and thirty on a wrong one, on the thread that does HTTP; `plain` spends a tenth. What it returns must be what `element` does; undefined leaves an
 * element to `element`, which words the error. A list with 20 wrong elements is not read further.
 */
export function plainList<T extends z.ZodType>(
  element: T,
  plain: (value: unknown) => z.output<T> | undefined,
  { error, least, most }: { readonly error: string; readonly least: number; readonly most: number },
): z.ZodArray<T> {
  const list = new PlainList({ type: 'array', element, error: () => error, plain, most }) as unknown as z.ZodArray<T>;
  return list.min(least, { error }).max(most, { error });
}
