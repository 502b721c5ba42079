import { useState } from 'preact/hooks';
import type { RunInfo } from '../../session.ts';
import { DeleteRun } from '../parts/delete-run.tsx';
import { FailurePanel } from '../parts/failure-panel.tsx';
import { Check } from '../parts/field.tsx';
import { duration, many, metric } from '../parts/figures.ts';
import { metricsOf } from '../parts/metric-names.ts';
import { useStudio } from '../state/studio.ts';
import { isActive, type Trainer } from './trainer.ts';

/** Start, pause, step, stop and reset, with what the run does. */
export function Transport({ trainer }: { trainer: Trainer }) {
  const run = trainer.run.value;
  const state = run?.state;
  const active = run !== undefined && isActive(run);
  const act = (name: 'pause' | 'resume' | 'step' | 'cancel') => () => void trainer.act(name);
  const starting = trainer.starting.state.value;
  const [asking, setAsking] = useState<RunInfo>();
  const reset = (gone: RunInfo) => {
    setAsking(undefined);
    void trainer.reset(gone);
  };
  return (
    <section class="card transport" aria-label="Training">
      <div class="actions">
        {run?.resumable && (
          <button type="button" class="main" onClick={act('resume')}>
            Resume
          </button>
        )}
        {!active && (
          <button type="button" class={run?.resumable ? '' : 'main'} onClick={() => void trainer.start()}>
            {run ? 'Train again' : 'Train'}
          </button>
        )}
        {active && state !== 'paused' && (
          <button type="button" class="main" onClick={act('pause')}>
            Pause
          </button>
        )}
        {state === 'paused' && (
          <button type="button" class="main" onClick={act('resume')}>
            Continue
          </button>
        )}
        <button type="button" disabled={state !== 'paused'} onClick={act('step')}>
          Step
        </button>
        <button type="button" disabled={!active} onClick={act('cancel')}>
          Stop
        </button>
        <button
          type="button"
          disabled={!run}
          onClick={() => run && (trainer.asksFirst(run) ? setAsking(run) : reset(run))}
        >
          Reset
        </button>
        <Check
          label="Restart when an option changes"
          checked={trainer.restarts.value}
          onChange={(restarts) => {
            trainer.restarts.value = restarts;
          }}
        />
      </div>
      {asking && <DeleteRun run={asking} onAct={() => reset(asking)} onClose={() => setAsking(undefined)} />}
      {run && <Course trainer={trainer} />}
      {starting.state === 'failed' && <FailurePanel failure={starting.failure} retry={trainer.starting.retry} />}
      {run?.failure && <FailurePanel failure={run.failure} retry={() => void trainer.start()} label="Train again" />}
    </section>
  );
}

/** What became of a run that ended before its end, and what to do. */
function interruptedWords({ resumable, epoch, failure }: RunInfo, isPage: boolean): string {
  const what = failure
    ? 'It ended before its end.'
    : isPage
      ? 'The page was closed, or loaded again, before it was done.'
      : 'The studio ended before it was done.';
  if (!resumable)
    return `${what} Nothing of it is kept: give its loss again under Compare, Own loss, and train with it.`;
  return epoch > 0
    ? `${what} Its state of epoch ${epoch} is kept. Resume goes on from there, to the model that it would have had.`
    : `${what} Its options are kept, but no state: Resume trains it from the beginning, to the model that it would have had.`;
}

/** How far the run is, and what it reached. */
function Course({ trainer }: { trainer: Trainer }) {
  const run = trainer.run.value!;
  const studio = useStudio();
  const doing = studio.live.doing.value.get(run.id);
  const best = bestOf(run);
  const words = {
    waiting: 'Waits for the run before it',
    running: doing || 'Learning',
    paused: 'Paused',
    done: 'Done',
    failed: 'Failed',
    cancelled: 'Stopped',
    interrupted: 'Interrupted',
  }[run.state];
  return (
    <div class="course">
      <p>
        <strong>{words}</strong>
        <span class="figure">
          {run.state === 'done' ? ` · ${many(run.epoch, 'epoch')}` : ` · epoch ${run.epoch} of ${run.epochs}`}
          {best && ` · ${best.name.toUpperCase()} ${metric(best.value)} at epoch ${best.epoch}`}
          {run.seconds !== undefined && run.state === 'done' && ` · ${duration(run.seconds)}`}
        </span>
      </p>
      <progress
        aria-label={`Progress of ${run.name}`}
        value={run.state === 'done' ? run.epochs : run.epoch}
        max={Math.max(1, run.epochs)}
      />
      <p class="soft run-name">{run.name}</p>
      {run.state === 'interrupted' && <p class="note">{interruptedWords(run, studio.about.value?.kind === 'page')}</p>}
    </div>
  );
}

/** The epoch with the largest metric of validation. */
export function bestOf(
  run: Pick<RunInfo, 'config' | 'history'>,
): { readonly epoch: number; readonly name: string; readonly value: number } | undefined {
  const [name] = metricsOf([run]);
  let best: { epoch: number; name: string; value: number } | undefined;
  if (name !== undefined)
    for (const { epoch, valid } of run.history) {
      const value = valid?.[name];
      if (value !== undefined && (!best || value > best.value)) best = { epoch, name, value };
    }
  return best;
}
