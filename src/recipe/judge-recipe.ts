import { type Protocol, protocols } from '../evaluation/evaluator.ts';
import { meanCell } from '../experiment/analysis/statistics.ts';
import type { RunRecord } from '../experiment/run/run.ts';
import { defaultTolerance, metricsOf, type PublishedValue, type Recipe } from './recipe.ts';

/** One metric under one protocol, over the seeds. */
export interface RecipeMetric {
  readonly protocol: Protocol;
  readonly metric: string;
  readonly mean: number;
  /** Standard deviation of the sample; 0 for one seed. */
  readonly deviation: number;
}

/** A metric held against what is expected of it. */
export interface RecipeCheck extends RecipeMetric {
  readonly expected: number;
  /** How far `mean` may lie from `expected`, to either side. */
  readonly tolerance: number;
  readonly passed: boolean;
}

/** A metric beside what is expected of it and what papers print. */
export interface RecipeSummary extends RecipeMetric {
  readonly expected?: number;
  readonly published: readonly PublishedValue[];
}

/** What is judged of a run. */
type Measured = Pick<RunRecord, 'evaluations'>;

/** Holds the runs of a recipe, one for each seed, against its expected metrics. A metric that a run lacks is a miss. */
export function judgeRecipe(
  { expected = {}, tolerance = defaultTolerance }: Pick<Recipe, 'expected' | 'tolerance'>,
  runs: readonly Measured[],
): RecipeCheck[] {
  return protocols.flatMap((protocol) =>
    Object.entries(expected[protocol] ?? {}).map(([metric, target]) => {
      const measured = overSeeds(runs, protocol, metric);
      const allowed = 'absolute' in tolerance ? tolerance.absolute : tolerance.relative * target;
      const passed = Math.abs(measured.mean - target) <= allowed;
      return { ...measured, expected: target, tolerance: allowed, passed };
    }),
  );
}

/** The metrics that a recipe names, and NDCG@20 and Recall@20, under both protocols. */
export function summarizeRecipe(recipe: Recipe, runs: readonly Measured[]): RecipeSummary[] {
  const { expected = {}, published = [] } = recipe;
  return protocols.flatMap((protocol) =>
    metricsOf(recipe, protocol).map((metric) => {
      const target = expected[protocol]?.[metric];
      return {
        ...overSeeds(runs, protocol, metric),
        ...(target !== undefined && { expected: target }),
        published: published.filter((value) => value.protocol === protocol && value.metric === metric),
      };
    }),
  );
}

function overSeeds(runs: readonly Measured[], protocol: Protocol, metric: string): RecipeMetric {
  return { protocol, metric, ...meanCell(runs.map((run) => run.evaluations[protocol]?.metrics[metric] ?? Number.NaN)) };
}
