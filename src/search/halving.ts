import * as z from 'zod';
import { option } from '../option.ts';

const part = z
  .number({ error: 'fractions of the training above 0' })
  .gt(0, { error: 'fractions of the training above 0' });
const ascending = (rungs: readonly number[]) => rungs.every((rung, i) => i === 0 || rung > rungs[i - 1]!);

const group = 'Search:';

/** Options of successive halving: every trial has a run on the first rung, a short training; only the best trials are promoted to a run on the next rung. */
export const halvingShape = {
  /** Training lengths as fractions of the full length, ascending and ending with 1. [1] trains every trial to the end. Default [0.2, 1]. */
  rungs: option(
    z
      .array(part)
      .min(1, { error: 'at least one fraction' })
      .refine((rungs) => ascending(rungs) && rungs.at(-1) === 1, {
        error: 'ascending fractions of the training that end with 1',
      })
      .default([0.2, 1]),
    {
      group,
      flag: '--rungs <numbers>',
      help: 'training lengths of successive halving, as fractions ending with 1',
    },
  ),
  /** One in this many trials of a rung, rounded up, is promoted to the next rung. A number > 1; default 8. */
  factor: option(z.number({ error: 'a number above 1' }).gt(1, { error: 'a number above 1' }).default(8), {
    group,
    flag: '--factor <number>',
    help: 'one in this many trials is promoted to the next rung',
  }),
};

/** Checked options of successive halving. */
export type Halving = z.output<z.ZodObject<typeof halvingShape>>;

/** The facts about a run that halving reads: its trial, its rung and its validation metric. */
export interface RungResult {
  readonly trial: number;
  /** Index of the rung, from 0 (the shortest training). */
  readonly rung: number;
  /** Only `done` runs are ranked. */
  readonly state: string;
  /** Validation metric, larger is better; present if the state is `done`. */
  readonly value?: number;
}

/** Number of trials on each rung if the first has `trials`: ⌈trials / factor⌉ of the rung below, but at least `finalists` as long as the rung below has that many. */
export function rungSizes(trials: number, { rungs, factor }: Halving, finalists = 1): number[] {
  let size = trials;
  return rungs.map((_, rung) => {
    if (rung > 0) size = Math.max(Math.ceil(size / factor), Math.min(finalists, size));
    return size;
  });
}

/** The finished runs of a rung, best first; of equal values the earlier trial comes first. Failed runs are left out, so they are never promoted. */
export function ranked<R extends RungResult>(runs: readonly R[], rung: number): R[] {
  return runs
    .filter((run) => run.rung === rung && run.state === 'done')
    .sort((a, b) => b.value! - a.value! || a.trial - b.trial);
}

/** The best run of the highest rung with a finished run. Values of different rungs are not compared: a longer training usually scores higher. */
export function winnerOf<R extends RungResult>(runs: readonly R[]): R | undefined {
  const highest = Math.max(-1, ...runs.filter(({ state }) => state === 'done').map(({ rung }) => rung));
  return ranked(runs, highest)[0];
}
