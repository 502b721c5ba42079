import type { Run } from './study.ts';

/** Number of finalists for whose whole trainings time is reserved. Short trainings rank trials with noise, so the better of two whole ones is usually better than one. */
export const FINALISTS = 2;
/** Safety factor of that reserve: on gowalla an estimate was 3% short, and no time was left for the second whole training. */
const MARGIN = 1.15;
/** Exponent of the negatives per row in the seconds of an epoch: below 1, because part of drawing, gathering and updating does not depend on them. */
const NEGATIVES = 0.5;

/** The cost of a training: thread-seconds of training and of one validation. */
interface Cost {
  readonly train: number;
  readonly validation: number;
}

/** Keeps a study within its seconds: decides from the cost of earlier trainings whether another may start. */
export class Budget {
  readonly #seconds: number;
  readonly #rungs: number;
  readonly #elapsed: () => number;

  /** @param seconds of the budget @param rungs number of rungs @param elapsed seconds spent so far, in all sessions */
  constructor(seconds: number, rungs: number, elapsed: () => number) {
    this.#seconds = seconds;
    this.#rungs = rungs;
    this.#elapsed = elapsed;
  }

  /**
   * True when one more training on `rung`, and the finalists' trainings on the rungs above, would end in time with a margin.
   * @param threads of all parallel trainings, and of this one
   * @param wholes the configuration of a run on each rung, from which the cost of a rung without runs is estimated
   */
  hasTime(
    rung: number,
    runs: readonly Run[],
    threads: { all: number; one: number },
    wholes: readonly Config[],
  ): boolean {
    const costs = costsOf(runs, this.#rungs, wholes);
    // No cost is known before the first training has ended.
    const one = costs[rung];
    if (one === undefined) return this.#elapsed() < this.#seconds;
    const above = costs.slice(rung + 1).reduce((sum: number, cost) => sum + (cost ?? 0), 0);
    const reserve = (MARGIN * above * FINALISTS) / threads.all;
    return this.#elapsed() + one / threads.one + reserve <= this.#seconds;
  }
}

type Config = Run['config'];

/** Thread-seconds of a run on each rung: the mean of finished runs, or an estimate from the rung below; undefined when neither exists. */
function costsOf(runs: readonly Run[], rungs: number, configs: readonly Config[]): (number | undefined)[] {
  let below: { cost: Cost; config: Config } | undefined;
  return Array.from({ length: rungs }, (_, rung) => {
    const done = runs.filter((run) => run.rung === rung && run.seconds !== undefined);
    const config = done[0]?.config ?? configs[rung];
    if (done.length > 0) below = { cost: meanCost(done), config: done[0]!.config };
    else if (below && config) below = { cost: scaled(below.cost, below.config, config), config };
    return below && below.cost.train + below.cost.validation * validations(config ?? {});
  });
}

/** Mean cost of finished runs. Wall seconds times threads make runs with different numbers of threads comparable. */
function meanCost(runs: readonly Run[]): Cost {
  const mean = (of: (run: Run) => number) => runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  const threads = ({ engine }: Run) => engine?.threads ?? 1;
  return {
    train: mean((run) => run.seconds!.train * threads(run)),
    validation: mean((run) => (run.seconds!.validate * threads(run)) / validations(run.config)),
  };
}

/** The cost of `to`, estimated from that of `from`: proportional to the epochs, and to a power of the negatives per row. */
function scaled({ train, validation }: Cost, from: Config, to: Config): Cost {
  const negatives = ({ batch }: Config) => {
    const n = (batch as { negatives?: unknown } | undefined)?.negatives;
    return typeof n === 'number' ? n : 1;
  };
  const longer = epochsOf(to) / epochsOf(from);
  return { train: train * longer * (negatives(to) / negatives(from)) ** NEGATIVES, validation };
}

/** Epochs of a configuration as JSON. */
function epochsOf({ epochs }: Config): number {
  return (epochs as number | undefined) ?? 1;
}

/** Number of validations of a training, at least 1. */
function validations(config: Config): number {
  const every = (config.validation as { every?: number } | undefined)?.every ?? 1;
  return Math.max(1, Math.ceil(epochsOf(config) / every));
}
