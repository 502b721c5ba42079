import { useEffect, useMemo } from 'preact/hooks';
import { ChooseData } from '../parts/choose-data.tsx';
import { Empty } from '../parts/empty.tsx';
import { useStudio } from '../state/studio.ts';
import { ItemMap } from './item-map.tsx';
import { LossStrip } from './loss-strip.tsx';
import { OptionForm } from './option-form.tsx';
import { PersonList } from './person-list.tsx';
import { RunCurves } from './run-curves.tsx';
import { namesOf } from './schema-fields.ts';
import { Trainer } from './trainer.ts';
import { Transport } from './transport.tsx';

/** The screen where models are trained, and watched while they learn. */
export function TrainRoom() {
  const studio = useStudio();
  const trainer = useMemo(() => new Trainer(studio), []);
  useEffect(() => () => trainer.dispose(), []);
  const data = studio.data.value;
  const run = trainer.run.value;
  useEffect(() => {
    if (run?.state === 'done') studio.say(`${run.name} is trained.`);
    if (run?.state === 'failed') studio.say(`${run.name} failed.`);
  }, [run?.id, run?.state]);
  if (!data && !run)
    return (
      <>
        <Elsewhere />
        <Empty title="There is nothing to learn from yet" action={<ChooseData />}>
          First choose data: a sample is enough. Then come back, and watch a model learn from it.
        </Empty>
      </>
    );
  const fields = trainer.fields.value;
  const loss = fields.find(({ path }) => path === 'loss.name');
  const values = trainer.values.value;
  return (
    <div class="training">
      {loss && (
        <LossStrip
          names={namesOf(fields, 'loss')}
          value={String(values['loss.name'] ?? loss.usual)}
          usual={String(loss.usual)}
          onChange={(name) => trainer.set(loss, name)}
        />
      )}
      <Transport trainer={trainer} />
      <Elsewhere />
      <section class="card training-options" aria-labelledby="options">
        <h2 id="options">Options</h2>
        {Object.keys(trainer.objective.value).length > 0 && (
          <p class="help">
            The defaults are those of <code>taurec train</code> for these data: negatives by popularity, and a
            popularity prior by validation.
          </p>
        )}
        <OptionForm fields={fields} values={values} onChange={(field, value) => trainer.set(field, value)} />
      </section>
      <div class="training-view">
        {run ? (
          <>
            <RunCurves run={run} />
            <div class="pair wide">
              <ItemMap run={run} />
              <PersonList run={run} />
            </div>
          </>
        ) : (
          <Empty title="Ready">
            Press Train: the curves, the map of the items and one person’s list follow every epoch.
          </Empty>
        )}
      </div>
    </div>
  );
}

/** The runs that another tab of the page, or another studio of the folder, trains. */
function Elsewhere() {
  const runs = useStudio().about.value?.elsewhere ?? [];
  if (runs.length === 0) return null;
  return (
    <ul class="notes" aria-label="Runs that train elsewhere">
      {runs.map((run) => (
        <li key={run} class="note">
          A training goes on elsewhere: {run}. It is here, too, once it is done and this page is loaded again.
        </li>
      ))}
    </ul>
  );
}
