import { useEffect, useRef, useState } from 'preact/hooks';
import { Field } from '../parts/field.tsx';
import { useStudio } from '../state/studio.ts';
import { operatingOf } from './operating.ts';

/** Asks for a token. Browsers are told not to keep it. */
export function TokenForm() {
  const studio = useStudio();
  const operating = operatingOf(studio);
  const [token, setToken] = useState('');
  const opening = studio.opening.state.value;
  const now = opening.state === 'done' ? operating.versions.task.state.value : opening;
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
        if (token.trim()) void operating.use(token.trim());
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
