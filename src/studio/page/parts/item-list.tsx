import type { ComponentChildren } from 'preact';
import { score } from './figures.ts';

/** An item of a list: as search hits, histories and recommendations have it. */
export interface ListedItem {
  readonly id: string;
  readonly title?: string;
  readonly score?: number;
}

/** A ranked list of items: titles first, ids beside them, scores at the right. */
export function ItemList<T extends ListedItem>({
  label,
  items,
  mark,
  action,
  more,
  start = 0,
}: {
  label: string;
  items: readonly T[];
  /** Words beside an item: `new`, `liked`, with a reason. */
  mark?: (item: T, index: number) => ComponentChildren;
  /** A control at the end of an item's line. */
  action?: (item: T, index: number) => ComponentChildren;
  /** What stands below an item's line. */
  more?: (item: T, index: number) => ComponentChildren;
  /** Places before the first item, where the list continues another one. */
  start?: number;
}) {
  return (
    <ol
      class="items"
      aria-label={label}
      start={start + 1}
      style={start ? { counterReset: `place ${start}` } : undefined}
    >
      {items.map((item, index) => (
        <li key={item.id}>
          <span class="item-name">
            <span class="item-title">{item.title ?? item.id}</span>
            {item.title !== undefined && item.title !== item.id && <span class="item-id">{item.id}</span>}
            {mark?.(item, index)}
          </span>
          {item.score !== undefined && <span class="figure item-score">{score(item.score)}</span>}
          {action?.(item, index)}
          {more && <div class="item-more">{more(item, index)}</div>}
        </li>
      ))}
    </ol>
  );
}
