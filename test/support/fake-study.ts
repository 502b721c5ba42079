import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TaurecError } from '../../src/errors.ts';
import type { Space } from '../../src/search/space.ts';
import { type SearchName, searches } from '../../src/search/space-searches.ts';
import type { Executor, RunContext, RunTask } from '../../src/tuning/executor.ts';
import type { StudyPlan } from '../../src/tuning/run-study.ts';
import type { RunKey, RunOutcome } from '../../src/tuning/study.ts';
import type { StudyStore } from '../../src/tuning/study-store.ts';

/** What a made-up training is worth. Trials whose x is above 90 diverge. */
export function worth({ x, y, epochs }: { x?: unknown; y?: unknown; epochs?: unknown }): number {
  const peak = y === 'b' ? 40 : 60;
  return (
    1 / (1 + Math.abs((x as number) - peak) / 10) + 0.01 * Math.sin(7 * (x as number)) + 0.001 * (epochs as number)
  );
}

const plain: Space = { x: { uniform: [0, 100] }, y: { choice: ['a', 'b'] } };

interface FakeSettings extends Omit<Partial<StudyPlan>, 'search'> {
  readonly search?: SearchName;
  readonly seed?: number;
}

export function fakePlan({ search = 'tpe', seed = 3, space = plain, ...more }: FakeSettings = {}): StudyPlan {
  const rungs = more.halving?.rungs ?? [0.2, 0.5, 1];

  return {
    space,
    search: searches[search](space, seed),
    trials: 12,
    halving: { rungs, factor: 3 },
    metric: 'ndcg@20',
    configOf: (point, rung) => ({ ...point, seed: 3, epochs: Math.round(10 * rungs[rung]!) }),
    ...more,
  };
}

/** Trainings that are made up: an epoch a turn of the event loop, a checkpoint (a file with the epoch) after every second. */
export class FakeExecutor implements Executor {
  readonly capacity: number;
  /** What was begun, in order: trial, rung, and the epoch it went on after. */
  readonly begun: (RunKey & { readonly fromEpoch: number })[] = [];
  readonly #folder: string;
  readonly #onEpoch: (key: RunKey, epoch: number) => void;

  constructor(folder: string, capacity = 1, onEpoch: (key: RunKey, epoch: number) => void = () => {}) {
    this.#folder = folder;
    this.capacity = capacity;
    this.#onEpoch = onEpoch;
  }

  threads(sideBySide: number) {
    return { all: this.capacity, one: Math.max(1, Math.floor(this.capacity / sideBySide)) };
  }

  async run({ key, config }: RunTask, { signal, onNews }: RunContext): Promise<RunOutcome> {
    const path = join(this.#folder, 'checkpoints', `${key.trial}-${key.rung}`, 'checkpoint.safetensors');
    const fromEpoch = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
    this.begun.push({ ...key, fromEpoch });
    onNews({ type: 'begun', worker: 'fake', fromEpoch });
    const epochs = config.epochs as number;
    const point = (epoch: number) => ({ epoch, loss: 1 / epoch, learningRate: 0.1 });
    for (let epoch = fromEpoch + 1; epoch <= epochs; epoch++) {
      await new Promise((wake) => setImmediate(wake));
      if (signal.aborted) throw new TaurecError('aborted');
      if ((config.x as number) > 90) return { failed: { code: 'diverged', message: 'Diverged.' } };
      onNews({ type: 'point', point: point(epoch) });
      if (epoch % 2 === 0) {
        mkdirSync(join(path, '..'), { recursive: true });
        writeFileSync(path, `${epoch}`);
        onNews({ type: 'checkpoint', path });
      }
      this.#onEpoch(key, epoch);
    }
    const curve = Array.from({ length: epochs }, (_, i) => point(i + 1));
    const engine = { name: 'fake', build: 'none', threads: 1 };
    return {
      value: worth(config),
      epoch: epochs,
      popularityPrior: 0,
      seconds: { train: 1, validate: 0 },
      engine,
      curve,
    };
  }

  async recorded(): Promise<void> {}

  async ended(): Promise<void> {}

  async close(): Promise<void> {}
}

/** All of a study but times and who worked. */
export function contentOf(store: StudyStore) {
  return {
    trials: store.trials,
    runs: store.runs.map(({ checkpoint: _, ...run }) => ({ ...run, curve: store.curve(run) })),
  };
}
