import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { DataSummary, Source, SourceList } from '../../session.ts';
import { Empty } from '../parts/empty.tsx';
import { count } from '../parts/figures.ts';
import { TaskView } from '../parts/task-view.tsx';
import { useStudio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import { Choices } from './choices.tsx';
import { Filters, Splits } from './filters.tsx';
import { Preview } from './preview.tsx';
import { freshSetup, optionsOfSetup, requestOf, type Setup, setupOf, setupOfOptions } from './setup.ts';
import { Summary } from './summary.tsx';

/** The screen where data are chosen, corrected, filtered, split and seen. */
export function DataRoom() {
  const studio = useStudio();
  const sources = useMemo(() => new Task<SourceList>(), []);
  const list = () => void sources.run(() => studio.session.sources());
  const refresh = async () => sources.settle(await studio.session.sources());
  useEffect(list, []);
  return (
    <TaskView task={sources} working="Looking for data">
      {({ sources: known, unlisted }) => (
        <>
          {unlisted && !studio.teach && <p class="note">{unlisted}</p>}
          <Known sources={known} refresh={refresh} />
        </>
      )}
    </TaskView>
  );
}

function Known({ sources, refresh }: { sources: readonly Source[]; refresh: () => Promise<unknown> }) {
  const studio = useStudio();
  const data = studio.data.value;
  const [setup, change] = useState<Setup>(() =>
    data ? setupOf(data.request) : setupOfOptions(studio.place.peek().options, sources),
  );
  const [changing, setChanging] = useState(!data);
  const load = useMemo(() => new Task<DataSummary>(), []);
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => studio.setOptions(optionsOfSetup(setup, sources)), [setup]);

  // What follows is part of the call, so that it follows a second attempt too.
  const start = () => {
    const request = requestOf(setup);
    if (!request) return;
    void load.run(async (control) => {
      const summary = await studio.session.load(request, control);
      studio.data.value = summary;
      setChanging(false);
      studio.say(`Data are loaded: ${count(summary.info.users)} users, ${count(summary.info.items)} items.`);
      return summary;
    });
  };
  const loaded = load.value;
  useEffect(() => {
    if (loaded) heading.current?.focus();
  }, [loaded]);

  const name = (id: string) => sources.find((source) => source.id === id)?.name ?? id;
  return (
    <>
      {data && (
        <div class="card-head">
          <h2 ref={heading} tabIndex={-1}>
            {name(data.request.train)}
          </h2>
          <p class="actions">
            <a class="button" href={studio.link({ room: 'train' })}>
              Train a model
            </a>
            {!studio.teach && (
              <button type="button" aria-expanded={changing} onClick={() => setChanging(!changing)}>
                {changing ? 'Keep these data' : 'Change the data'}
              </button>
            )}
          </p>
        </div>
      )}
      {changing && <Choosing {...{ sources, refresh, setup, change, load, start }} />}
      {data && !changing && <Summary data={data} />}
    </>
  );
}

function Choosing({
  sources,
  refresh,
  setup,
  change,
  load,
  start,
}: {
  sources: readonly Source[];
  refresh: () => Promise<unknown>;
  setup: Setup;
  change: (setup: Setup) => void;
  load: Task<DataSummary>;
  start: () => void;
}) {
  const studio = useStudio();
  const chosen = setup.files.train !== undefined;
  const loading = load.state.value.state === 'working';
  return (
    <div class="choosing">
      <Choices sources={sources} setup={setup} change={change} refresh={refresh} />
      {!chosen && (
        <Empty title="Nothing is chosen yet">
          {studio.teach
            ? 'Choose the sample above.'
            : 'Drop a file with a line for each thing that somebody did, or begin with a sample. You can correct everything before it is loaded.'}
        </Empty>
      )}
      {chosen && (
        <>
          <Preview setup={setup} change={change} />
          {!studio.teach && (
            <div class="pair">
              <Filters setup={setup} change={change} />
              <Splits setup={setup} change={change} />
            </div>
          )}
          <section class="load" aria-label="Load the data">
            {load.state.value.state !== 'done' && load.state.value.state !== 'empty' && (
              <TaskView task={load} working="Reading and splitting">
                {() => null}
              </TaskView>
            )}
            {!loading && (
              <p class="actions">
                <button type="button" class="main" onClick={start}>
                  Load the data
                </button>
                {setup !== freshSetup && !studio.teach && (
                  <button type="button" class="quiet" onClick={() => change({ ...freshSetup, files: {} })}>
                    Start over
                  </button>
                )}
              </p>
            )}
          </section>
        </>
      )}
    </div>
  );
}
