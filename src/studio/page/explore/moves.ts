/** How an item of a list stands to the list before: `by` places up (> 0) or down (< 0), 0 where it stayed; `new` where it was not in the list. */
export type Move = { readonly kind: 'new' } | { readonly kind: 'moved'; readonly by: number };

/** An item of a list. */
interface Listed {
  readonly id: string;
  readonly title?: string;
}

/** What changed between two lists. */
export interface Moves {
  /** By id, for every item of the new list. */
  readonly of: ReadonlyMap<string, Move>;
  /** Items of the list before that are in the new one no more, in their order. */
  readonly left: readonly Listed[];
}

/** Compares two lists, best first. */
export function movesBetween(before: readonly Listed[], after: readonly Listed[]): Moves {
  const was = new Map(before.map(({ id }, place) => [id, place]));
  const of = new Map(
    after.map(({ id }, place): [string, Move] => {
      const old = was.get(id);
      return [id, old === undefined ? { kind: 'new' } : { kind: 'moved', by: old - place }];
    }),
  );
  return { of, left: before.filter(({ id }) => !of.has(id)) };
}

/** What changed, as a sentence for screen readers. */
export function movesText({ of, left }: Moves): string {
  const all = [...of.values()];
  const fresh = all.filter(({ kind }) => kind === 'new').length;
  const moved = all.filter((move) => move.kind === 'moved' && move.by !== 0).length;
  if (fresh + moved + left.length === 0) return 'The list is the same.';
  return `The list changed: ${fresh} new, ${moved} moved, ${left.length} gone.`;
}
