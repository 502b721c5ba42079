import type { Csr } from '../array/csr.ts';
import type { Dataset } from '../data/build-dataset.ts';
import type { Engine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import { type EvaluateOptions, type Evaluation, evaluate, type Protocol } from '../evaluation/evaluator.ts';
import { loadLoss } from '../loss/load-loss.ts';
import type { Loss } from '../loss/loss.ts';
import type { Model } from '../model/model.ts';
import type { FolderHandle } from '../model/model-place.ts';
import { modelRanker } from '../recommender/model-ranker.ts';
import { openRankingEngine } from '../recommender/ranking-engine.ts';
import { Recommender } from '../recommender/recommender.ts';
import type { TrainConfigInput } from './config.ts';
import { nearest } from './option-errors.ts';
import { controlNames, type RunControls, trainEmbeddings } from './train-embeddings.ts';
import { trainedModel } from './trained-model.ts';
import type { TrainingData, TrainResult } from './training.ts';

/** All options of `train`: those of training, and those that follow, stop and continue a run. */
export type TrainOptions = TrainConfigInput & RunControls;

/** Options of `TrainedModel.evaluate`: those of `evaluate`, without the data. */
export type EvaluateModelOptions = Omit<EvaluateOptions, 'train' | 'valid' | 'test' | 'protocol' | 'diversity'> & {
  /** Default `clean`. */
  readonly protocol?: Protocol;
  /** Also measures the diversity of lists (`diversity@k`). Default false. */
  readonly diversity?: boolean;
};

/**
 * A model that has just been trained. It recommends like any `Recommender`; it can also be saved and evaluated.
 * Its ranking engine holds a copy of the embeddings until `close`; saving works after that too.
 */
export class TrainedModel extends Recommender {
  /** The record of training: history, chosen epoch, validation metrics, configuration. */
  readonly result: TrainResult;
  /** Embeddings, ids and seen items, as `saveModel` writes them. */
  readonly model: Model;
  readonly #dataset: Dataset;

  private constructor(dataset: Dataset, result: TrainResult, model: Model, engine: Engine, loss?: Loss) {
    super(model, engine, loss);
    this.result = result;
    this.model = model;
    this.#dataset = dataset;
  }

  /** Opens a ranking engine, of the kind that trained, for what training left. */
  static async of(dataset: Dataset, result: TrainResult): Promise<TrainedModel> {
    const { loss, engine: kind, threads, build } = result.config;
    const model = trainedModel(dataset, result);
    // A custom loss folds new users in, as it was given; a built-in one is made from the model's own facts when needed.
    const custom = 'name' in loss && !('evaluate' in loss) ? undefined : await loadLoss(loss);
    const engine = await openRankingEngine(model, { engine: kind, threads, build });
    return new TrainedModel(dataset, result, model, engine, custom);
  }

  /**
   * Saves the model as a folder, which `Recommender.open` and `taurec serve` open: by its path or, in a browser, in a `FileSystemDirectoryHandle`. Throws `not-a-model` when
   * something else is there, `cannot-write` in a browser whose storage is full.
   */
  async save(directory: string | FolderHandle): Promise<void> {
    // Of the two, Node takes only the path, a browser only the folder; each refuses the other.
    const { saveModel } = await import('#open-model');
    await saveModel(directory as string, this.model);
  }

  /**
   * Ranks all items for every user of `test` and measures the lists. Items of training and validation are left out of them.
   * @param test [users × items] in the index space of the dataset that was trained on. Default: its own test part. The training part itself gives zeros, because its items are left out.
   * @throws TaurecError `bad-option` without a test part, `no-test-users`, `aborted`
   */
  async evaluate(test: Csr | undefined = this.#dataset.test, options: EvaluateModelOptions = {}): Promise<Evaluation> {
    const { train, valid } = this.#dataset;
    const { protocol = 'clean', diversity, ...rest } = options;
    return evaluate(modelRanker(this.model, this.engine), {
      ...rest,
      ...{ train, valid, test, protocol },
      diversity: diversity ? this.model.items : undefined,
    });
  }
}

/**
 * Trains a model on `data.train`, choosing the epoch on `data.valid` where there is one. Work is done in threads: the caller's stays free.
 * Only a loss or backbone given as an object runs in the caller's thread, because objects with functions cannot be sent to another.
 *
 * @throws TaurecError `bad-option`, `unknown-name`; `loss-module`, `backbone-module`, `sampler-module`; `aborted`, `diverged`, `checkpoint-mismatch`, `bad-checkpoint`, `coordinator-died`
 */
export async function train(
  data: Dataset & Pick<TrainingData, 'negativeWeights'>,
  options: TrainOptions = {},
): Promise<TrainedModel> {
  const { config, controls } = checkTrainCall(data, options);
  const result = await trainEmbeddings(data, config, controls).catch((error: unknown) => {
    throw namingControls(error);
  });
  return TrainedModel.of(data, result);
}

/**
 * Parts the options of `train` into the configuration and the controls of the run.
 * @param more controls that go before those among the options
 * @throws TaurecError `bad-option` for what is no object
 */
export function checkTrainCall(
  data: TrainingData,
  options: TrainOptions,
  more: RunControls = {},
): { readonly config: TrainConfigInput; readonly controls: RunControls } {
  for (const [option, got] of Object.entries({ data, options })) {
    if (typeof got !== 'object' || got === null) {
      const remedy = 'Call train(await loadDataset({ train: FILE }), { loss: NAME }).';
      throw new TaurecError('bad-option', { option, got, expected: 'an object', remedy });
    }
  }
  const given = Object.entries({ ...options, ...more });
  const isControl = ([name]: [string, unknown]) => controlNames.includes(name);
  return {
    config: Object.fromEntries(given.filter((entry) => !isControl(entry))),
    controls: Object.fromEntries(given.filter(isControl)),
  };
}

/** The error, which for an unknown option names the nearest of the training options and the controls of the run. */
export function namingControls(error: unknown): unknown {
  if (!(error instanceof TaurecError) || error.facts.expected !== 'no such option') return error;
  const { option, remedy } = error.facts as { option: string; remedy: string };
  const trainingOption = /^Did you mean (.*)\?$/.exec(remedy)?.[1];
  const near = nearest(option, [...controlNames, ...(trainingOption ? [trainingOption] : [])]);
  return near ? new TaurecError('bad-option', { ...error.facts, remedy: `Did you mean ${near}?` }) : error;
}
