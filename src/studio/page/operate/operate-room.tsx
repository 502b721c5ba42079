import { useEffect, useRef, useState } from 'preact/hooks';
import { FailurePanel } from '../parts/failure-panel.tsx';
import { Field } from '../parts/field.tsx';
import { Progress } from '../parts/progress.tsx';
import { useStudio } from '../state/studio.ts';
import { AnalyticsCard } from './analytics-card.tsx';
import { FeedbackCard } from './feedback-card.tsx';
import { operatingOf } from './operating.ts';
import { RequestsCard } from './requests-card.tsx';
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
          <button type="button" class="quiet" onClick={() => operating.use(undefined)}>
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

/** Asks for a token. Browsers are told not to keep it. */
function TokenForm() {
  const studio = useStudio();
  const operating = operatingOf(studio);
  const [token, setToken] = useState('');
  const now = operating.versions.task.state.value;
  const working = now.state === 'working';
  const tried = operating.token.value !== undefined && now.state === 'failed';
  // What a program would do about a wrong token is of no use here.
  const unknown = tried && now.failure.code === 'no-token';
  const fault = tried ? (unknown ? 'The server does not know this token.' : now.failure.message) : undefined;
  const box = useRef<HTMLFormElement>(null);
  useEffect(() => () => document.querySelector<HTMLElement>('main h1')?.focus(), []);
  useEffect(() => {
    if (tried) box.current?.querySelector('input')?.focus();
  }, [tried]);
  return (
    <form
      ref={box}
      class="card token"
      autocomplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        if (token.trim()) operating.use(token.trim());
      }}
    >
      <div>
        <h2>This server asks for a token</h2>
        <p class="soft">It is a line of the file that the server was started with (--token-file).</p>
      </div>
      <Field label="Token" help="It stays in the memory of this page: a reload forgets it." fault={fault}>
        {(ids) => (
          <input
            {...ids}
            type="password"
            value={token}
            autocomplete="off"
            onInput={(event) => setToken(event.currentTarget.value)}
          />
        )}
      </Field>
      <div class="actions">
        <button type="submit" class="main" disabled={working || !token.trim()}>
          Operate the server
        </button>
        {working && <span class="soft">Asking the server …</span>}
      </div>
    </form>
  );
}
