import { z } from 'zod';

const part = z.number({ error: 'parts of the training above 0' }).gt(0, { error: 'parts of the training above 0' });
const ascending = (rungs: readonly number[]) => rungs.every((rung, i) => i === 0 || rung > rungs[i - 1]!);

/** Successive halving: every trial runs on the first rung, the best on the next. */
export const halvingSchema = z.strictObject({
  /** Lengths of the trainings as parts of the whole, ascending; the last is 1. [1] trains every trial in full. */
  rungs: z
    .array(part)
    .min(1, { error: 'at least one part' })
    .refine((rungs) => ascending(rungs) && rungs.at(-1) === 1, {
      error: 'ascending parts of the training that end with 1',
    })
    .default([0.2, 1]),
  /** Of so many trials of a rung one goes on to the next; rounded up. */
  factor: z.number({ error: 'a number above 1' }).gt(1, { error: 'a number above 1' }).default(8),
});

export type Halving = z.output<typeof halvingSchema>;

/** What halving reads of a training: which trial on which rung, and the metric that it reached. */
export interface RungResult {
  readonly trial: number;
  /** From 0. */
  readonly rung: number;
  /** Only `done` runs are ranked. */
  readonly state: string;
  /** Validation metric, larger is better; present when `done`. */
  readonly value?: number;
}

/** How many trials each rung takes when the first takes `trials`: a part of the one below, and at least `finalists` where there are that many. */
export function rungSizes(trials: number, { rungs, factor }: Halving, finalists = 1): number[] {
  let size = trials;
  return rungs.map((_, rung) => {
    if (rung > 0) size = Math.max(Math.ceil(size / factor), Math.min(finalists, size));
    return size;
  });
}

/** The runs of a rung from the best down; of equal values the earlier trial is better. Runs that failed are left out: they go no further. */
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
