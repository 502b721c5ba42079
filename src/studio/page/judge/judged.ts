import { signal } from '@preact/signals';
import type { Judgement, RunInfo } from '../../session.ts';
import type { Studio } from '../state/studio.ts';
import { Task } from '../state/task.ts';

/** The judgements of a page, so that a test part that was opened is not opened again for another look at its figures. */
const known = new WeakMap<Studio, Map<string, Task<Judgement>>>();
/** Counts the judgements, so that who reads them all is drawn again. */
const made = signal(0);

/** The judgement of a run by a part of its data; of an opened model by the data in use. */
export function judgementOf(studio: Studio, run: RunInfo, part: Judgement['part']): Task<Judgement> {
  const all = known.get(studio) ?? new Map<string, Task<Judgement>>();
  known.set(studio, all);
  const data = run.request ?? studio.data.value?.request;
  const key = `${run.id} ${part} ${JSON.stringify(data)}`;
  const task = all.get(key) ?? new Task<Judgement>();
  all.set(key, task);
  return task;
}

/** Measures a run by a part of its data. The test part is opened by it. */
export async function judge(studio: Studio, run: RunInfo, part: Judgement['part']): Promise<void> {
  const judgement = await judgementOf(studio, run, part).run((control) => studio.session.judge(run.id, part, control));
  if (!judgement) return;
  made.value++;
  studio.say(part === 'test' ? 'The test part is open.' : 'The model is measured.');
}

/** All judgements that are there. */
export function judgements(studio: Studio): readonly Judgement[] {
  void made.value;
  return [...(known.get(studio)?.values() ?? [])].flatMap(({ value }) => (value ? [value] : []));
}
