import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { RunInfo } from '../../session.ts';
import type { Studio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import {
  configOf,
  type FormField,
  optionsOfValues,
  type Value,
  type Values,
  valuesOfOptions,
  withValue,
} from './options.ts';
import { fieldsOf } from './schema-fields.ts';

/** Milliseconds after the last key in a field before a training starts anew. A choice starts it at once. */
const PATIENCE = 150;
/** Interactions up to which a change of an option restarts at once unless a person says otherwise. */
const QUICK = 300_000;

/** The options of the next training, and the training that is watched. */
export class Trainer {
  readonly fields: readonly FormField[];
  readonly values: Signal<Values>;
  /** True when a change of an option restarts the training. */
  readonly restarts: Signal<boolean>;
  /** The run that is watched: the one of the address, else the latest. */
  readonly run: ReadonlySignal<RunInfo | undefined>;
  readonly starting = new Task<RunInfo>();
  readonly #studio: Studio;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(studio: Studio) {
    this.#studio = studio;
    this.fields = fieldsOf(studio.about.peek()?.schema ?? {});
    this.values = signal(valuesOfOptions(studio.place.peek().options, this.fields));
    this.restarts = signal((studio.data.peek()?.parts.train ?? 0) <= QUICK);
    this.run = computed(() => studio.chosen.value[0] ?? studio.runs.value[0]);
  }

  /** Changes an option; undefined: back to its default. */
  set(field: FormField, value: Value | undefined): void {
    const before = this.values.peek();
    this.values.value = withValue(before, field, value, this.fields);
    const gone = Object.fromEntries(Object.keys(before).map((path) => [path, '']));
    this.#studio.setOptions({ ...gone, ...optionsOfValues(this.values.peek()) });
    clearTimeout(this.#timer);
    if (this.restarts.peek() && this.run.peek()) {
      const patience = field.kind === 'number' ? PATIENCE : 0;
      this.#timer = setTimeout(() => void this.start(), patience);
    }
  }

  /** Starts a training with the options. One that is not done gives way to it. */
  start(): Promise<unknown> {
    clearTimeout(this.#timer);
    return this.starting.run(async () => {
      const studio = this.#studio;
      const before = this.run.peek();
      const stopped = before && isActive(before) && (await this.#stop(before)) ? before : undefined;
      const values = this.values.peek();
      const info = await studio.session.start(configOf(values, this.fields), { name: nameOf(values, this.fields) });
      studio.live.keep(info);
      studio.go({ runs: [info.id] }, 'replace');
      // Not before: without a run of the address the page would turn to an earlier one for a moment.
      if (stopped) await studio.discard(stopped.id);
      return info;
    });
  }

  /** Pauses, resumes, steps or cancels the run that is watched. */
  act(act: 'pause' | 'resume' | 'step' | 'cancel'): Promise<unknown> {
    const run = this.run.peek();
    if (!run) return Promise.resolve();
    return this.starting.run(async () => {
      const info = await this.#studio.session.control(run.id, act);
      this.#studio.live.keep(info);
      return info;
    });
  }

  /** Forgets the run that is watched, its curves and its model. */
  reset(): Promise<unknown> {
    const run = this.run.peek();
    if (!run) return Promise.resolve();
    return this.starting.run(async () => {
      await this.#studio.discard(run.id);
      return run;
    });
  }

  /** Ends the waiting for further changes. */
  dispose(): void {
    clearTimeout(this.#timer);
  }

  /** Stops a run; false for one that came to its end by itself meanwhile. */
  async #stop({ id }: RunInfo): Promise<boolean> {
    const { session } = this.#studio;
    try {
      return (await session.control(id, 'cancel')).state === 'cancelled';
    } catch (error) {
      const now = (await session.runs()).find((run) => run.id === id);
      if (now && isActive(now)) throw error;
      return false;
    }
  }
}

/** True for a run that is not at its end. */
export function isActive({ state }: RunInfo): boolean {
  return state === 'waiting' || state === 'running' || state === 'paused';
}

/** The name of a run: its loss, and what differs from the defaults. */
export function nameOf(values: Values, fields: readonly FormField[]): string {
  const loss = String(values['loss.name'] ?? fields.find(({ path }) => path === 'loss.name')?.usual ?? 'default');
  const rest = Object.entries(values)
    .filter(([path]) => path !== 'loss.name')
    .map(([path, value]) => `${shortName(path)} ${value}`);
  return [loss, ...rest].join(', ');
}

const short: Readonly<Record<string, string>> = { tau: 'τ', tau1: 'τ₁', negativeWeight: 'λ', learningRate: 'rate' };

function shortName(path: string): string {
  const last = path.split('.').at(-1)!;
  return short[last] ?? last.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
