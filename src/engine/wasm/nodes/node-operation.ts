import type { Crew } from '../crew.ts';
import type { ThreadMemory } from '../memory.ts';

/** An operation on node tables as the threads do it: its arguments are numbers, which the coordinator leaves in the shared memory. */
export interface NodeOperation {
  /** Takes tasks from the crew until none is left. */
  run(memory: ThreadMemory, crew: Crew, thread: number, args: Float64Array): void;
}

/** Rows a task takes. */
const CHUNK = 64;

/** Calls `work` for ranges of rows, `chunk` of them at a time, until all `rows` are taken. */
export function takeRows(
  crew: Crew,
  rows: number,
  work: (from: number, to: number) => void,
  chunk: number = CHUNK,
): void {
  const tasks = Math.ceil(rows / chunk);
  for (let task = crew.nextTask(); task < tasks; task = crew.nextTask()) {
    work(task * chunk, Math.min(rows, (task + 1) * chunk));
  }
}
