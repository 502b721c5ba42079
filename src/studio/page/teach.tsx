import { useStudio } from './state/studio.ts';

/** The three tasks of the teacher's mode, each ticked off by what the page knows. */
export function Tasks() {
  const studio = useStudio();
  const runs = studio.runs.value;
  const done = runs.filter(({ state }) => state === 'done');
  const tasks = [
    { text: 'Load the sample, and find its most popular item.', ready: studio.data.value !== undefined },
    { text: 'Train a model, and watch a person’s list change.', ready: done.length > 0 },
    { text: 'Change one option, train again, and compare the curves.', ready: differing(done) },
  ];
  const left = tasks.filter(({ ready }) => !ready).length;
  return (
    <section class="tasks" aria-label="Tasks">
      <h2>{left === 0 ? 'All three tasks are done' : 'Three tasks'}</h2>
      <ol>
        {tasks.map(({ text, ready }) => (
          <li key={text} data-ready={ready}>
            <span class="tick" aria-hidden="true">
              {ready ? '✓' : '○'}
            </span>
            {text}
            <span class="hidden">{ready ? ' (done)' : ' (to do)'}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function differing(runs: readonly { readonly config: object }[]): boolean {
  return new Set(runs.map(({ config }) => JSON.stringify(config))).size > 1;
}
