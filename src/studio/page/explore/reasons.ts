import type { Reasons } from '../../../recommender/explanation.ts';

/** One summand of a score as a bar. `width` and `from` are shares of the room for bars, whose zero is at `zero`. */
export interface PartBar {
  readonly key: string;
  readonly label: string;
  readonly value: number;
  readonly from: number;
  readonly width: number;
  /** How the value came about, of a liked item. */
  readonly of?: { readonly neighbor: number; readonly embedding: number };
}

/** The summands of a score, liked items first, with bars on one scale. Summands of 0 are left out, but for liked items. */
export function partBars({ items, others, embedding, bias }: Reasons): {
  readonly zero: number;
  readonly bars: readonly PartBar[];
} {
  const parts = [
    ...items.map(({ id, title, part, neighbor, embedding: share }) => ({
      key: id,
      label: title ?? id,
      value: part,
      of: { neighbor, embedding: share },
    })),
    ...[
      { key: ' others', label: 'All other items', value: others },
      { key: ' embedding', label: 'The embedding, of no single item', value: embedding },
      { key: ' bias', label: 'Popularity prior', value: bias },
    ].filter(({ value }) => value !== 0),
  ];
  const values = parts.map(({ value }) => value);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const span = high - low || 1;
  return {
    zero: -low / span,
    bars: parts.map((part) => ({
      ...part,
      from: (Math.min(0, part.value) - low) / span,
      width: Math.abs(part.value) / span,
    })),
  };
}

/**
 * The liked items that carry a score, in one line: `because they have A and B`.
 * @param most items to name
 */
export function reasonText({ items }: Reasons, asker: 'person' | 'me', most = 2): string {
  const names = items
    .filter(({ part }) => part > 0)
    .slice(0, most)
    .map(({ id, title }) => title ?? id);
  const theirs = asker === 'person' ? 'they have' : 'you like';
  if (names.length === 0) return `although nothing ${theirs} speaks for it`;
  const last = names.pop()!;
  return `because ${theirs} ${names.length > 0 ? `${names.join(', ')} and ${last}` : last}`;
}
