import { automaticRows } from '../sampler/automatic-rows.ts';
import type { TrainConfig } from './config.ts';

/** Epochs, and negatives and rows per step, as fractions of those of the whole training. */
const EPOCHS = 1 / 5;
const POOL = 1 / 4;
/** Lower bounds: a reduction stops there, and smaller settings stay unchanged. */
const LEAST = { epochs: 10, negatives: 256, rows: 32 };

/**
 * The short training that represents the whole one when options are compared.
 *
 * It has a fifth of the epochs, with the full schedule in them, and a quarter of the negatives. Where `rows` is automatic and steps are cheap, it also has a quarter of
 * the rows, so that it takes almost as many steps. It validates once, at the end. Evidence that it ranks options as the whole training does:
 * docs/decisions/012-automatic-options.md.
 * @param cheapSteps true when a step costs less with fewer rows (no graph backbone)
 * @param part fraction of the epochs
 */
export function shortConfig(
  config: TrainConfig,
  users: number,
  cheapSteps: boolean,
  part: number = EPOCHS,
): TrainConfig {
  const { batch } = config;
  const epochs = reduced(config.epochs, part, LEAST.epochs);
  return {
    ...config,
    epochs,
    batch: {
      ...batch,
      negatives: batch.negatives === 'all' ? 'all' : reduced(batch.negatives, POOL, LEAST.negatives),
      rows:
        cheapSteps && batch.rows === 'auto' ? reduced(automaticRows(batch.kind, users), POOL, LEAST.rows) : batch.rows,
    },
    ...(config.timeBudget !== undefined && { timeBudget: (config.timeBudget * epochs) / config.epochs }),
    validation: { ...config.validation, every: epochs },
    neighbors: 'off',
    refit: false,
  };
}

/** The fraction `part` of `whole`, at least `least`, and never more than `whole`. */
function reduced(whole: number, part: number, least: number): number {
  return Math.min(whole, Math.max(least, Math.round(whole * part)));
}
