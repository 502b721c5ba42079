import { AnswerView } from '../parts/answer-view.tsx';
import { Table } from '../parts/table.tsx';
import { useStudio } from '../state/studio.ts';
import { operatingOf, withoutFeedback } from './operating.ts';
import { Pause } from './pause.tsx';
import { Time } from './time.tsx';
import { usePolling } from './use-polling.ts';

/** Seconds between two looks into the log. */
const EVERY = 3;

/** Feedback as it comes, newest first. */
export function FeedbackCard() {
  const operating = operatingOf(useStudio());
  usePolling(operating.feedback, () => operating.readOn(), EVERY, operating.reading.value);
  return (
    <section class="card" aria-labelledby="feedback-title">
      <div class="card-head">
        <h2 id="feedback-title">Feedback</h2>
        <Pause running={operating.reading} what="reading feedback" />
      </div>
      <AnswerView answer={operating.feedback} working="Reading the newest events" lacking={withoutFeedback}>
        {({ events }) =>
          events.length === 0 ? (
            <p class="soft">No event is stored yet. New ones appear here.</p>
          ) : (
            <div class="feed">
              <Table
                caption="The newest events"
                hideCaption
                rows={events}
                rowKey={({ sequence }) => String(sequence)}
                columns={[
                  { title: 'Time', cell: ({ time }) => <Time moment={time * 1000} />, heads: true },
                  { title: 'Kind', cell: ({ kind }) => kind ?? 'interaction' },
                  { title: 'Person', cell: ({ user }) => user },
                  { title: 'Item', cell: ({ item }) => item },
                  { title: 'Position', cell: ({ position }) => position ?? '', numeric: true },
                ]}
              />
            </div>
          )
        }
      </AnswerView>
    </section>
  );
}
