import { kindsText } from '../data/event-kinds.ts';
import type { ReadReport } from '../data/interactions.ts';
import { count } from './output.ts';

/** What the reading of a log left out or weighted, one sentence each. */
export function readingNotes({ skipped, rejectsFile, kinds, cancelled }: ReadReport): string[] {
  return [
    ...(skipped > 0 ? [`Skipped ${count(skipped)} bad rows; listed in ${rejectsFile}.`] : []),
    ...(kinds ? [`Kinds of events: ${kindsText(kinds)}.`] : []),
    ...(cancelled ? [`Dropped ${count(cancelled)} pairs whose ratings add up to too little.`] : []),
  ];
}
