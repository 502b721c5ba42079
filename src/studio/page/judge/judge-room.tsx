import { useEffect, useState } from 'preact/hooks';
import type { RunInfo } from '../../session.ts';
import { Empty } from '../parts/empty.tsx';
import { NoModel, RunPicker, useRun } from '../parts/run-picker.tsx';
import { TaskView } from '../parts/task-view.tsx';
import { useView, Views } from '../parts/views.tsx';
import { useStudio } from '../state/studio.ts';
import { judge, judgementOf, judgements } from './judged.ts';
import { JudgementView } from './judgement.tsx';
import { OpenAgain } from './open-again.tsx';
import { lacksPart, openings, openingsInWords } from './words.ts';

const parts = [
  { name: '', title: 'Validation part' },
  { name: 'test', title: 'Test part' },
] as const;

/** The screen that says how good a model is. */
export function JudgeRoom() {
  const run = useRun();
  const view = useView(parts);
  if (!run) return <NoModel what="You can see how good it is" />;
  return (
    <>
      <div class="room-head">
        <RunPicker />
        <Views label="What the model is judged by" views={parts} />
      </div>
      {view.name === 'test' ? <Test key={run.id} run={run} /> : <Validation key={run.id} run={run} />}
    </>
  );
}

/** The figures by validation, at once. */
function Validation({ run }: { run: RunInfo }) {
  const studio = useStudio();
  const task = judgementOf(studio, run, 'valid');
  const now = task.state.value;
  const start = () => void judge(studio, run, 'valid');
  useEffect(() => {
    if (task.state.peek().state === 'empty') start();
  }, [task]);
  if (now.state === 'failed' && lacksPart(now.failure))
    return (
      <Empty
        title="There is no validation part for this model"
        action={
          <>
            <a class="button" href={studio.link({ options: { view: 'test' } })}>
              Go to the test part
            </a>
            <a href={studio.link({ room: 'data' })}>Hold a validation part out</a>
          </>
        }
      >
        Nothing was held out for validation, or the model was trained on that part too, in its refit. The test part can
        still judge it.
      </Empty>
    );
  return (
    <TaskView
      task={task}
      working="Measuring lists by the validation part"
      empty={
        <Empty
          title="Nothing is measured yet"
          action={
            <button type="button" class="main" onClick={start}>
              Measure
            </button>
          }
        >
          The validation part may be looked at as often as you like.
        </Empty>
      }
    >
      {(judgement) => <JudgementView judgement={judgement} run={run} />}
    </TaskView>
  );
}

/** The figures by the test part, behind a button that counts. */
function Test({ run }: { run: RunInfo }) {
  const studio = useStudio();
  const task = judgementOf(studio, run, 'test');
  const now = task.state.value;
  const opened = openings(studio.runs.value, judgements(studio));
  const [asking, setAsking] = useState(false);
  const open = () => void judge(studio, run, 'test');
  if (now.state === 'failed' && lacksPart(now.failure))
    return (
      <Empty
        title="These data have no test part"
        action={
          <a class="button" href={studio.link({ room: 'data' })}>
            Hold a test part out
          </a>
        }
      >
        Nothing was held out, so nothing can say how the model does on what it has not seen.
      </Empty>
    );
  return (
    <TaskView
      task={task}
      working="Measuring lists by the test part"
      empty={
        <Empty
          title={opened === 0 ? 'The test part is closed' : 'The test part has been open before'}
          action={
            <button type="button" class="main" onClick={() => (opened === 0 ? open() : setAsking(true))}>
              {opened === 0 ? 'Open the test part' : 'Open it again'}
            </button>
          }
        >
          {openingsInWords(opened)}
          {asking && <OpenAgain opened={opened} onOpen={open} onClose={() => setAsking(false)} />}
        </Empty>
      }
    >
      {(judgement) => (
        <>
          <p class="note">{openingsInWords(judgement.opened)}</p>
          <JudgementView judgement={judgement} run={run} />
        </>
      )}
    </TaskView>
  );
}
