import type { FeedbackReceiver, FeedbackSource } from './seen-feedback.ts';

/** Feedback for the shadow: nobody waits until its thread has an event or an edit, so that a slow shadow delays no answer. Only its own opening does. */
export function unawaited(source: FeedbackSource): FeedbackSource {
  const receivers = new Map<FeedbackReceiver, FeedbackReceiver>();
  return {
    async load(receiver) {
      let loading = true;
      const own: FeedbackReceiver = {
        // While the log is read each page waits for the one before: otherwise all of it would be in memory.
        feed: (events) => (loading ? receiver.feed(events) : detached(receiver.feed(events))),
        forget: (user) => receiver.forget(user),
        editItems: (states) => detached(receiver.editItems(states)),
      };
      receivers.set(receiver, own);
      await source.load(own);
      loading = false;
    },
    edits: () => source.edits(),
    leave(receiver) {
      const own = receivers.get(receiver);
      if (own) source.leave(own);
      receivers.delete(receiver);
    },
  };
}

/** Resolves at once. */
function detached(work: Promise<void>): Promise<void> {
  work.catch(() => {});
  return Promise.resolve();
}
