// Feedback of users from a log, for commands that make or explain lists.

import type { Command } from 'commander';
import type { FeedbackLog, StoredFeedback } from '../feedback/feedback-log.ts';
import { openFeedback } from '../feedback/open-feedback.ts';
import type { FeedbackOfUser } from '../recommender/feedback-items.ts';

export interface FeedbackFlags {
  feedback?: string;
  visibleKinds?: string[];
}

/** Kinds that do not hide their item, as `taurec serve` has them. */
const VISIBLE = ['view', 'impression'];

export function addFeedbackFlags(command: Command): void {
  command
    .option(
      '--feedback <place>',
      "feedback log of a server, which changes the users' lists: sqlite:PATH or postgres://…",
    )
    .option('--visible-kinds <kind...>', 'kinds of feedback that do not hide their item (default: view, impression)');
}

/** The feedback of users in a log, oldest first. Reads the log; of SQLite and PostgreSQL only the rows of these users. */
export async function feedbackOf(users: readonly string[], flags: FeedbackFlags): Promise<FeedbackOfUser[]> {
  const visible = new Set(flags.visibleKinds ?? VISIBLE);
  const log = await openFeedback(flags.feedback!);
  try {
    const events = await eventsOf(log, users);
    return events.map(({ user, item, time, kind = 'interaction' }) => ({
      ...{ user, item, time, kind },
      hides: !visible.has(kind),
    }));
  } finally {
    await log.close();
  }
}

async function eventsOf(log: FeedbackLog, users: readonly string[]): Promise<StoredFeedback[]> {
  const events: StoredFeedback[] = [];
  for (const user of new Set(users)) for (const event of (await log.find?.(user)) ?? []) events.push(event);
  return events;
}
