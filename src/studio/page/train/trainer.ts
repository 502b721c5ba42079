import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { TaurecError } from '../../../errors.ts';
import type { TrainConfigInput } from '../../../training/config.ts';
import { excludesObjectiveByData } from '../../../training/default-objective.ts';
import type { RunInfo } from '../../session.ts';
import type { Studio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import {
  changedOf,
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
  /** The objective of the data in use, with which the defaults begin; empty where the declared ones hold, or what a person changed excludes it. */
  readonly objective: ReadonlySignal<TrainConfigInput>;
  readonly fields: ReadonlySignal<readonly FormField[]>;
  /** What differs from the defaults. */
  readonly values: ReadonlySignal<Values>;
  /** True when a change of an option restarts the training. */
  readonly restarts: Signal<boolean>;
  /** The run that is watched: the one of the address, else the latest. */
  readonly run: ReadonlySignal<RunInfo | undefined>;
  /** What is asked of the session. */
  readonly starting = new Task<void>();
  readonly #studio: Studio;
  /** What a person changed, whatever the defaults are now. */
  readonly #changed: Signal<Values> = signal({});
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** The last of the calls, which follow one another: each begins with the runs that the one before it left. */
  #turn: Promise<void> = Promise.resolve();
  /** Starts that were asked for. */
  #starts = 0;

  constructor(studio: Studio) {
    this.#studio = studio;
    this.objective = computed(() =>
      excludesObjectiveByData(configOf(this.#changed.value, [])) ? {} : (studio.data.value?.objective ?? {}),
    );
    this.fields = computed(() => fieldsOf(studio.about.value?.schema ?? {}, this.objective.value));
    this.values = computed(() => changedOf(this.#changed.value, this.fields.value));
    // What an option takes is the same under all defaults.
    this.#changed.value = valuesOfOptions(studio.place.peek().options, this.fields.peek());
    this.restarts = signal((studio.data.peek()?.parts.train ?? 0) <= QUICK);
    this.run = computed(() => studio.chosen.value[0] ?? studio.runs.value[0]);
  }

  /** Changes an option; undefined: back to its default. */
  set(field: FormField, value: Value | undefined): void {
    const before = this.#changed.peek();
    this.#changed.value = withValue(before, field, value, this.fields.peek());
    const gone = Object.fromEntries(Object.keys(before).map((path) => [path, '']));
    this.#studio.setOptions({ ...gone, ...optionsOfValues(this.values.peek()) });
    clearTimeout(this.#timer);
    if (this.restarts.peek() && this.run.peek()) {
      const patience = field.kind === 'number' ? PATIENCE : 0;
      this.#timer = setTimeout(() => void this.start(), patience);
    }
  }

  /** Starts a training with the options. Those of the page that are not done give way to it; those of a sweep or of another page go on. */
  start(): Promise<void> {
    clearTimeout(this.#timer);
    const number = ++this.#starts;
    return this.#ask(async (studio) => {
      // Options that changed meanwhile have a start of their own.
      if (number !== this.#starts) return;
      const stopped: string[] = [];
      for (const id of studio.started) if (await this.#stop(id)) stopped.push(id);
      const [values, fields] = [this.values.peek(), this.fields.peek()];
      const info = await studio.session.start(configOf(values, fields), { name: nameOf(values, fields) });
      studio.started.add(info.id);
      studio.live.know(info);
      studio.go({ runs: [info.id] }, 'replace');
      // Not before: without a run of the address the page would turn to an earlier one for a moment.
      for (const id of stopped) await studio.discard(id);
    });
  }

  /** Pauses, resumes, steps or cancels the run that is watched. */
  act(act: 'pause' | 'resume' | 'step' | 'cancel'): Promise<void> {
    return this.#ask(async (studio) => {
      const run = this.run.peek();
      if (!run) return;
      studio.live.know(await studio.session.control(run.id, act));
      // A run that is resumed takes its data into use where none are.
      studio.data.value ??= await studio.session.data();
    });
  }

  /** True for a run that a person should be asked about before `reset`: its model is done, or it was started elsewhere. */
  asksFirst({ id, state }: RunInfo): boolean {
    return state === 'done' || state === 'interrupted' || !this.#studio.started.has(id);
  }

  /** Forgets a run, its curves and its model. */
  reset({ id }: RunInfo): Promise<void> {
    return this.#ask((studio) => studio.discard(id));
  }

  /** Ends the waiting for further changes. */
  dispose(): void {
    clearTimeout(this.#timer);
  }

  /** Does the work once what was asked before is done or has failed. */
  #ask(work: (studio: Studio) => Promise<void>): Promise<void> {
    return this.starting.run(() => {
      const turn = this.#turn.then(() => work(this.#studio));
      this.#turn = turn.catch(() => {});
      return turn;
    });
  }

  /** Stops a run; false for one that is at its end, or came to it by itself meanwhile. */
  async #stop(id: string): Promise<boolean> {
    const { session, runs } = this.#studio;
    const run = runs.peek().find((one) => one.id === id);
    if (!run || !isActive(run)) return false;
    try {
      return (await session.control(id, 'cancel')).state === 'cancelled';
    } catch (error) {
      // It ended, or was discarded; its events tell.
      if (error instanceof TaurecError && ['bad-option', 'unknown-name'].includes(error.code)) return false;
      throw error;
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
