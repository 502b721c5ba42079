import type { Model } from '../../model/model.ts';
import type { ModelConfig } from '../../model/model-facts.ts';
import type { TrainConfigInput } from '../../training/config.ts';
import type { EngineIdentity, EpochRecord, Phase, TrainEvent } from '../../training/events.ts';
import type { DataRequest, Failure, RunInfo, RunState } from '../session.ts';
import type { LoadedData } from './data-desk.ts';
import type { BegunRun, RunProgress } from './host.ts';

/** What a run starts from. */
export interface RunStart {
  readonly id: string;
  readonly name: string;
  readonly config: TrainConfigInput;
  readonly epochs: number;
  /** Absent: a model that came from an archive or a store. */
  readonly data?: LoadedData;
  readonly sweep?: string;
  /** The text of a typed loss. */
  readonly loss?: string;
}

/** A run with its state, which follows the events of its training. */
export class Run {
  readonly id: string;
  readonly name: string;
  readonly config: TrainConfigInput;
  /** Until the run ends. */
  data: LoadedData | undefined;
  readonly loss: string | undefined;
  readonly #sweep: string | undefined;
  state: RunState = 'waiting';
  opened = 0;
  failure: Failure | undefined;
  /** True for a run that goes on from its checkpoint, where there is one. */
  resumes = false;
  /** Until the model is saved. */
  model: Model | undefined;
  #phase: Phase | undefined;
  #epoch = 0;
  #epochs: number;
  #history: EpochRecord[] = [];
  #chosen: Readonly<Record<string, number>> | undefined;
  #valid: Readonly<Record<string, number>> | undefined;
  #seconds: number | undefined;
  #engine: EngineIdentity | undefined;
  #request: DataRequest | undefined;
  #typed: boolean;
  /** What it trains on, for a later session; absent for a model that came from elsewhere. */
  #origin: BegunRun['data'] | undefined;
  #size: { readonly users: number; readonly items: number } | undefined;

  constructor({ id, name, config, epochs, data, sweep, loss }: RunStart) {
    this.id = id;
    this.name = name;
    this.config = config;
    this.data = data;
    this.loss = loss;
    this.#epochs = epochs;
    this.#sweep = sweep;
    this.#request = data?.summary.request;
    this.#typed = loss !== undefined;
    this.#origin = data && { key: data.key, source: data.summary.info.source };
  }

  /** A run that ended before, by its facts. */
  static ended(info: RunInfo, model?: Model): Run {
    const run = new Run(info);
    run.state = info.state;
    run.opened = info.opened;
    run.model = model;
    run.#phase = info.phase;
    run.#epoch = info.epoch;
    run.#history = [...info.history];
    run.#chosen = info.chosen;
    run.#valid = info.valid;
    run.#seconds = info.seconds;
    run.#engine = info.engine;
    run.#request = info.request;
    run.#typed = info.typed === true;
    run.failure = info.failure;
    const { users, items } = info;
    if (users !== undefined && items !== undefined) run.#size = { users, items };
    return run;
  }

  /** A run whose session ended before it did. */
  static interrupted({ info, data }: BegunRun): Run {
    const run = Run.ended({ ...info, state: 'interrupted' });
    run.#origin = data;
    return run;
  }

  /** What a later session needs to resume it; undefined for a model that came from elsewhere. */
  get begun(): BegunRun | undefined {
    // What ended it before says nothing of the training that begins.
    const { failure: _, ...info } = this.info;
    return this.#origin && { info, data: this.#origin };
  }

  get info(): RunInfo {
    return {
      id: this.id,
      name: this.name,
      state: this.state,
      config: this.config,
      ...(this.#phase && { phase: this.#phase }),
      epoch: this.#epoch,
      epochs: this.#epochs,
      history: [...this.#history],
      ...(this.#chosen && { chosen: this.#chosen }),
      ...(this.#valid && { valid: this.#valid }),
      ...(this.#seconds !== undefined && { seconds: this.#seconds }),
      ...(this.#engine && { engine: this.#engine }),
      ...(this.failure && { failure: this.failure }),
      ...(this.#sweep !== undefined && { sweep: this.#sweep }),
      ...(this.#request && { request: this.#request }),
      ...(this.#typed && { typed: true }),
      ...(this.resumable && { resumable: true }),
      opened: this.opened,
      ...this.#size,
    };
  }

  /** The data it was started on, as they were asked for. */
  get request(): DataRequest | undefined {
    return this.#request;
  }

  get ended(): boolean {
    return ['done', 'failed', 'cancelled', 'interrupted'].includes(this.state);
  }

  /** Whether an interrupted run has all that its training needs: a typed loss goes with its page. */
  get resumable(): boolean {
    return this.state === 'interrupted' && !(this.#typed && this.loss === undefined);
  }

  /** Goes back to what is kept of it: the training goes on from there. */
  goBack({ phase, epoch, history, seconds }: RunProgress): void {
    this.#phase = phase;
    this.#epoch = epoch;
    this.#history = [...history];
    this.#seconds = seconds;
  }

  /** Follows the training by one event. */
  take(event: TrainEvent): void {
    if ('phase' in event) this.#phase = event.phase;
    if (event.type === 'start') {
      this.#size = { users: event.users, items: event.items };
      this.#engine = event.engine;
      const from = event.resumed ?? 0;
      this.#epoch = from;
      // What came after the checkpoint comes again.
      if (event.phase === 'search') this.#history = this.#history.filter(({ epoch }) => epoch <= from);
      if (event.phase !== 'tune') this.#epochs = event.epochs;
    } else if (event.type === 'epoch') {
      const { type: _, phase, ...record } = event;
      this.#epoch = event.epoch;
      // A trial is no part of the run, and a refit has no validation to compare with.
      if (phase === 'search') this.#history.push(record);
      this.#seconds = event.seconds;
    } else if (event.type === 'validation') {
      const { metrics, popularityPrior } = event;
      this.#history[this.#history.length - 1] = { ...this.#history.at(-1)!, valid: metrics, popularityPrior };
    } else if (event.type === 'tuned') this.#chosen = event.chosen;
  }

  /** Takes the model of the training. The run is done once that is saved too. */
  finish(model: Model, result: Pick<RunInfo, 'history' | 'valid' | 'chosen'> & { readonly seconds: number }): void {
    this.model = model;
    this.#history = [...result.history];
    this.#valid = result.valid;
    if (result.chosen) this.#chosen = { ...this.#chosen, ...result.chosen };
    this.#seconds = result.seconds;
  }
}

/** What a model says of a run that made it, for a model that came from elsewhere. */
export function runOfModel({
  training,
  engine,
  epochs,
  users,
  items,
  metrics,
}: ModelConfig): Omit<RunInfo, 'id' | 'name'> {
  return {
    state: 'done',
    config: training as TrainConfigInput,
    epoch: epochs ?? 0,
    epochs: Number(training.epochs ?? epochs ?? 0),
    history: [],
    engine,
    ...(metrics?.valid && { valid: metrics.valid.values }),
    opened: 0,
    users,
    items,
  };
}
