import type { RecommendedItem } from '../recommender/recommendation.ts';
import { decimal, table } from './output.ts';

/** Items in order, with their titles where there are any. */
export function itemsTable(items: readonly RecommendedItem[]): string {
  const titled = items.some(({ title }) => title !== undefined);
  const head = ['', 'item', ...(titled ? ['title'] : []), 'score'];
  const rows = items.map(({ id, title, score }, at) => [
    `${at + 1}`,
    id,
    ...(titled ? [title ?? ''] : []),
    Number.isInteger(score) ? `${score}` : decimal(score),
  ]);
  return table(head, rows);
}
