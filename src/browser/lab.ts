/**
 * `taurec/lab` in a browser: the exports of `lab.ts` that need no files, Node threads or databases. Bundlers select this entry by the condition `browser` of
 * package.json.
 */

export {
  type Comparison,
  compareResults,
  compareUsers,
  type MetricComparison,
  type UserColumns,
} from '../evaluation/compare.ts';
export {
  type BootstrapOptions,
  type BootstrapResult,
  pairedBootstrap,
  pairedTTest,
  type TTestResult,
} from '../evaluation/significance.ts';
export { commandLineOf } from '../training/command-line.ts';
export { configToJson, parseTrainConfig } from '../training/config.ts';
export { type OptionHints, type OptionSchema, trainConfigJsonSchema } from '../training/config-json-schema.ts';
export { trainEmbeddings } from '../training/train-embeddings.ts';
export { trainedModel } from '../training/trained-model.ts';
