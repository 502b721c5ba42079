// Feedback of users from a log, for commands that make or explain lists.

import type { Command } from 'commander';
import { countsAt, type EventOptions, feedbackEvents, servedKinds, visibleKinds } from '../data/event-kinds.ts';
import type { FeedbackLog, StoredFeedback } from '../feedback/feedback-log.ts';
import { openFeedback } from '../feedback/open-feedback.ts';
import { optionFacts } from '../option.ts';
import type { FeedbackOfUser } from '../recommender/feedback-items.ts';
import { jsonOrFile } from './parse.ts';

export interface FeedbackFlags {
  feedback?: string;
  visibleKinds?: string[];
  events?: NonNullable<EventOptions['events']>;
}

export function addFeedbackFlags(command: Command): void {
  command
    .option(
      '--feedback <place>',
      "feedback log of a server, which changes the users' lists: sqlite:PATH or postgres://…",
    )
    .option('--visible-kinds <kind...>', optionFacts(visibleKinds)!.help)
    .option('--events <file>', optionFacts(feedbackEvents)!.help, jsonOrFile);
}

/** The feedback of users in a log, oldest first. Reads the log; of SQLite and PostgreSQL only the rows of these users. */
export async function feedbackOf(users: readonly string[], flags: FeedbackFlags): Promise<FeedbackOfUser[]> {
  const kinds = servedKinds(flags.events, flags.visibleKinds);
  const log = await openFeedback(flags.feedback!);
  try {
    const events = await eventsOf(log, users);
    const now = Date.now() / 1000;
    return events.flatMap(({ user, item, time, kind = 'interaction' }) => {
      const counts = countsAt(kind, time, now, kinds);
      return counts ? [{ user, item, time, kind, hides: counts.hides, likes: counts.weight > 0 }] : [];
    });
  } finally {
    await log.close();
  }
}

async function eventsOf(log: FeedbackLog, users: readonly string[]): Promise<StoredFeedback[]> {
  const events: StoredFeedback[] = [];
  for (const user of new Set(users)) for (const event of (await log.find?.(user)) ?? []) events.push(event);
  return events;
}
