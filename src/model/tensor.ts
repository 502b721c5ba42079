import { TaurecError } from '../errors.ts';
import { type TensorArray, type TensorType, typeOfArray } from './safetensors-header.ts';

/** An array and its shape, row-major. */
export interface Tensor<A extends TensorArray = TensorArray> {
  readonly shape: readonly number[];
  readonly data: A;
}

/** A tensor that is written piece by piece, so that a table never exists twice. The pieces' elements add up to the shape. */
export interface StreamedTensor {
  readonly shape: readonly number[];
  readonly type: TensorType;
  /** The elements, in order, some at a time. */
  pieces(): Iterable<TensorArray>;
}

/** An opened file: tensors are views into one shared buffer; nothing but the header was parsed. */
export interface Safetensors {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** A tensor of the given name, type and shape (−1 = any length). Throws `bad-safetensors` when the file has none such. */
export function tensorOf<T extends TensorType>(
  file: Safetensors,
  name: string,
  type: T,
  shape: readonly number[],
): Tensor<ArrayOf<T>> {
  const tensor = file.tensors.get(name);
  const text = (s: readonly number[]) => `[${s.map((n) => (n < 0 ? '…' : n)).join(', ')}]`;
  const expected = `expected ${type} ${text(shape)}`;
  const fail = (problem: string) => new TaurecError('bad-safetensors', { path: file.path, problem });
  if (!tensor) throw fail(`tensor ${JSON.stringify(name)} is missing, ${expected}`);
  const got = typeOfArray(tensor.data);
  const fits = tensor.shape.length === shape.length && shape.every((n, i) => n < 0 || n === tensor.shape[i]);
  if (got !== type || !fits) throw fail(`tensor ${JSON.stringify(name)} is ${got} ${text(tensor.shape)}, ${expected}`);
  return tensor as Tensor<ArrayOf<T>>;
}

type ArrayOf<T extends TensorType> = T extends 'F32'
  ? Float32Array
  : T extends 'I32'
    ? Int32Array
    : T extends 'U32'
      ? Uint32Array
      : T extends 'U8'
        ? Uint8Array
        : TensorArray;
