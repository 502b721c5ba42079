import type { BackboneSource } from '../../backbone/backbone.ts';
import { backboneNames } from '../../backbone/backbones.ts';
import { TaurecError } from '../../errors.ts';
import type { LossSource } from '../../loss/loss.ts';
import { lossNames } from '../../loss/losses.ts';
import type { Model } from '../../model/model.ts';
import type { ModelFacts } from '../../model/model-facts.ts';
import { parseTrainConfig, type TrainConfig } from '../config.ts';
import type { UpdateOptions } from './update-options.ts';

/** Parts of the epochs that the model was trained for: where next to nothing is new, and where the share of new interactions is `LARGE_SHARE` or more. Evidence: docs/decisions/020-updates.md. */
const FEW = 1 / 10;
const MOST = 1 / 4;
const LARGE_SHARE = 1 / 4;
/** Of the learning rate that the model was trained with. */
const RATE = 1 / 2;

/**
 * The configuration of an update: the model's own, but for a few epochs, without validation and refit, at a learning rate that begins lower and falls to 0 by half a cosine.
 * @param fresh the number of new interactions.
 */
export function updateConfig(model: Model, fresh: number, options: UpdateOptions): TrainConfig {
  const { config, seen } = model;
  const trained = parseTrainConfig({
    ...config.training,
    loss: lossOf(config, options.loss),
    backbone: backboneOf(config, options.backbone),
    score: config.score,
    ...(config.backbone === 'mf' && { dimension: model.items.columns }),
    seed: config.seed,
    threads: options.threads,
    engine: options.engine ?? 'auto',
  });
  const { timeBudget: _budget, ...rest } = trained;
  const share = fresh / Math.max(1, fresh + seen.indices.length);
  const part = FEW + (MOST - FEW) * Math.min(1, share / LARGE_SHARE);
  const epochs = Math.max(1, Math.round(firstEpochs(config) * part));
  return parseTrainConfig({
    ...rest,
    epochs: options.epochs ?? epochs,
    learningRate: options.learningRate ?? trained.learningRate * RATE,
    schedule: { name: 'cosine' },
    refit: false,
  });
}

/** Epochs of the training that came before all updates. */
function firstEpochs({ epochs, updates = [] }: ModelFacts): number {
  return updates.reduce((left, update) => left - update.epochs, epochs);
}

function lossOf({ loss }: ModelFacts, given: LossSource | undefined): LossSource {
  const builtIn = 'name' in loss && (lossNames as readonly string[]).includes(loss.name);
  const got = 'name' in loss ? `the loss ${loss.name}` : `the loss module ${loss.module}`;
  return sourceOf('loss', loss as LossSource, builtIn, got, given);
}

function backboneOf({ backbone: name, training }: ModelFacts, given: BackboneSource | undefined): BackboneSource {
  const builtIn = (backboneNames as readonly string[]).includes(name);
  return sourceOf(
    'backbone',
    (training.backbone ?? { name }) as BackboneSource,
    builtIn,
    `the backbone ${name}`,
    given,
  );
}

/** The model's own source where it is built in; of any other the one that was given, a module with the export and the options that the model was trained with where it says nothing of them. */
function sourceOf<T extends LossSource | BackboneSource>(
  kind: 'loss' | 'backbone',
  own: T,
  builtIn: boolean,
  got: string,
  given: T | undefined,
): T {
  if (builtIn && given !== undefined) {
    const expected = `none: the model has ${got}, which is built in, and goes on with it`;
    throw new TaurecError('bad-option', { option: kind, got: `a ${kind}`, expected });
  }
  if (builtIn) return own;
  if (given === undefined) throw new TaurecError('update-source', { kind, got });
  if (!('module' in given) || !('module' in own)) return given;
  return { ...own, ...given, options: { ...own.options, ...given.options } };
}
