import { NoModel } from '../parts/run-picker.tsx';
import { useView, Views } from '../parts/views.tsx';
import { useStudio } from '../state/studio.ts';
import { Import } from './import-model.tsx';
import { OwnLoss } from './own-loss.tsx';
import { Runs } from './runs.tsx';
import { Sweep } from './sweep.tsx';
import { TakeHome } from './take-home.tsx';

const views = [
  { name: '', title: 'Runs', Part: Runs },
  { name: 'sweep', title: 'Sweep', Part: Sweep },
  { name: 'loss', title: 'Own loss', Part: OwnLoss },
  { name: 'take', title: 'Take home', Part: TakeHome },
] as const;

/** The screen that compares runs, makes many of them, and lets a model go. */
export function CompareRoom() {
  const studio = useStudio();
  const { Part, name } = useView(views);
  const problems = studio.about.value?.problems ?? [];
  const nothing = studio.runs.value.length === 0 && studio.data.value === undefined;
  return (
    <>
      <Views label="Compare and leave" views={views} />
      {problems.length > 0 && (
        <ul class="notes" aria-label="Runs that cannot be read">
          {problems.map((problem) => (
            <li key={problem} class="note">
              A kept run cannot be read and is left out: {problem}
            </li>
          ))}
        </ul>
      )}
      {nothing ? (
        <>
          <NoModel what="You can compare runs and take a model home" />
          <Import />
        </>
      ) : (
        <Part key={name} />
      )}
    </>
  );
}
