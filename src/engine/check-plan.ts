import type { Matrix } from '../array/matrix.ts';
import { TaurecError } from '../errors.ts';
import { optimizerOptions } from '../optimizer/create-optimizer.ts';
import type { BackbonePlan, EnginePlan, RankRequest } from './engine.ts';

/**
 * Checks the plan of an engine before any memory is allocated. The loss checks its own options when it is created.
 *
 * @throws TaurecError `bad-option`, `unknown-name`
 */
export function checkPlan(plan: EnginePlan): void {
  count('users', plan.users, 0);
  count('items', plan.items, 1);
  count('dimension', plan.dimension, 1);
  for (const [name, score] of Object.entries({ score: plan.score, rankingScore: plan.rankingScore ?? plan.score })) {
    if (score !== 'cosine' && score !== 'dot') fail(name, score, '"cosine" or "dot"');
  }
  if (plan.backbone) checkBackbonePlan(plan.backbone, plan);
  if (plan.precision === 'f16' && (plan.training || plan.backbone))
    fail('precision', plan.precision, 'none in an engine that trains');
  if (!plan.training) return;
  const { optimizer, capacity, embeddingDropout } = plan.training;
  optimizerOptions(optimizer);
  count('capacity.rows', capacity.rows, 1);
  count('capacity.positives', capacity.positives, 1);
  count('capacity.negativesPerRow', capacity.negativesPerRow, 1);
  count('capacity.masked', capacity.masked, 0);
  if (!(embeddingDropout >= 0 && embeddingDropout < 1))
    fail('embeddingDropout', embeddingDropout, 'a number in [0, 1)');
}

function checkBackbonePlan(backbone: BackbonePlan, { users, items }: EnginePlan): void {
  const { graph, outputDimension, tables, weights, contrastNodes = 1 } = backbone;
  if (graph.rows !== users) fail('backbone.graph.rows', graph.rows, `${users}, the number of users`);
  if (graph.columns !== items) fail('backbone.graph.columns', graph.columns, `${items}, the number of items`);
  count('backbone.outputDimension', outputDimension, 1);
  count('backbone.contrastNodes', contrastNodes, 1);
  for (const [name, columns] of Object.entries(tables)) count(`backbone.tables.${name}`, columns, 1);
  for (const [name, sizes] of Object.entries(weights)) {
    for (const size of sizes) count(`backbone.weights.${name}`, size, 1);
  }
}

/** @throws TaurecError `bad-option` */
export function checkThreads(threads: number): void {
  count('threads', threads, 1);
}

/**
 * Checks that a ranking request fits the item embeddings [items × columns]: dimension of the queries, k ≥ 0, length of the item bias.
 *
 * @throws TaurecError `bad-option`
 */
export function checkRankRequest(
  { queries, k, itemBias, additions }: RankRequest,
  { rows, columns }: Pick<Matrix, 'rows' | 'columns'>,
): void {
  if (queries.columns !== columns) {
    fail('queries.columns', queries.columns, `${columns}, the dimension of the item embeddings`);
  }
  count('k', k, 0);
  if (itemBias && itemBias.length !== rows) fail('itemBias.length', itemBias.length, `${rows}, the number of items`);
  if (additions && (additions.rows !== queries.rows || additions.columns !== rows || !additions.values)) {
    const got = `${additions.rows} × ${additions.columns}${additions.values ? '' : ' without values'}`;
    fail('additions', got, `${queries.rows} × ${rows} with values, queries × items`);
  }
}

function count(option: string, got: number, least: number): void {
  if (!(Number.isInteger(got) && got >= least)) fail(option, got, `a whole number ≥ ${least}`);
}

function fail(option: string, got: unknown, expected: string): never {
  throw new TaurecError('bad-option', { option, got, expected });
}

/** The names of the engines. */
export const engineNames = ['auto', 'wasm', 'reference'] as const;
/** The arithmetic that the wasm engine was built for. */
export const buildNames = ['auto', 'simd', 'simd-fma'] as const;

/** @throws TaurecError `unknown-name` if the engine or build is unknown */
export function knownEngineOptions(options: { readonly engine?: string; readonly build?: string }): void {
  known('engine', options.engine, engineNames);
  known('build', options.build, buildNames);
}

function known(kind: string, got: string | undefined, names: readonly string[]): void {
  if (got !== undefined && !names.includes(got)) throw new TaurecError('unknown-name', { kind, got, known: names });
}
