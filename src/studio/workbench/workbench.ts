import { openModel } from '../../browser/open-model.ts';
import { zipModel } from '../../browser/zip-model.ts';
import { TaurecError } from '../../errors.ts';
import { type Comparison, compareUsers } from '../../evaluation/compare.ts';
import type { Evaluation } from '../../evaluation/evaluator.ts';
import type { Model } from '../../model/model.ts';
import type { Explanation } from '../../recommender/explanation.ts';
import type { Id, RecommendedItem } from '../../recommender/recommendation.ts';
import type { Recommender } from '../../recommender/recommender.ts';
import type { SimilarOptions } from '../../recommender/similar-items.ts';
import type { TrainConfigInput } from '../../training/config.ts';
import { trainConfigJsonSchema } from '../../training/config-json-schema.ts';
import type {
  Control,
  DataRequest,
  DataSize,
  DataSummary,
  Found,
  Judgement,
  ListRequest,
  LossCheck,
  MapItem,
  Person,
  RunInfo,
  Session,
  SessionAbout,
  SessionEvent,
  Source,
  SourceList,
  SweepRequest,
  TablePreview,
  Who,
} from '../session.ts';
import { DataDesk, dataKey, type LoadedData } from './data-desk.ts';
import { EventLog } from './event-log.ts';
import type { BegunRun, Host } from './host.ts';
import { evaluateOn, type JudgedPart, judge, judgedPart } from './judge.ts';
import { type FilterAttribute, filterAttributes, find, type Known, knownOf, person, valueText } from './people.ts';
import { Recent } from './recent.ts';
import { RunDesk } from './run-desk.ts';
import { isDataOf, lostData, refuseOtherData, refuseTwoParts } from './same-data.ts';
import { ServedModels } from './served-models.ts';
import { Sources } from './sources.ts';
import { sweepConfigs } from './sweep.ts';
import { mappedItems } from './training-pictures.ts';

/** Data sets that stay in memory, and evaluations, each with a few numbers for every person. */
const KEPT_DATA = 3;
const KEPT_EVALUATIONS = 16;

/** A session by the library itself, in the thread that calls it: a worker of a page, or a thread of Node. What differs between the two is its host. */
export class Workbench implements Session {
  readonly #host: Host;
  readonly #sources: Sources;
  readonly #desk: DataDesk;
  readonly #events = new EventLog();
  readonly #runs: RunDesk;
  readonly #served = new ServedModels();
  #data: LoadedData | undefined;
  #followed: Id | undefined;
  /** What data know of people, for runs without a model. */
  readonly #unlearned = new WeakMap<LoadedData, Known>();
  /** The data that were in use last, by their keys: runs are judged by their own. */
  readonly #loaded = new Recent<LoadedData>(KEPT_DATA);
  /** Finished evaluations by run, part and data: they do not change. */
  readonly #evaluations = new Recent<Evaluation>(KEPT_EVALUATIONS);

  constructor(host: Host) {
    this.#host = host;
    this.#sources = new Sources(host);
    this.#desk = new DataDesk(host, this.#sources);
    this.#runs = new RunDesk(host, this.#events, () => this.#followed);
  }

  async about(): Promise<SessionAbout> {
    const { problems, elsewhere } = await this.#runs.absent();
    return {
      ...this.#host.about,
      ...(problems.length > 0 && { problems }),
      ...(elsewhere.length > 0 && { elsewhere }),
      schema: trainConfigJsonSchema() as Readonly<Record<string, unknown>>,
    };
  }

  sources(): Promise<SourceList> {
    return this.#sources.list();
  }

  add(file: File, control?: Control): Promise<Source> {
    return this.#sources.add(file, control);
  }

  preview(source: string, options: Partial<DataRequest> = {}): Promise<TablePreview> {
    return this.#sources.preview(source, options);
  }

  measure(request: DataRequest, control?: Control): Promise<DataSize> {
    return this.#desk.measure(request, control);
  }

  async load(request: DataRequest, control?: Control): Promise<DataSummary> {
    return this.#use(await this.#desk.load(request, control)).summary;
  }

  async data(): Promise<DataSummary | undefined> {
    return this.#data?.summary;
  }

  runs(): Promise<readonly RunInfo[]> {
    return this.#runs.list();
  }

  async start(
    config: TrainConfigInput,
    options: { readonly name?: string; readonly loss?: string } = {},
  ): Promise<RunInfo> {
    return this.#runs.start(config, this.#inUse(), options);
  }

  async control(run: string, act: 'pause' | 'resume' | 'step' | 'cancel'): Promise<RunInfo> {
    const begun = act === 'resume' ? await this.#runs.interrupted(run) : undefined;
    return begun ? this.#runs.resume(run, await this.#dataOf(begun)) : this.#runs.control(run, act);
  }

  async discard(run: string): Promise<void> {
    await this.#runs.discard(run);
    await this.#served.close(run);
  }

  async sweep(request: SweepRequest): Promise<readonly RunInfo[]> {
    const data = this.#inUse();
    const configs = sweepConfigs(request);
    const sweep = await this.#runs.newSweep();
    const started: RunInfo[] = [];
    for (const { config, name } of configs) started.push(await this.#runs.start(config, data, { name, sweep }));
    return started;
  }

  watch(listener: (event: SessionEvent) => void, after?: number): () => void {
    return this.#events.watch(listener, after);
  }

  async follow(user: Id | undefined): Promise<void> {
    this.#followed = user;
  }

  async mapItems(attribute?: string): Promise<readonly MapItem[]> {
    const { dataset } = this.#inUse();
    const { catalogue, titles, items, train } = dataset;
    const column = attribute === undefined ? undefined : catalogue?.attributes.get(attribute);
    if (attribute !== undefined && !column) {
      const known = catalogue ? [...catalogue.attributes.keys()] : [];
      throw new TaurecError('unknown-name', { kind: 'attribute', got: attribute, known });
    }
    const counts = new Int32Array(train.columns);
    for (const item of train.indices) counts[item]!++;
    return Array.from(mappedItems(dataset), (item) => {
      const id = items.idOf(item);
      const row = column ? catalogue!.ids.indexOf(id) : -1;
      const value = row < 0 ? undefined : valueText(column!, row);
      const title = titles?.[item];
      return { id, ...(title && { title }), popularity: counts[item]!, ...(value !== undefined && { value }) };
    });
  }

  async checkLoss(text: string): Promise<LossCheck> {
    return this.#runs.checkLoss(text);
  }

  async find(run: string, what: 'user' | 'item', text: string, k?: number): Promise<readonly Found[]> {
    return find(await this.#known(run), what, text, k);
  }

  async person(run: string, user: Id): Promise<Person> {
    return person(await this.#known(run), user);
  }

  async recommend(run: string, who: Who, { prior, ...options }: ListRequest = {}): Promise<readonly RecommendedItem[]> {
    return this.#ask(run, prior, (recommender) =>
      'user' in who ? recommender.recommend(who.user, options) : recommender.recommendFor(who.items, options),
    );
  }

  async explain(run: string, who: Who, item: Id, { prior, ...options }: ListRequest = {}): Promise<Explanation> {
    return this.#ask(run, prior, (recommender) =>
      'user' in who ? recommender.explain(who.user, item, options) : recommender.explainFor(who.items, item, options),
    );
  }

  async similar(run: string, item: Id, options?: SimilarOptions): Promise<readonly RecommendedItem[]> {
    return this.#ask(run, undefined, (recommender) => recommender.similarItems(item, options));
  }

  async attributes(run: string): Promise<readonly FilterAttribute[]> {
    return filterAttributes(await this.#runs.model(run));
  }

  async judge(run: string, part: 'valid' | 'test', control?: Control): Promise<Judgement> {
    const { model, judged, data } = await this.#judged(run, part);
    const judgement = await judge(model, judged, control);
    const opened =
      part === 'test' ? await this.#runs.countOpening(run, data.key) : await this.#host.store.opened(data.key);
    return { ...judgement, opened };
  }

  async compare(a: string, b: string, part: 'valid' | 'test', control?: Control): Promise<Comparison> {
    const [first, second] = [await this.#judged(a, part), await this.#judged(b, part)];
    refuseTwoParts(first, second, part);
    return compareUsers(await this.#columns(first, control), await this.#columns(second, control));
  }

  async archive(run: string): Promise<Blob> {
    return zipModel(await this.#runs.wholeModel(run));
  }

  async open(archive: Blob, name: string): Promise<RunInfo> {
    return this.#runs.adopt(await openModel(archive, { trainingState: true }), name);
  }

  async close(): Promise<void> {
    await this.#runs.close();
    await this.#served.closeAll();
  }

  /** Takes data into use. */
  #use(loaded: LoadedData): LoadedData {
    const notes = [...loaded.summary.notes, ...(this.#host.notes ?? [])];
    this.#data = { ...loaded, summary: { ...loaded.summary, notes } };
    this.#loaded.set(this.#data.key, this.#data);
    return this.#data;
  }

  /** The data of an interrupted run: those in use, or read again. Where no data are in use, they are taken into use. @throws TaurecError `run-data` */
  async #dataOf(run: BegunRun): Promise<LoadedData> {
    if (this.#data && isDataOf(run, this.#data)) return this.#data;
    const loaded = await this.#desk.load(run.info.request!).catch((error) => {
      throw lostData(run, error);
    });
    if (!isDataOf(run, loaded)) throw lostData(run);
    if (!this.#data) return this.#use(loaded);
    // It is judged by them later, as a run that was started on them.
    this.#loaded.set(loaded.key, loaded);
    return loaded;
  }

  /** The data in use. @throws TaurecError `no-data` */
  #inUse(): LoadedData {
    if (this.#data) return this.#data;
    throw new TaurecError('no-data-loaded');
  }

  /** Whom and what a run knows: by its model, or before there is one by its data. */
  async #known(run: string): Promise<Known> {
    const data = await this.#runs.dataWithoutModel(run);
    if (!data) return this.#runs.model(run);
    let known = this.#unlearned.get(data);
    if (!known) {
      known = knownOf(data.dataset);
      this.#unlearned.set(data, known);
    }
    return known;
  }

  async #ask<T>(run: string, prior: number | undefined, act: (recommender: Recommender) => T): Promise<T> {
    return this.#served.ask(run, await this.#runs.model(run), prior, act);
  }

  async #judged(run: string, part: 'valid' | 'test'): Promise<JudgedRun> {
    const model = await this.#runs.model(run);
    const request = this.#runs.requestOf(run);
    const own = request && this.#loaded.get(dataKey(model.config.data.sha256, request));
    const data = own ?? this.#data;
    // Files that a person added to a page go with it: what is needed again is said by name.
    if (data?.dataset.sha256 !== model.config.data.sha256) throw otherData(model, data);
    refuseOtherData(model, request, data);
    return { run, model, data, judged: judgedPart(model, data, part) };
  }

  /** The numbers of each person by id. An evaluation on the test part opens it. */
  async #columns({ run, model, judged, data }: JudgedRun, control?: Control) {
    const key = `${run} ${judged.part} ${data.key}`;
    let evaluation = this.#evaluations.get(key);
    if (!evaluation) {
      // Only what is finished is kept: the next caller has a signal of its own.
      evaluation = await evaluateOn(model, judged, control);
      this.#evaluations.set(key, evaluation);
      if (judged.part === 'test') await this.#runs.countOpening(run, data.key);
    }
    const { users, columns } = evaluation.perUser!;
    return { users: Array.from(users, (user) => judged.users.idOf(user)), columns };
  }
}

/** Why a run cannot be judged by the data in use, and which data it needs. */
function otherData({ config }: Model, data: LoadedData | undefined): TaurecError {
  const { source } = config.data;
  const name = typeof source === 'string' && source !== '' ? source : 'its file';
  const remedy = `Load the data that this model was trained on (${name}) under Data, with the same filters and split; a file that was added to a page before it was loaded again must be added again.`;
  return data
    ? new TaurecError('other-training-data', { source: data.summary.info.source, remedy })
    : new TaurecError('no-data-loaded', { remedy });
}

/** A run with the part of its data that judges it. */
interface JudgedRun {
  readonly run: string;
  readonly model: Model;
  readonly data: LoadedData;
  readonly judged: JudgedPart;
}
