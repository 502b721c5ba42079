import { type Signal, signal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import type { LossCheck, RunInfo } from '../../session.ts';
import { CodeArea } from '../parts/code-area.tsx';
import { Empty } from '../parts/empty.tsx';
import { FailurePanel } from '../parts/failure-panel.tsx';
import { Progress } from '../parts/progress.tsx';
import { useStudio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import { lossTemplate } from './loss-template.ts';

/** The text that a person typed, and the text that was checked. It lives as long as the page, and comes from nowhere but the keyboard: no address, no storage, no configuration. */
const typed: { readonly text: Signal<string>; readonly checked: Signal<string | undefined> } = {
  text: signal(lossTemplate),
  checked: signal(undefined),
};

/** A loss that is typed in the page, checked by differences, and trained with. */
export function OwnLoss() {
  const studio = useStudio();
  if (studio.about.value?.kind === 'server')
    return (
      <Empty title="A loss can be typed only where it runs in your browser">
        This studio trains on the machine of its server, and a server runs no code that comes from a page. Open the
        studio as a page of its own, or give taurec train a loss of your own by --loss-module.
      </Empty>
    );
  return <Editor />;
}

function Editor() {
  const studio = useStudio();
  const check = useMemo(() => new Task<LossCheck>(), []);
  const train = useMemo(() => new Task<RunInfo>(), []);
  const text = typed.text.value;
  const now = check.state.value;
  const outdated = typed.checked.value !== text;
  const passed = check.value?.passed === true && !outdated;
  const loaded = studio.data.value !== undefined;
  const runCheck = () => {
    typed.checked.value = text;
    void check
      .run(() => studio.session.checkLoss(text))
      .then((done) => done && studio.say(done.passed ? 'The gradients are right.' : 'The gradients are wrong.'));
  };
  const start = async () => {
    const name = check.value?.name ?? 'typed';
    const { loss: _, ...objective } = studio.data.value?.objective ?? {};
    const run = await train.run(() => studio.session.start(objective, { name, loss: text }));
    if (!run) return;
    studio.live.know(run);
    studio.go({ room: 'train', runs: [run.id], options: {} });
  };
  return (
    <section class="card" aria-labelledby="own-loss">
      <h2 id="own-loss">A loss of your own</h2>
      <p class="help">
        It runs in a closed worker of this page, without network, and is checked before it trains. It stays in this
        page: it is in no address and no configuration, and it is gone when the page is closed. The check takes a
        gradient as that of the whole value: a loss that holds weights or thresholds of its own constant, as the
        built-in dsl and slatk do, does not pass it.
      </p>
      <CodeArea
        label="The loss, a JavaScript module"
        rows={24}
        value={text}
        onInput={(next) => {
          typed.text.value = next;
        }}
      />
      <p class="actions">
        <button type="button" class={passed ? undefined : 'main'} disabled={now.state === 'working'} onClick={runCheck}>
          Check the gradients
        </button>
        <button
          type="button"
          class={passed ? 'main' : undefined}
          disabled={!passed || !loaded || train.state.value.state === 'working'}
          onClick={() => void start()}
        >
          Train with it
        </button>
        {text !== lossTemplate && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              typed.text.value = lossTemplate;
            }}
          >
            Back to the softmax loss
          </button>
        )}
      </p>
      {passed && !loaded && (
        <p class="help">
          Training needs data: <a href={studio.link({ room: 'data' })}>choose data</a>.
        </p>
      )}
      {now.state === 'working' && <Progress label="Checking the gradients by differences" />}
      {now.state === 'failed' && <FailurePanel failure={now.failure} retry={runCheck} label="Check again" />}
      {now.state === 'done' && <Outcome check={now.value} outdated={outdated} />}
      {train.state.value.state === 'failed' && <FailurePanel failure={train.state.value.failure} retry={train.retry} />}
    </section>
  );
}

function Outcome({
  check: { name, passed, problems, gradientError },
  outdated,
}: {
  check: LossCheck;
  outdated: boolean;
}) {
  if (outdated) return <p class="help">The text has changed since it was checked.</p>;
  const error = gradientError.toExponential(1).replace('-', '−');
  if (passed)
    return (
      <p class="good">
        <span aria-hidden="true">✓ </span>
        {name}: all gradients agree with differences of the value. The largest relative error is {error}.
      </p>
    );
  return (
    <section class="failure" role="alert">
      <p class="failure-what">The gradients of {name} do not agree with differences of the value.</p>
      <ul>
        {problems.map((problem) => (
          <li key={problem}>{problem}</li>
        ))}
      </ul>
      <p>The largest relative error is {error}; below 1e−4 a loss may train. Correct evaluate, and check again.</p>
    </section>
  );
}
