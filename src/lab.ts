/**
 * The API for research: training without a model around the embeddings, experiments, recipes of published results, tuning on this machine or with queue workers,
 * comparisons with significance tests, and reports.
 */

export {
  type Comparison,
  compareResults,
  compareUsers,
  type MetricComparison,
  type UserColumns,
} from './evaluation/compare.ts';
export { type ResultFile, type ResultOrigin, readResult, resultOf, writeResult } from './evaluation/result-file.ts';
export {
  type Arm,
  armOf,
  type RatioSums,
  ratioArm,
  type SequentialOptions,
  type SequentialResult,
  type Sums,
  sequentialTest,
} from './evaluation/sequential-test.ts';
export {
  type BootstrapOptions,
  type BootstrapResult,
  pairedBootstrap,
  pairedTTest,
  type TTestResult,
} from './evaluation/significance.ts';
export { embeddingFormats } from './exchange/export-embeddings.ts';
export type { ExecuteOptions } from './experiment/execute-run.ts';
export type { Experiment, Findings, Lab } from './experiment/experiment.ts';
export { experimentNamed, experiments } from './experiment/experiments.ts';
export { type DataReading, type LabEvent, type LabOptions, LocalLab } from './experiment/lab.ts';
export { type PublishedResult, publishedResults } from './experiment/published-results.ts';
export type {
  Choice,
  DataSource,
  FailedRun,
  MetricSource,
  Noise,
  RunEvaluation,
  RunRecord,
  RunSpec,
} from './experiment/run.ts';
export { type ExperimentOptions, type ExperimentResult, runExperiment } from './experiment/run-experiment.ts';
export {
  analyseScores,
  predictTau,
  type ScoreAnalysis,
  type ScoreAnalysisOptions,
  type WeightQuantile,
} from './experiment/score-analysis.ts';
export {
  type BackboneCase,
  type DataEntry,
  defineExperiment,
  type ExperimentConfig,
  type ExperimentSettings,
  type LossCase,
  type SourceEntry,
} from './experiment/settings.ts';
export { compareRuns, holm } from './experiment/statistics.ts';
export type { ListOutcome } from './lists/lists-work.ts';
export { type ListWorkerEvent, type ListWorkerOptions, runListWorker } from './lists/run-list-worker.ts';
export type { FileDigest } from './model/file-digest.ts';
export { type OpenChecks, openSafetensors, writeSafetensors } from './model/safetensors.ts';
export type { Safetensors, StreamedTensor, Tensor, TensorArray } from './model/safetensors-format.ts';
export type { QueueWorkerOptions } from './queue/serve-work.ts';
export type { PublishedValue, Recipe, Tolerance } from './recipe/recipe.ts';
export { recipes } from './recipe/recipes.ts';
export { runRecipe } from './recipe/run-recipe.ts';
export type {
  Axis,
  Cell,
  ClaimVerdict,
  DataFacts,
  Figure,
  MeanCell,
  Panel,
  Point,
  Provenance,
  Report,
  Section,
  Series,
  Table,
  TableColumn,
} from './report/report.ts';
export { tableCsv } from './report/table-csv.ts';
export { type ReportFiles, writeReport } from './report/write-report.ts';
export type { LatticePoint } from './search/lattice-search.ts';
export type { Dimension, DimensionRange, DimensionValue, Space, SpacePoint } from './search/space.ts';
export { commandLineOf } from './training/command-line.ts';
export { configToJson, parseTrainConfig } from './training/config.ts';
export { type OptionHints, type OptionSchema, trainConfigJsonSchema } from './training/config-json-schema.ts';
export { trainEmbeddings } from './training/train-embeddings.ts';
export { trainedModel } from './training/trained-model.ts';
export type { AutomaticTrial } from './training/training.ts';
export type { RunNews } from './tuning/executor.ts';
export { runWorker, type WorkerEvent, type WorkerOptions } from './tuning/queue/run-worker.ts';
export type { Attempt, CurvePoint, Run, RunKey, RunOutcome, RunState, Trial } from './tuning/study.ts';
export { type TrainWinnerOptions, trainWinner } from './tuning/train-winner.ts';
export { type TunedTrial, type TuneOptions, type TuneResult, tune } from './tuning/tune.ts';
export type { TuneEvent } from './tuning/tune-event.ts';
export { type TuningReportOptions, tuningReport } from './tuning/tuning-report.ts';
