/**
 * What the studio's page asks of the place where data and models are: one contract for a worker of the page and for a server of this machine.
 * Every argument and result can be written as JSON, except files that come in and archives that go out. Failures are `TaurecError`s on both sides.
 */

import type { DatasetOptions } from '../data/dataset.ts';
import type { DataInfo } from '../data/describe.ts';
import type { Comparison } from '../evaluation/compare.ts';
import type { Evaluation } from '../evaluation/evaluator.ts';
import type { Explanation } from '../recommender/explanation.ts';
import type { Id, RecommendedItem, RecommendOptions } from '../recommender/recommendation.ts';
import type { SimilarOptions } from '../recommender/similar-items.ts';
import type { TrainConfigInput } from '../training/config.ts';
import type { EngineIdentity, EpochRecord, Phase, TrainEvent } from '../training/events.ts';

/** Where a session runs, and what it can do. */
export interface SessionAbout {
  /** `page`: in a worker of this page; nothing leaves it. `server`: on the machine that serves the page. */
  readonly kind: 'page' | 'server';
  readonly version: string;
  /** The folder whose data and models a server shows; absent in a page. */
  readonly folder?: string;
  /** Stored runs that cannot be read, a sentence for each; absent: all can. */
  readonly problems?: readonly string[];
  /** Runs that another session of the same store trains at present, a sentence for each; absent: there are none. */
  readonly elsewhere?: readonly string[];
  /** The JSON schema of a training configuration, from which forms are drawn. */
  readonly schema: Readonly<Record<string, unknown>>;
}

/** A source of interactions, titles or a catalogue. */
export interface Source {
  /** Stays the same while the session lives; it is no path that a person would type. */
  readonly id: string;
  readonly name: string;
  readonly kind: 'sample' | 'file';
  /** Size of a file in bytes. */
  readonly bytes?: number;
  /** One sentence about a sample. */
  readonly about?: string;
  /** Sources that belong to a sample besides its interactions. */
  readonly catalogue?: string;
}

/** The sources that are there. */
export interface SourceList {
  readonly sources: readonly Source[];
  /** What is there and not listed, and what helps: a sentence. Absent: everything is listed. */
  readonly unlisted?: string;
}

/** The options of reading, filtering and splitting, with ids of sources in place of files. */
export type DataRequest = Omit<DatasetOptions, 'train' | 'valid' | 'test' | 'titles' | 'catalogue'> & {
  readonly train: string;
  readonly valid?: string;
  readonly test?: string;
  readonly titles?: string;
  readonly catalogue?: string;
};

/** The first rows of a file, as its reader sees them. */
export interface TablePreview {
  /** The format in words: `CSV, comma`. */
  readonly format: string;
  /** Without a header, names are empty. */
  readonly columns: readonly { readonly name: string; readonly role?: string }[];
  /** Cells as texts, by row. */
  readonly rows: readonly (readonly string[])[];
}

/** How many users, items and interactions a request leaves. */
export interface DataSize {
  readonly users: number;
  readonly items: number;
  readonly interactions: number;
}

/** Bars of a histogram: bar b counts values in [`edges[b]`, `edges[b + 1]`). */
export interface Histogram {
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

/** The data that trainings use. */
export interface DataSummary {
  readonly request: DataRequest;
  /** Statistics of the training log before splits, after filters. */
  readonly info: DataInfo;
  /** Entries of each part. */
  readonly parts: { readonly train: number; readonly valid?: number; readonly test?: number };
  /** The options of the objective that training takes for these data where none is named; empty where the declared defaults hold. A form begins with them. */
  readonly objective: TrainConfigInput;
  /** What a person may want to know, in the words of the command line. */
  readonly notes: readonly string[];
  /** Interactions of items by rank, at most 400 points: the long tail. */
  readonly longTail: readonly { readonly rank: number; readonly interactions: number }[];
  /** Interactions per user. */
  readonly activity: Histogram;
  /** Interactions over time, in the unit of the log; absent without times. */
  readonly times?: Histogram;
  /** Names of the catalogue's attributes. */
  readonly attributes: readonly string[];
  readonly hasTitles: boolean;
}

/**
 * The state of a run. `interrupted`: its session ended in mid-run, or an error that need not come again stopped it; it can be resumed. Its `epoch`, `history` and `seconds` are those of its last checkpoint: 0 and none where there is none, so that it begins anew.
 */
export type RunState = 'waiting' | 'running' | 'paused' | 'done' | 'failed' | 'cancelled' | 'interrupted';

/** A training, or a model that is there already. */
export interface RunInfo {
  readonly id: string;
  readonly name: string;
  readonly state: RunState;
  /** The configuration as it was given; of an opened model the one it was trained with. */
  readonly config: TrainConfigInput;
  /** The data it was started on; absent for an opened model. */
  readonly request?: DataRequest;
  /** True for a run with a loss that was typed in the page: its configuration does not tell the loss. */
  readonly typed?: boolean;
  /** True for an interrupted run that `control(run, 'resume')` takes up; absent where its typed loss went with its page. */
  readonly resumable?: boolean;
  readonly phase?: Phase;
  readonly epoch: number;
  readonly epochs: number;
  readonly history: readonly EpochRecord[];
  /** Options that were chosen by validation. */
  readonly chosen?: Readonly<Record<string, number>>;
  /** Validation metrics of the chosen epoch. */
  readonly valid?: Readonly<Record<string, number>>;
  readonly seconds?: number;
  /** The engine that trains it, or did; absent until it starts. */
  readonly engine?: EngineIdentity;
  readonly failure?: Failure;
  /** The sweep that this run belongs to. */
  readonly sweep?: string;
  /** How often the test part was opened for this run. */
  readonly opened: number;
  readonly users?: number;
  readonly items?: number;
}

/** An error in a form that a page can show. */
export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/**
 * What happens in a session. Numbers ascend, so that a page that was reloaded asks for those it missed. New events come without gaps; of those asked for afterwards, some are left out: pictures that later ones of the same run
 * replaced, and events of discarded runs.
 */
export type SessionEvent = { readonly number: number; readonly run: string } & (
  | { readonly type: 'train'; readonly event: TrainEvent }
  /** The run's state changed. */
  | { readonly type: 'run'; readonly info: RunInfo }
  /** The items in two dimensions, in the order of `mapItems`: coordinates in thousandths, from −1000 to 1000. */
  | { readonly type: 'map'; readonly epoch: number; readonly x: readonly number[]; readonly y: readonly number[] }
  /** The list of the person that the session follows. */
  | { readonly type: 'list'; readonly epoch: number; readonly user: string; readonly items: readonly LiveItem[] }
  /** The run was discarded. */
  | { readonly type: 'gone' }
);

/** An item of a list during a training. `held`: the person has it in the validation part, which the training does not see, so the model found it. */
export type LiveItem = RecommendedItem & { readonly held?: true };

/** An item of the map. */
export interface MapItem {
  readonly id: string;
  readonly title?: string;
  /** Users who have it in training. */
  readonly popularity: number;
  /** The value of the attribute that was asked for. */
  readonly value?: string;
}

/** A search hit: a user or an item. */
export interface Found {
  readonly id: string;
  readonly title?: string;
  /** Of an item its users, of a user their items, in training. */
  readonly interactions: number;
}

/** A person of the data and what they have done. */
export interface Person {
  readonly user: string;
  readonly items: readonly (Found & { readonly part: 'train' | 'valid' })[];
}

/** For whom a list is: a user of the model, or a new person who likes items. */
export type Who = { readonly user: Id } | { readonly items: readonly Id[] };

/** A list's options, and the popularity prior c in place of the model's own (docs/popularity.md). */
export type ListRequest = Omit<RecommendOptions, 'feedback'> & { readonly prior?: number };

/** A person of the test part and how well they are served. */
export interface Served {
  readonly user: string;
  /** NDCG@k of their list. */
  readonly ndcg: number;
  readonly interactions: number;
  /** Items of the part that is judged, and the list. */
  readonly wanted: readonly Found[];
  readonly list: readonly RecommendedItem[];
}

/** How good a model is. */
export interface Judgement {
  readonly part: 'valid' | 'test';
  readonly k: number;
  readonly model: Evaluation;
  readonly baselines: Readonly<Record<'popular' | 'item-knn' | 'random', Evaluation>>;
  /** Ratio of the model's metric to the baseline's, less 1, with the ends of its 95% interval between people (paired bootstrap). */
  readonly gains: readonly {
    readonly against: 'popular' | 'item-knn' | 'random';
    readonly metric: string;
    readonly ratio: number;
    readonly low: number;
    readonly high: number;
  }[];
  /** The twenty people it serves worst among those with something to find. */
  readonly worst: readonly Served[];
  /** How often the test part of these data was opened, this time included. */
  readonly opened: number;
}

/** A loss typed by a person, checked before it is used. */
export interface LossCheck {
  readonly name: string;
  /** Largest relative error of its gradients against differences. */
  readonly gradientError: number;
  /** Whether that is below 1e-4. */
  readonly passed: boolean;
  /** Which gradient is wrong, and by how much; empty when it passed. */
  readonly problems: readonly string[];
}

/** Runs over a grid of one or two options. */
export interface SweepRequest {
  readonly config: TrainConfigInput;
  /** Paths as in a configuration file: `loss.options.tau1`. */
  readonly axes: readonly { readonly path: string; readonly values: readonly (number | string | boolean)[] }[];
}

/** How a long call is followed and stopped. */
export interface Control {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: { readonly done: number; readonly total?: number }) => void;
}

/** One workbench: sources, the data in use, runs, and what can be asked of their models. */
export interface Session {
  about(): Promise<SessionAbout>;

  // Data
  sources(): Promise<SourceList>;
  /** Takes a file in. A server writes it into its folder under a name that is free. */
  add(file: File, control?: Control): Promise<Source>;
  /** The first rows under the columns that reading with these options would take. */
  preview(source: string, options?: Partial<DataRequest>): Promise<TablePreview>;
  /** What the request would leave, without taking it into use. */
  measure(request: DataRequest, control?: Control): Promise<DataSize>;
  /** Takes data into use. Runs of other data stay, and can be explored. */
  load(request: DataRequest, control?: Control): Promise<DataSummary>;
  /** The data in use. */
  data(): Promise<DataSummary | undefined>;

  // Train
  runs(): Promise<readonly RunInfo[]>;
  /** Starts a training on the data in use, after those that wait. `loss` is the text of a checked loss (`checkLoss`). */
  start(config: TrainConfigInput, options?: { readonly name?: string; readonly loss?: string }): Promise<RunInfo>;
  /**
   * `pause`, `resume`, one `step` (an epoch) of a paused run, or `cancel`, which keeps nothing of a run but its curves.
   * `resume` of an interrupted run goes on from its last checkpoint, on its own data, after the runs that wait; its model is the one that it would have had without the interruption. Without data in use, its data are taken into use.
   */
  control(run: string, act: 'pause' | 'resume' | 'step' | 'cancel'): Promise<RunInfo>;
  /** Forgets a run and its model. */
  discard(run: string): Promise<void>;
  sweep(request: SweepRequest): Promise<readonly RunInfo[]>;
  /** Calls the listener with every event after number `after` (default: from now on), until the returned function is called. */
  watch(listener: (event: SessionEvent) => void, after?: number): () => void;
  /** Follows a person: each epoch's list of theirs becomes an event. Undefined: no one. */
  follow(user: Id | undefined): Promise<void>;
  /** The items of the map, most popular first, at most 2,000, with their value of an attribute. */
  mapItems(attribute?: string): Promise<readonly MapItem[]>;
  checkLoss(text: string): Promise<LossCheck>;

  // Explore
  /** `find` and `person` answer for a run without a model from the data that it trains on. Users or items whose id or title contains a text, most interactions first, at most k. */
  find(run: string, what: 'user' | 'item', text: string, k?: number): Promise<readonly Found[]>;
  person(run: string, user: Id): Promise<Person>;
  recommend(run: string, who: Who, options?: ListRequest): Promise<readonly RecommendedItem[]>;
  explain(run: string, who: Who, item: Id, options?: ListRequest): Promise<Explanation>;
  similar(run: string, item: Id, options?: SimilarOptions): Promise<readonly RecommendedItem[]>;
  /** The attributes that lists can be filtered by, with their most frequent values or their range. */
  attributes(run: string): Promise<
    readonly {
      readonly name: string;
      readonly type: string;
      readonly values?: readonly string[];
      readonly from?: number;
      readonly to?: number;
    }[]
  >;

  // Judge and compare
  /** Measures a model. `test` opens the test part, and is counted. */
  judge(run: string, part: 'valid' | 'test', control?: Control): Promise<Judgement>;
  /** The difference of two runs between the same people, metric by metric (b − a). */
  compare(a: string, b: string, part: 'valid' | 'test', control?: Control): Promise<Comparison>;

  // Leave
  /** The model folder as a zip archive. */
  archive(run: string): Promise<Blob>;
  /** Takes a model in from such an archive. */
  open(archive: Blob, name: string): Promise<RunInfo>;

  /** Ends the session; runs of a page end with it, those of a server go on. */
  close(): Promise<void>;
}
