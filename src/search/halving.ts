import { z } from 'zod';
import { option } from '../option.ts';

const part = z
  .number({ error: 'fractions of the training above 0' })
  .gt(0, { error: 'fractions of the training above 0' });
const ascending = (rungs: readonly number[]) => rungs.every((rung, i) => i === 0 || rung > rungs[i - 1]!);

const group = 'Search:';

/** Successive halving: every trial runs on the first rung, the best ones on the next. */
export const halvingShape = {
  /** Lengths of the trainings as fractions of the whole, ascending; the last is 1. [1] trains every trial in full. */
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
  /** One of this many trials of a rung is promoted to the next; rounded up. */
  factor: option(z.number({ error: 'a number above 1' }).gt(1, { error: 'a number above 1' }).default(8), {
    group,
    flag: '--factor <number>',
    help: 'one in this many trials is promoted to the next rung',
  }),
};

/** Checked options of successive halving. */
export type Halving = z.output<z.ZodObject<typeof halvingShape>>;

/** The part of a training that halving reads: its trial, its rung and the metric that it reached. */
export interface RungResult {
  readonly trial: number;
  /** From 0. */
  readonly rung: number;
  /** Only `done` runs are ranked. */
  readonly state: string;
  /** Validation metric, larger is better; present when `done`. */
  readonly value?: number;
}

/** Trials on each rung when the first has `trials`: a fraction of the rung below, but at least `finalists` where there are that many. */
export function rungSizes(trials: number, { rungs, factor }: Halving, finalists = 1): number[] {
  let size = trials;
  return rungs.map((_, rung) => {
    if (rung > 0) size = Math.max(Math.ceil(size / factor), Math.min(finalists, size));
    return size;
  });
}

/** The runs of a rung from the best down; of equal values the earlier trial is better. Failed runs are left out, so they are never promoted. */
export function ranked<R extends RungResult>(runs: readonly R[], rung: number): R[] {
  return runs
    .filter((run) => run.rung === rung && run.state === 'done')
    .sort((a, b) => b.value! - a.value! || a.trial - b.trial);
}

/** The best run of the highest rung that has one. */
export function winnerOf<R extends RungResult>(runs: readonly R[]): R | undefined {
  const highest = Math.max(-1, ...runs.filter(({ state }) => state === 'done').map(({ rung }) => rung));
  return ranked(runs, highest)[0];
}
