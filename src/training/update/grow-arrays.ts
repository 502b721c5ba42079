import { sharedFloat32 } from '../../array/shared.ts';
import { TaurecError } from '../../errors.ts';
import type { Tensor } from '../../model/safetensors-format.ts';
import type { TrainedArrays } from '../../model/training-state.ts';

/** Numbers of users and items. */
export interface Sizes {
  readonly users: number;
  readonly items: number;
}

/**
 * The arrays with rows for users and items that are new. Base embeddings and what a loss keeps begin at 0 there, and so does Adam's first moment. The second begins at the mean of the old rows': late in
 * a run a row that begins at 0 would take first steps several times as long as it should, since the bias correction of its step is long over.
 * @throws TaurecError `bad-model` for an array that does not have a row for every old user or item
 */
export function growArrays(arrays: TrainedArrays, from: Sizes, to: Sizes): TrainedArrays {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, tensor]) => {
      const kind = /^(?:optimizer\.|loss\.)?(users|items)[MV]?$/.exec(name)?.[1] as keyof Sizes | undefined;
      if (kind === undefined) return [name, tensor];
      const { shape, data } = tensor;
      if (shape[0] !== from[kind]) {
        const problem = `its training state has ${name} of ${shape[0]} rows, expected ${from[kind]}`;
        throw new TaurecError('bad-model', { path: 'model', problem });
      }
      return [name, grow(shape, data, to[kind], /V$/.test(name) ? mean(data) : 0)];
    }),
  );
}

function grow(shape: readonly number[], data: Float32Array, rows: number, fill: number): Tensor<Float32Array> {
  const grown = sharedFloat32(rows * (shape[1] ?? 1));
  grown.set(data);
  if (fill !== 0) grown.fill(fill, data.length);
  return { shape: [rows, ...shape.slice(1)], data: grown };
}

function mean(data: Float32Array): number {
  let sum = 0;
  for (const x of data) sum += x;
  return data.length === 0 ? 0 : sum / data.length;
}
