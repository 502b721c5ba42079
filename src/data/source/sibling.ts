import type { ColumnOptions, ColumnPositions } from '../columns.ts';

/** The columns of the first table of a source with a header: `split` and similar programs leave it to the first part only. */
export interface Sibling {
  found?: { readonly width: number; readonly positions: ColumnPositions };
}

/**
 * Sniffs the layout of a table. A table without a header, but with as many columns as the first file of the source, has the columns of that file.
 * @param sniff sniffs with the given options
 */
export function sniffSibling<
  O extends ColumnOptions & { header?: 'auto' | boolean },
  S extends { layout: { header: boolean; width: number }; positions: ColumnPositions },
>(sibling: Sibling | undefined, options: O, sniff: (options: O) => S): S {
  const { found } = sibling ?? {};
  if (!found) {
    const first = sniff(options);
    if (sibling && first.layout.header) sibling.found = { width: first.layout.width, positions: first.positions };
    return first;
  }
  const { user, item, rating, time, weight, event } = found.positions;
  const at = (position: number | undefined) => (position === undefined ? undefined : position + 1);
  const columns = {
    user: at(user),
    item: at(item),
    rating: at(rating) ?? false,
    time: at(time) ?? false,
    weight: at(weight),
    eventColumn: at(event),
  };
  let asFirst: S;
  try {
    asFirst = sniff({ ...options, ...columns });
  } catch {
    // A table with fewer columns: its own rules apply, and report what is wrong.
    return sniff(options);
  }
  // A header of its own names its columns, which may be in another order.
  return asFirst.layout.header || asFirst.layout.width !== found.width ? sniff(options) : asFirst;
}
