import { useMemo } from 'preact/hooks';
import type { RunInfo } from '../../session.ts';
import { FilePick } from '../parts/file-pick.tsx';
import { TaskView } from '../parts/task-view.tsx';
import { useStudio } from '../state/studio.ts';
import { Task } from '../state/task.ts';

/** Takes a model in from an archive. */
export function Import() {
  const studio = useStudio();
  const task = useMemo(() => new Task<RunInfo>(), []);
  const open = async (file: File) => {
    const name = file.name.replace(/\.zip$/i, '');
    const run = await task.run(() => studio.session.open(file, name));
    if (!run) return;
    studio.live.know(run);
    studio.say(`The model ${run.name} is here.`);
  };
  return (
    <section class="card" aria-labelledby="import">
      <h2 id="import">Bring a model in</h2>
      <p class="help">The archive of a model that this page or taurec wrote. It brings numbers and ids, never code.</p>
      <p class="actions">
        <FilePick
          label="Choose a model.zip"
          accept=".zip,application/zip"
          onPick={([file]) => file && void open(file)}
        />
      </p>
      <TaskView task={task} working="Reading the archive">
        {(run) => (
          <p class="good">
            <span aria-hidden="true">✓ </span>
            {run.name} is here. <a href={studio.link({ room: 'judge', runs: [run.id] })}>Judge it</a>
          </p>
        )}
      </TaskView>
    </section>
  );
}
