import { TaurecError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import type { ModelConfig } from '../../model/model-facts.ts';
import type { Id } from '../../recommender/recommendation.ts';
import type { TrainConfig, TrainConfigInput } from '../../training/config.ts';
import { trainedModel } from '../../training/trained-model.ts';
import type { RunWatch } from '../../training/training.ts';
import type { DataRequest, LossCheck, RunInfo } from '../session.ts';
import type { LoadedData } from './data-desk.ts';
import type { EventLog } from './event-log.ts';
import { failureOf } from './failure.ts';
import { type BegunRun, type Host, nothingKept } from './host.ts';
import { parsePlainConfig } from './plain-config.ts';
import { Recent } from './recent.ts';
import { Run, runOfModel } from './run.ts';
import { endOf, type RunControl, RunQueue } from './run-queue.ts';
import { TrainingPictures } from './training-pictures.ts';
import type { LossBench } from './typed-loss.ts';

/** Models that stay open, besides those that could not be saved. */
const OPEN = 3;

/** The runs of a workbench: those that wait, train and ended, and those of the store. */
export class RunDesk {
  readonly #host: Host;
  readonly #events: EventLog;
  readonly #followed: () => Id | undefined;
  readonly #runs = new Map<string, Run>();
  readonly #models = new Recent<Promise<Model>>(OPEN);
  readonly #queue: RunQueue;
  /** Runs that are being resumed, with what ends once they wait for their turn, or the store has refused them. */
  readonly #resuming = new Map<Run, Promise<unknown>>();
  /** Runs that are being discarded. */
  readonly #leaving = new Set<Run>();
  #stored: Promise<void> | undefined;
  #lastNumber = 0;
  #problems: readonly string[] = [];
  #elsewhere: readonly string[] = [];

  constructor(host: Host, events: EventLog, followed: () => Id | undefined) {
    this.#host = host;
    this.#events = events;
    this.#followed = followed;
    this.#queue = new RunQueue(
      async (run, control) => {
        try {
          await this.#train(run, control);
        } catch (error) {
          const end = endOf(error, control);
          // It has no model and cannot go on: nothing of it is kept beyond the session.
          if (end === 'failed') await this.#host.store.remove(run.id).catch(() => {});
          if (end === 'interrupted') run.goBack(await this.#host.store.letGo(run.begun!).catch(() => nothingKept));
          throw error;
        }
      },
      (run) => {
        if (run.ended) run.data = undefined;
        this.#tell(run);
      },
    );
  }

  async list(): Promise<readonly RunInfo[]> {
    await this.#look();
    return Array.from(this.#runs.values(), ({ info }) => info);
  }

  /** Runs of the store that are not in the list: those that cannot be read, and those that another session trains; a sentence for each. */
  async absent(): Promise<{ readonly problems: readonly string[]; readonly elsewhere: readonly string[] }> {
    await this.#look();
    return { problems: this.#problems, elsewhere: this.#elsewhere };
  }

  /** @throws TaurecError as training does for a bad configuration; `typed-loss` for a typed loss where none may run */
  async start(
    config: TrainConfigInput,
    data: LoadedData,
    { name, loss, sweep }: { readonly name?: string; readonly loss?: string; readonly sweep?: string },
  ): Promise<RunInfo> {
    const parsed = parsePlainConfig(config);
    if (loss !== undefined) this.#bench();
    await this.#load();
    const run = new Run({
      ...this.#named(name ?? nameOf(parsed, loss)),
      config,
      epochs: parsed.epochs,
      data,
      sweep,
      loss,
    });
    await this.#host.store.begin(run.begun!);
    this.#runs.set(run.id, run);
    this.#queue.add(run);
    return run.info;
  }

  /** What an interrupted run needs to be resumed; undefined for a run in another state. @throws TaurecError `unknown-name` */
  async interrupted(id: string): Promise<BegunRun | undefined> {
    const run = await this.#find(id);
    return run.state === 'interrupted' ? run.begun : undefined;
  }

  /** Resumes an interrupted run on its data. @throws TaurecError `typed-loss` for a loss that went with its page; those of the store */
  async resume(id: string, data: LoadedData): Promise<RunInfo> {
    const run = await this.#find(id);
    if (run.state !== 'interrupted') return this.#queue.control(run, 'resume');
    if (!run.resumable) {
      const remedy = 'Give it again under Compare, Own loss, and train with it.';
      throw new TaurecError('typed-loss', { problem: 'its text went with the page that it was typed in', remedy });
    }
    // Two tabs may ask.
    if (this.#resuming.has(run) || this.#leaving.has(run)) {
      const expected = `a run that is not being ${this.#leaving.has(run) ? 'discarded' : 'resumed'} at present`;
      throw new TaurecError('bad-option', { option: 'resume', got: id, expected });
    }
    const begun = this.#host.store.begin(run.begun!);
    this.#resuming.set(run, begun);
    try {
      await begun;
      Object.assign(run, { data, resumes: true, failure: undefined });
      this.#queue.add(run);
    } finally {
      this.#resuming.delete(run);
    }
    return run.info;
  }

  async newSweep(): Promise<string> {
    await this.#load();
    return `sweep-${this.#lastNumber + 1}`;
  }

  async control(id: string, act: 'pause' | 'resume' | 'step' | 'cancel'): Promise<RunInfo> {
    const run = await this.#find(id);
    await this.#resumed(run);
    const info = await this.#queue.control(run, act);
    if (run.state === 'cancelled') await this.#host.store.remove(id);
    return info;
  }

  async discard(id: string): Promise<void> {
    const run = await this.#find(id);
    this.#leaving.add(run);
    try {
      await this.#resumed(run);
      // It ends once its training has, and what that saves is saved.
      if (!run.ended) await this.#queue.control(run, 'cancel');
      await this.#host.store.remove(id);
    } finally {
      this.#leaving.delete(run);
    }
    // Another tab may have discarded it meanwhile.
    this.#models.delete(id);
    if (this.#runs.delete(id)) this.#events.forget(id);
  }

  checkLoss(text: string): Promise<LossCheck> {
    return this.#bench().check(text);
  }

  /** The model of a run that is done, without what its training could continue from. @throws TaurecError `unknown-name`, `bad-option`; those of the store */
  async model(id: string): Promise<Model> {
    const run = await this.#done(id);
    if (run.model) return run.model;
    let model = this.#models.get(id);
    if (!model) {
      model = this.#host.store.open(id);
      this.#models.set(id, model);
      // A failure, such as a folder that is being written, may not come again.
      model.catch(() => this.#models.delete(id));
    }
    return model;
  }

  /** The whole model of a run that is done. @throws TaurecError as `model` */
  async wholeModel(id: string): Promise<Model> {
    const { model } = await this.#done(id);
    return model ?? this.#host.store.open(id, { trainingState: true });
  }

  /** The data that a run was started on, as they were asked for; undefined for a model that came from an archive. */
  requestOf(id: string): DataRequest | undefined {
    return this.#runs.get(id)?.request;
  }

  /** The data of a run that has no model, at least not yet; undefined where there is a model to ask. @throws TaurecError `unknown-name` */
  async dataWithoutModel(id: string): Promise<LoadedData | undefined> {
    const run = await this.#find(id);
    return run.state === 'done' ? undefined : run.data;
  }

  /** Counts that the test part was opened for a run; returns how often it was, for any run. */
  async countOpening(id: string, data: string): Promise<number> {
    const run = await this.#find(id);
    const opened = await this.#host.store.countOpening(data);
    run.opened++;
    this.#tell(run);
    if (this.#runs.get(id) === run) await this.#host.store.describe(run.info);
    return opened;
  }

  /** Takes a model in as a run that is done. */
  async adopt(model: Model<ModelConfig>, name: string): Promise<RunInfo> {
    await this.#load();
    const run = Run.ended({ ...this.#named(name), ...runOfModel(model.config) }, model);
    // Only then can it be discarded.
    await this.#save(run);
    this.#runs.set(run.id, run);
    this.#tell(run);
    return run.info;
  }

  close(): Promise<void> {
    return this.#queue.close();
  }

  /** A run that has a model. @throws TaurecError `unknown-name`, `bad-option` */
  async #done(id: string): Promise<Run> {
    const run = await this.#find(id);
    if (run.state === 'done') return run;
    const expected = `a run that is done; this one is ${run.state}`;
    throw new TaurecError('bad-option', { option: 'run', got: id, expected });
  }

  async #find(id: string): Promise<Run> {
    await this.#load();
    const run = this.#runs.get(id);
    if (run) return run;
    throw new TaurecError('unknown-name', { kind: 'run', got: id, known: [...this.#runs.keys()] });
  }

  /** Resolves once a run is not being resumed any more. */
  async #resumed(run: Run): Promise<void> {
    await this.#resuming.get(run)?.catch(() => {});
  }

  /** Reads the runs of the store, once. */
  #load(): Promise<void> {
    this.#stored ??= this.#read();
    return this.#stored;
  }

  /** Reads the runs of the store again while another session trains some of them. */
  async #look(): Promise<void> {
    await this.#load();
    if (this.#elsewhere.length > 0) await this.#read();
  }

  /** Takes in the runs of the store that are new, and the models of interrupted runs that another session has trained. */
  async #read(): Promise<void> {
    const { infos, begun, problems, elsewhere } = await this.#host.store.runs();
    this.#problems = problems;
    this.#elsewhere = elsewhere;
    for (const run of [...infos.map((info) => Run.ended(info)), ...begun.map((one) => Run.interrupted(one))]) {
      const known = this.#runs.get(run.id);
      const isTrained = known?.state === 'interrupted' && run.state === 'done' && !this.#resuming.has(known);
      if (known && !isTrained) continue;
      this.#runs.set(run.id, run);
      this.#lastNumber = Math.max(this.#lastNumber, Number(/\d+$/.exec(run.id)?.[0] ?? 0));
    }
  }

  #named(name: string): { readonly id: string; readonly name: string } {
    const number = ++this.#lastNumber;
    return { id: this.#host.store.idOf(number), name };
  }

  #tell(run: Run): void {
    // No news of a run that is gone.
    if (this.#runs.get(run.id) !== run) return;
    this.#events.add({ type: 'run', run: run.id, info: run.info });
  }

  #bench(): LossBench {
    const { losses } = this.#host;
    if (losses) return losses;
    const problem = 'a server runs no code that comes from a page';
    throw new TaurecError('typed-loss', {
      problem,
      remedy: 'Open the studio as a page of its own, or give the loss to taurec train by --loss-module.',
    });
  }

  async #train(run: Run, { signal, pace }: RunControl): Promise<void> {
    const { dataset } = run.data!;
    const config = parsePlainConfig(run.config);
    const pictures = new TrainingPictures(run.id, dataset, config, (event) => this.#events.add(event), this.#followed);
    // Under 'auto' no prior is known before the first validation.
    let prior = typeof config.popularityPrior === 'number' ? config.popularityPrior : 0;
    const watch: RunWatch = {
      onEvent: (event) => {
        run.take(event);
        if (event.type === 'validation') prior = event.popularityPrior;
        this.#events.add({ type: 'train', run: run.id, event });
        if (event.type === 'paused' || event.type === 'resumed') this.#queue.held(run, event.type === 'paused');
      },
      onSnapshot: (snapshot) => pictures.take(snapshot, prior, false),
      signal,
      pace,
    };
    const { train, valid, splits } = dataset;
    const checkpointDirectory = await this.#host.checkpointDirectory?.(run.id);
    const resume = run.resumes && checkpointDirectory !== undefined;
    const task = { data: { train, valid, splits }, config, checkpointDirectory, resume, snapshots: pictures.wanted };
    const earlier = resume ? (run.info.seconds ?? 0) : 0;
    const started = performance.now();
    const result = await (run.loss === undefined
      ? this.#host.train(task, watch)
      : this.#bench().train(run.loss, task, watch));
    const model = trainedModel(dataset, result);
    const { users, items, epoch, history, valid: metrics, refitted } = result;
    // A number by now.
    const popularityPrior = Number(result.config.popularityPrior);
    pictures.take({ phase: refitted ? 'refit' : 'search', epoch, users, items }, popularityPrior, true);
    const chosen = config.popularityPrior === 'auto' ? { popularityPrior } : undefined;
    run.finish(model, { history, valid: metrics, chosen, seconds: earlier + (performance.now() - started) / 1000 });
    await this.#save(run);
  }

  /** Saves a run, whose model then need not stay in memory; one that cannot be saved does, and says so. */
  async #save(run: Run): Promise<void> {
    try {
      const { trainingState: _, ...model } = run.model!;
      await this.#host.store.save({ ...run.info, state: 'done' }, run.model!);
      this.#models.set(run.id, Promise.resolve(model));
      run.model = undefined;
    } catch (error) {
      run.failure = failureOf(error);
    }
  }
}

/** The loss of a run, as its name. */
function nameOf({ loss }: TrainConfig, typed: string | undefined): string {
  return typed !== undefined || !('name' in loss) ? 'typed loss' : loss.name;
}
