import { rounded, widened } from '../../src/array/half-matrix.ts';
import type { Model } from '../../src/model/model.ts';

/** The model in 32 bits whose embeddings have the values that 16-bit floats hold. */
export const roundedModel = (model: Model): Model => ({
  ...model,
  users: widened(rounded(model.users)),
  items: widened(rounded(model.items)),
});
