import { oneOf, option } from '../option.ts';

/** The types in which embeddings are stored: 32-bit floats, or 16-bit floats (IEEE 754 binary16). */
export const precisions = ['f32', 'f16'] as const;
/** A type in which embeddings are stored. */
export type Precision = (typeof precisions)[number];

/** The option of every command that makes a model. */
export const precisionOption = option(oneOf(precisions).default('f32'), {
  group: 'Model:',
  flag: '--precision <type>',
  help: 'type of the stored embeddings; f16 halves them on disk and in a server',
  fixed: true,
});
