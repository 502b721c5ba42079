import { useMemo, useState } from 'preact/hooks';
import type { Source } from '../../session.ts';
import { Menu } from '../parts/field.tsx';
import { bytes } from '../parts/figures.ts';
import { FilePick } from '../parts/file-pick.tsx';
import { TaskView } from '../parts/task-view.tsx';
import { useStudio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import { filesOfSample, guessUses, type Setup, type Use } from './setup.ts';

const uses: readonly { readonly value: Use | ''; readonly label: string }[] = [
  { value: 'train', label: 'Interactions' },
  { value: 'test', label: 'Test interactions' },
  { value: 'valid', label: 'Validation interactions' },
  { value: 'catalogue', label: 'Items with attributes' },
  { value: 'titles', label: 'Titles of items' },
  { value: '', label: 'Not used' },
];

/** Where data come from: files that are dropped or chosen, those that are there already, and samples. */
export function Choices({
  sources,
  setup,
  change,
  refresh,
}: {
  sources: readonly Source[];
  setup: Setup;
  change: (setup: Setup) => void;
  refresh: () => Promise<unknown>;
}) {
  const studio = useStudio();
  const adding = useMemo(() => new Task<readonly Source[]>(), []);
  const [over, setOver] = useState(false);
  const samples = sources.filter(({ kind }) => kind === 'sample');
  const offered = studio.teach
    ? samples.slice(0, 1)
    : samples.filter(({ id }) => !samples.some((s) => s.catalogue === id));
  const files = sources.filter(({ kind }) => kind === 'file');

  const take = async (given: readonly File[]) => {
    if (given.length === 0) return;
    const size = given.reduce((sum, { size }) => sum + size, 0);
    const added = await adding.run(async ({ signal, onProgress }) => {
      const all: Source[] = [];
      let before = 0;
      for (const file of given) {
        const control = {
          signal,
          onProgress: ({ done }: { done: number }) => onProgress?.({ done: before + done, total: size }),
        };
        all.push(await studio.session.add(file, control));
        before += file.size;
      }
      return all;
    });
    if (!added) return;
    await refresh();
    change({ ...setup, files: guessUses(added), columns: {} });
    studio.say(added.length === 1 ? `${added[0]!.name} is here.` : `${added.length} files are here.`);
  };

  return (
    <section class="sources" aria-label="Where the data come from">
      {!studio.teach && (
        // biome-ignore lint/a11y/noStaticElementInteractions: dropping is an extra for pointers; the file input inside does the same
        <div
          class="drop"
          data-over={over}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={(event) => {
            event.preventDefault();
            setOver(false);
            void take([...(event.dataTransfer?.files ?? [])]);
          }}
        >
          <FilePick label="Choose files" multiple onPick={(files) => void take(files)} />
          <p>or drop them here.</p>
          <p class="help">
            CSV, TSV, JSON lines or Parquet, also with gzip. One line for each thing somebody did; test interactions and
            a catalogue of items may come with it.
          </p>
          <TaskView task={adding} working="Taking the files in">
            {() => null}
          </TaskView>
        </div>
      )}
      <div class="samples">
        <h2>{studio.teach ? 'The sample' : 'Or a sample'}</h2>
        <ul>
          {offered.map((sample) => (
            <li key={sample.id}>
              <button
                type="button"
                class="sample"
                aria-pressed={setup.files.train === sample.id}
                onClick={() => change({ ...setup, files: filesOfSample(sample), columns: {} })}
              >
                <span class="sample-name">{sample.name}</span>
                {sample.about && <span class="sample-about">{sample.about}</span>}
              </button>
            </li>
          ))}
        </ul>
      </div>
      {files.length > 0 && !studio.teach && <Files files={files} setup={setup} change={change} />}
    </section>
  );
}

/** The files with what each is for. */
function Files({ files, setup, change }: { files: readonly Source[]; setup: Setup; change: (setup: Setup) => void }) {
  const use = (id: string) => uses.find(({ value }) => value !== '' && setup.files[value] === id)?.value ?? '';
  const assign = (id: string, next: string) => {
    const kept = Object.entries(setup.files).filter(([name, source]) => source !== id && name !== next);
    change({ ...setup, columns: {}, files: Object.fromEntries([...kept, ...(next === '' ? [] : [[next, id]])]) });
  };
  return (
    <div class="files">
      <h2>Files</h2>
      <ul>
        {files.map(({ id, name, bytes: size }) => (
          <li key={id}>
            <Menu
              label={size === undefined ? name : `${name}, ${bytes(size)}`}
              value={use(id)}
              choices={uses}
              onChange={(next) => assign(id, next)}
            />
          </li>
        ))}
      </ul>
    </div>
  );
}
