import { TaurecError } from '../../errors.ts';
import { parseTrainConfig, type TrainConfig, type TrainConfigInput } from '../../training/config.ts';

/**
 * Checks a configuration that came from a page. Modules and objects are refused: a configuration may come from anywhere, and must not bring code.
 * @throws TaurecError as `parseTrainConfig`; `bad-option` for a module or an object
 */
export function parsePlainConfig(config: TrainConfigInput): TrainConfig {
  const parsed = parseTrainConfig(config);
  const { pool, sampler } = parsed.batch;
  for (const [option, source] of Object.entries({
    loss: parsed.loss,
    backbone: parsed.backbone,
    'batch.pool': pool,
    'batch.sampler': sampler,
  })) {
    if (source === undefined || typeof source === 'string') continue;
    if (
      'name' in source &&
      !('module' in source) &&
      Object.values(source).every((value) => typeof value !== 'function')
    )
      continue;
    const remedy = 'A studio runs no code from configurations. Type a loss in the page, or train with taurec in Node.';
    throw new TaurecError('bad-option', {
      option,
      got: 'module' in source ? source.module : 'an object',
      expected: 'the name of a built-in',
      remedy,
    });
  }
  return parsed;
}
