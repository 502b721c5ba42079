import type { Absence, Explanation } from '../../../recommender/explanation.ts';
import { count, many } from '../parts/figures.ts';

/** For whom a list is, which decides the words: a person of the data, or the one who looks at the page. */
export type Asker = 'person' | 'me';

/**
 * Why an item is not in a list, as a sentence.
 * @param k length of the list
 */
export function absenceText({ cause, events = [] }: Absence, asker: Asker, k: number): string {
  const who = asker === 'person' ? 'They have' : 'You have';
  switch (cause) {
    case 'training':
      return `${who} it already: it is in the training data.`;
    case 'validation':
      return `${who} it already: it is in the validation data, which the model was not trained on.`;
    case 'feedback':
      return events.length === 0
        ? `${who} acted on it since the training.`
        : `${who} acted on it since the training: ${events.map(eventText).join(', ')}.`;
    case 'given':
      return `It is one of the items that ${asker === 'person' ? 'they like' : 'you like'}, and a list holds other items.`;
    case 'excluded':
      return 'It is one of the items that this list leaves out.';
    case 'not-allowed':
      return 'It is not one of the items that this list is chosen from.';
    case 'filtered':
      return 'It does not pass the filters. Clear them to let it in.';
    case 'unknown':
      return 'The model does not know it: nobody had it in the training data.';
    case 'beyond-k':
      return `Other items fit better, and the list ends after ${many(k, 'place')}.`;
    case 'limit':
      return 'Items before it use up a limit: the list holds no more items with its value. Raise the limit to let it in.';
    case 'diversity':
      return 'It would be in the list by its score, but is too much like items before it. Turn Diversity down to let it in.';
    case 'explore':
      return 'It would be in the list by its score, but a new item has its place. Turn New items down to let it in.';
    case 'index':
      return 'It would be in the list by its score, but the approximate index, which finds items faster, missed it.';
  }
}

/** Where the item stands among the items that the list may hold, as a sentence; undefined where it has no rank. */
export function rankText({ rank, place, of }: Explanation): string | undefined {
  if (rank === undefined) return undefined;
  const among = `of ${many(of, 'item')} that the list may hold`;
  if (place === undefined) return `By its score it ranks ${count(rank)} ${among}.`;
  return place === rank
    ? `It ranks ${count(rank)} ${among}.`
    : `By its score it ranks ${count(rank)} ${among}; the dials put it at place ${count(place)}.`;
}

/** What the list is made from, as a sentence; undefined where that goes without saying. */
export function basisText({ basis }: Explanation): string | undefined {
  if (basis === 'feedback')
    return 'The model does not know this person; the list comes from what they did since the training.';
  if (basis === 'popular') return 'Nothing is known about this person; the list holds the most popular items.';
  return undefined;
}

/** An event such as `click on 2026-05-31`; without a date where its time is none. */
function eventText({ kind, time }: { readonly kind: string; readonly time?: number }): string {
  const date = new Date((time ?? Number.NaN) * 1000);
  return Number.isNaN(date.getTime()) ? kind : `${kind} on ${date.toISOString().slice(0, 10)}`;
}
