import type { CatalogueTable } from '../../data/catalogue-table.ts';
import type { IdMap } from '../../data/id-map.ts';
import type { Interactions } from '../../data/interactions.ts';
import type { ReadOptions } from '../../data/read-options.ts';
import type { TablePreview } from '../../data/table-preview.ts';
import type { TitleOptions } from '../../data/title-columns.ts';
import { TaurecError } from '../../errors.ts';
import type { Model } from '../../model/model.ts';
import type { ModelConfig } from '../../model/model-facts.ts';
import type { RunWatch, TrainingTask, TrainResult } from '../../training/training.ts';
import type { Control, RunInfo, SessionAbout, Source, SourceList } from '../session.ts';
import type { LossBench } from './typed-loss.ts';

/** A file that readers open: a path in Node, a `File` in a page. */
export type Readable = string | File;

/** A file that is there. */
export interface HostFile {
  readonly source: Source;
  readonly file: Readable;
  /** Changes whenever the content may have changed; absent: it never does. */
  readonly stamp?: string;
}

/** The id of a file that a session took in, by its number, where there is no folder: the next session gives it to another file. */
export const passingId = (number: number) => `file:${number}`;
export const isPassing = (id: string) => id.startsWith('file:');

/** Data that a workbench offers by itself. */
export interface Sample {
  /** Distinct among the samples. */
  readonly id: string;
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  /** The interactions: a text in a format that readers know, or a file. */
  readonly log: () => SampleFile | Promise<SampleFile>;
  /** Its catalogue. */
  readonly catalogue?: () => SampleFile | Promise<SampleFile>;
}

/** A file of a sample, by its name. */
export interface SampleFile {
  readonly name: string;
  readonly content: string | { readonly file: Readable; readonly stamp?: HostFile['stamp'] };
}

/** The readers of data. They throw what `readInteractions`, `readTitles` and `readCatalogue` throw. */
export interface Reader {
  /** A reader that cannot be stopped, or does not know how far it is, ignores `control`. */
  interactions(file: Readable, options: ReadOptions, control?: Control): Promise<Interactions>;
  titles(file: Readable, items: IdMap, options: TitleOptions): Promise<string[]>;
  catalogue(file: Readable, options: TitleOptions): Promise<CatalogueTable>;
  preview(file: Readable, options: ReadOptions): Promise<TablePreview>;
}

/** Why a run is not resumed that another session has trained. */
export function trainedMeanwhile(run: string): TaurecError {
  const expected = 'a run without a model: another session has trained this one';
  return new TaurecError('bad-option', { option: 'resume', got: run, expected });
}

/** Why a run is not resumed that another session has removed. */
export function goneMeanwhile(run: string, known: readonly string[]): TaurecError {
  return new TaurecError('unknown-name', { kind: 'run', got: run, known });
}

/** A run that was started, with what it needs to be resumed. */
export interface BegunRun {
  readonly info: RunInfo;
  /** The data that it trains on. */
  readonly data: {
    /** What its parts were made of (`LoadedData.key`). */
    readonly key: string;
    /** The name of its log. */
    readonly source: string;
  };
}

/** How far a run is, by what a store keeps of it. */
export type RunProgress = Pick<RunInfo, 'phase' | 'epoch' | 'history' | 'seconds'>;

/** Where no state is kept, a run begins anew. */
export const nothingKept: RunProgress = { phase: undefined, epoch: 0, history: [], seconds: undefined };

/** What a store holds of runs. */
export interface StoredRuns {
  /** Those that were saved, oldest first. */
  readonly infos: readonly RunInfo[];
  /** Those that were begun, and neither saved nor removed; no other session trains them. */
  readonly begun: readonly BegunRun[];
  /** Those that cannot be read, a sentence for each. */
  readonly problems: readonly string[];
  /** Those that another session trains, a sentence for each. */
  readonly elsewhere: readonly string[];
}

/** Where finished runs and small facts stay when the workbench is gone. */
export interface RunStore {
  /** The id of the run with a number: no other session of the store has it. */
  idOf(number: number): string;
  runs(): Promise<StoredRuns>;
  /**
   * Writes down a run that is started or resumed, so that it is known if its session ends before it does. `save` and `remove` end that.
   * A run in the state `interrupted` is resumed: not one that another session has trained, or removed, since the store was read.
   * A full store of files refuses, since it has no room for checkpoints either; a full store of a page does not, since the training itself needs none.
   * @throws TaurecError `folder-in-use` where another session trains in the folder, or trains the run; `bad-option` for a run that has its model; `unknown-name` for one that is gone; `cannot-write`
   */
  begin(run: BegunRun): Promise<void>;
  /** Says that a run was interrupted while its session lives: another one may resume it. Returns how far it is by what is kept. */
  letGo(run: BegunRun): Promise<RunProgress>;
  /** @param options as those of `openModel` */
  open(run: string, options?: { readonly trainingState?: boolean }): Promise<Model<ModelConfig>>;
  /** @throws TaurecError `cannot-write` when there is no room */
  save(info: RunInfo, model: Model): Promise<void>;
  /** Writes the facts of a saved run anew. */
  describe(info: RunInfo): Promise<void>;
  /** @throws TaurecError `folder-in-use` for a run without a model where another session trains */
  remove(run: string): Promise<void>;
  /** How often the test part of these data was opened. */
  opened(data: string): Promise<number>;
  /** Counts one more opening, and returns the new number. */
  countOpening(data: string): Promise<number>;
}

/** What differs between the places where a workbench runs. */
export interface Host {
  readonly about: Pick<SessionAbout, 'kind' | 'version' | 'folder'>;
  readonly reader: Reader;
  readonly store: RunStore;
  /** The files that are there, in the order of a list; `unlisted`: as in a `SourceList`. */
  files(): Promise<{ readonly files: readonly HostFile[] } & Pick<SourceList, 'unlisted'>>;
  /** Takes a file in. */
  add(file: File, control?: Control): Promise<HostFile>;
  /** Makes a text readable under a name. */
  place(name: string, text: string): Promise<Readable>;
  /** Runs a training, as far as possible in a thread of its own. */
  train(task: TrainingTask, watch: RunWatch): Promise<TrainResult>;
  /** The folder of a run's checkpoints; absent: none are written. */
  checkpointDirectory?(run: string): Promise<string>;
  /** Samples besides those of every workbench. */
  readonly samples?: readonly Sample[];
  /** Where typed losses run; absent: nowhere, because what a person types must not run here. */
  readonly losses?: LossBench;
  /** Sentences about this place that a person may want to know, such as that nothing is kept. */
  readonly notes?: readonly string[];
}
