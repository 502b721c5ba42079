import type { Backbone } from '../backbone/backbone.ts';
import { loadBackbone } from '../backbone/load-backbone.ts';
import { loadLoss } from '../loss/load-loss.ts';
import type { Loss } from '../loss/loss.ts';
import { checkScore, fitLoss, replaceOptions } from '../loss/losses.ts';
import type { Point } from '../search/lattice-search.ts';
import { isBackbone, isLoss, type TrainConfig } from './config.ts';
import type { TrainingData } from './training-state.ts';

/**
 * The loss and the backbone of a run, with `numbers` over the options of the loss, and the configuration that names them: built-in ones with every option they
 * run with, so that the result is the same again when a default changes.
 * @throws TaurecError `bad-option`, `unknown-name`, `loss-module`, `backbone-module`
 */
export async function settle(
  given: TrainConfig,
  { train }: TrainingData,
  numbers: Point,
): Promise<{ config: TrainConfig; loss: Loss; backbone: Backbone }> {
  const fitted = fitLoss(replaceOptions(given.loss, numbers), train.columns);
  const loss = await loadLoss(fitted);
  const backbone = await loadBackbone(given.backbone);
  const config = {
    ...given,
    loss: !isLoss(fitted) && 'name' in fitted ? { name: fitted.name, options: loss.parameters } : fitted,
    backbone:
      !isBackbone(given.backbone) && 'name' in given.backbone
        ? { name: given.backbone.name, options: backbone.parameters }
        : given.backbone,
  };
  checkScore(loss, config.score);
  return { config, loss, backbone };
}
