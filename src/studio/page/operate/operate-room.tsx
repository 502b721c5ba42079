import { useEffect } from 'preact/hooks';
import { FailurePanel } from '../parts/failure-panel.tsx';
import { Progress } from '../parts/progress.tsx';
import { useStudio } from '../state/studio.ts';
import { AnalyticsCard } from './analytics-card.tsx';
import { FeedbackCard } from './feedback-card.tsx';
import { operatingOf } from './operating.ts';
import { RequestsCard } from './requests-card.tsx';
import { TokenForm } from './token-form.tsx';
import { VersionsCard } from './versions-card.tsx';

/** The screen that operates a running server: its versions, its requests, what came of its lists, and feedback as it comes. */
export function OperateRoom() {
  const operating = operatingOf(useStudio());
  const { versions, token } = operating;
  useEffect(() => {
    if (versions.shown.peek() === undefined) operating.look();
  }, []);
  const now = versions.task.state.value;
  const shown = versions.shown.value;
  if (operating.closed.value) return <TokenForm />;
  if (shown === undefined)
    return now.state === 'failed' ? (
      <FailurePanel failure={now.failure} retry={versions.task.retry} />
    ) : (
      <Progress label="Asking the server" />
    );
  return (
    <>
      {token.value !== undefined && (
        <p class="actions">
          <span class="soft">A token is in use.</span>
          <button type="button" class="quiet" onClick={() => void operating.use(undefined)}>
            Forget it
          </button>
        </p>
      )}
      <VersionsCard served={shown} />
      <RequestsCard />
      <AnalyticsCard />
      <FeedbackCard />
    </>
  );
}
