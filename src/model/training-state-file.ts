import { stat } from 'node:fs/promises';
import { TaurecError } from '../errors.ts';
import { openSafetensors, writeSafetensors } from './safetensors.ts';
import { type Tensor, tensorOf } from './tensor.ts';
import type { ModelTrainingState } from './training-state.ts';

const FORMAT = 'taurec-training-1';
const WEIGHTS = 'interactionWeights';

/** Writes `training.safetensors`: the arrays by name, and as metadata the format and the epochs and steps that they have seen. */
export async function writeTrainingState(path: string, state: ModelTrainingState): Promise<void> {
  const { epochs, steps, arrays, interactionWeights: weights } = state;
  const tensors = weights ? { ...arrays, [WEIGHTS]: { shape: [weights.length], data: weights } } : arrays;
  await writeSafetensors(path, tensors, { format: FORMAT, epochs: `${epochs}`, steps: `${steps}` });
}

/** Undefined where there is no such file: its model begins with fresh moments. Throws `bad-safetensors`, `bad-model`. */
export async function readTrainingState(path: string): Promise<ModelTrainingState | undefined> {
  if (!(await stat(path).catch(() => undefined))) return undefined;
  const file = await openSafetensors(path);
  const { format } = file.metadata;
  if (format !== FORMAT) throw new TaurecError('bad-model', { path, problem: `format ${format}, expected ${FORMAT}` });
  const [epochs, steps] = [Number(file.metadata.epochs), Number(file.metadata.steps)];
  if (!(Number.isSafeInteger(epochs) && Number.isSafeInteger(steps) && epochs >= 0 && steps >= 0)) {
    const problem = `epochs ${file.metadata.epochs} and steps ${file.metadata.steps}, expected whole numbers`;
    throw new TaurecError('bad-model', { path, problem });
  }
  const arrays: Record<string, Tensor<Float32Array>> = {};
  for (const [name, { shape }] of file.tensors) if (name !== WEIGHTS) arrays[name] = tensorOf(file, name, 'F32', shape);
  const interactionWeights = file.tensors.has(WEIGHTS) ? tensorOf(file, WEIGHTS, 'F32', [-1]).data : undefined;
  return { epochs, steps, arrays, ...(interactionWeights && { interactionWeights }) };
}
