/** What research is done with: trainings of embeddings alone, experiments, recipes, tuning, comparisons with significance, reports. */

export {
  type Comparison,
  compareResults,
  compareUsers,
  type MetricComparison,
  type UserColumns,
} from './evaluation/compare.ts';
export { type ResultFile, type ResultOrigin, readResult, resultOf, writeResult } from './evaluation/result-file.ts';
export {
  type BootstrapOptions,
  type BootstrapResult,
  pairedBootstrap,
  pairedTTest,
  type TTestResult,
} from './evaluation/significance.ts';
export { embeddingFormats } from './exchange/export-embeddings.ts';
export {
  analyseScores,
  predictTau,
  type ScoreAnalysis,
  type ScoreAnalysisOptions,
} from './experiment/analysis/score-analysis.ts';
export { compareRuns, holm } from './experiment/analysis/statistics.ts';
export type { WeightQuantile } from './experiment/analysis/weight-quantiles.ts';
export type { Experiment, Findings, Lab } from './experiment/experiment.ts';
export { experimentNamed, experiments } from './experiment/experiments.ts';
export type { ExecuteOptions } from './experiment/run/execute.ts';
export { type LabEvent, type LabOptions, LocalLab } from './experiment/run/lab.ts';
export type {
  Choice,
  DataSource,
  FailedRun,
  MetricSource,
  Noise,
  RunEvaluation,
  RunRecord,
  RunSpec,
} from './experiment/run/run.ts';
export { type ExperimentOptions, type ExperimentResult, runExperiment } from './experiment/run-experiment.ts';
export {
  type DataEntry,
  defineExperiment,
  type ExperimentConfig,
  type SourceEntry,
} from './experiment/settings/experiment-config.ts';
export type { BackboneCase, ExperimentSettings, LossCase } from './experiment/settings/settings.ts';
export { openSafetensors, writeSafetensors } from './model/safetensors.ts';
export type { Safetensors, StreamedTensor, Tensor, TensorArray } from './model/safetensors-format.ts';
export { type PublishedResult, publishedResults } from './recipe/published.ts';
export type { PublishedValue, Recipe, Tolerance } from './recipe/recipe.ts';
export { recipes } from './recipe/recipes.ts';
export { runRecipe } from './recipe/run-recipe.ts';
export type {
  Axis,
  Cell,
  ClaimVerdict,
  DataFacts,
  Figure,
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
export type { Dimension, Range as DimensionRange, Value as DimensionValue } from './search/dimension.ts';
export type { Point as LatticePoint } from './search/lattice-search.ts';
export type { Point as SpacePoint, Space } from './search/space.ts';
export { configToJson, parseTrainConfig } from './training/config.ts';
export { trainEmbeddings } from './training/train-embeddings.ts';
export { trainedModel } from './training/trained-model.ts';
export type { RunNews } from './tuning/executor.ts';
export { runWorker, type WorkerEvent, type WorkerOptions } from './tuning/queue/worker.ts';
export type { Attempt, CurvePoint, Run, RunKey, RunOutcome, RunState, Trial } from './tuning/study.ts';
export { type TrainWinnerOptions, trainWinner } from './tuning/train-winner.ts';
export { type TunedTrial, type TuneOptions, type TuneResult, tune } from './tuning/tune.ts';
export type { TuneEvent } from './tuning/tune-event.ts';
export { type TuningReportOptions, tuningReport } from './tuning/tuning-report.ts';
