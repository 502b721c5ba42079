// Reasons and explanations as text.

import type { Absence, Explanation, Reasons } from '../recommender/explanation.ts';
import type { RecommendedItem } from '../recommender/recommendation.ts';
import { count, decimal, table, visible } from './output.ts';

/** The liked items of an item's reasons in one line, as `title .0123, title .0045`; undefined without reasons. */
export function reasonsText({ because }: RecommendedItem): string | undefined {
  return because?.items.map(({ id, title, part }) => `${title ?? id} ${signed(part)}`).join(', ');
}

/** The explanation of an item as lines of text, with a table of the parts of its score. */
export function explanationText(user: string | undefined, explanation: Explanation, k: number): string {
  const { item, title, basis, of, rank, place, score, absent, because } = explanation;
  const who = user === undefined ? 'the new user' : `user ${user}`;
  const name = title === undefined ? item : `${title} (${item})`;
  const lines = [visible(`Item ${name} for ${who}:`)];
  if (place !== undefined) lines.push(`place ${count(place)} of the list of ${count(k)}`);
  for (const one of absent ?? []) lines.push(`not in the list: ${absenceText(one, k)}`);
  if (rank !== undefined) lines.push(`rank ${count(rank)} of ${count(of)}`);
  if (score !== undefined)
    lines.push(basis === 'popular' ? `${count(score)} users have it` : `score ${decimal(score)}`);
  if (basis !== 'model') lines.push(bases[basis]);
  return because ? `${lines.join('\n')}\n\n${partsTable(because)}` : lines.join('\n');
}

const bases = {
  items: 'from the liked items that were given',
  feedback: 'from feedback: the model does not know the user',
  popular: 'from the most popular items: nothing is known about the user',
};

/** Why an item is absent, in words. */
function absenceText({ cause, events = [] }: Absence, k: number): string {
  switch (cause) {
    case 'training':
      return 'the user has it in the training data';
    case 'validation':
      return 'the user has it in the validation data';
    case 'feedback': {
      const said = events.map(({ kind, time }) => `${kind}${time === undefined ? '' : ` ${dateOf(time)}`}`);
      return `the user has given feedback on it${said.length > 0 ? ` (${visible(said.join(', '))})` : ''}`;
    }
    case 'given':
      return 'it is one of the liked items';
    case 'excluded':
      return 'it is excluded (--exclude)';
    case 'not-allowed':
      return 'it is not among the allowed items (--allow)';
    case 'filtered':
      return 'its attributes do not pass the filter (--where)';
    case 'limit':
      return 'items before it use up one of its values (--at-most)';
    case 'unknown':
      return 'the model does not know it';
    case 'beyond-k':
      return `its rank is above ${count(k)}`;
    case 'diversity':
      return 'more diverse items take its place (--diversity)';
    case 'explore':
      return 'a new item takes its place (--explore)';
    case 'index':
      return 'the approximate index missed it';
  }
}

/** Seconds as `2026-05-31 12:00`, in UTC; the number itself where it is no date. */
function dateOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds}` : date.toISOString().slice(0, 16).replace('T', ' ');
}

function partsTable({ items, others, embedding, bias }: Reasons): string {
  const rows = items.map(({ id, title, part, neighbor, embedding: share }) => [
    title ?? id,
    signed(part),
    signed(neighbor),
    signed(share),
  ]);
  if (others !== 0) rows.push(['other liked items', signed(others), '', '']);
  if (embedding !== 0) rows.push(['embedding', signed(embedding), '', '']);
  if (bias !== 0) rows.push(['bias', signed(bias), '', '']);
  return table(['because', 'part', 'neighbour', 'embedding'], rows);
}

/** A part with its sign. */
function signed(x: number): string {
  return `${x < 0 ? '-' : '+'}${decimal(Math.abs(x))}`;
}
