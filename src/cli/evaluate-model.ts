// Evaluation of a model on a test log, shared by several commands.

import type { Command } from 'commander';
import type { Csr } from '../array/csr.ts';
import type { Engine } from '../engine/engine.ts';
import {
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  evaluationOptions,
  type Protocol,
} from '../evaluation/evaluator.ts';
import type { UserRanker } from '../evaluation/rankers.ts';
import type { Model } from '../model/model.ts';
import { openModel } from '../model/model-directory.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { modelRanker } from '../recommender/model-ranker.ts';
import { openRankingEngine, type RankingEngineOptions } from '../recommender/ranking-engine.ts';
import { reRankedRanker } from '../recommender/re-ranked-ranker.ts';
import type { RecommendOptions } from '../recommender/recommendation.ts';
import { trainingDataOf } from '../recommender/test-data.ts';
import { addDeclaredFlags, asFlag } from './declared-flags.ts';
import type { WorkProgress } from './progress.ts';

/** The protocols that each value of `--protocol` selects. The `metrics` of a report are those of the first protocol. */
export const protocolChoices = { clean: ['clean'], irbench: ['irbench'], both: ['clean', 'irbench'] } as const;
export type ProtocolChoice = keyof typeof protocolChoices;

/** Adds the named flags of an evaluation. `protocols` are the choices of `--protocol`, whose default is `clean`. */
export function addEvaluationFlags(
  command: Command,
  names: readonly ('protocol' | 'ks' | 'auc')[],
  protocols: readonly string[] = Object.keys(protocolChoices),
): void {
  const options = evaluationOptions.filter(({ path }) => names.some((name) => name === path));
  addDeclaredFlags(command, options, {}, (option) => {
    const flag = asFlag(option);
    command.addOption(option.path === 'protocol' ? flag.choices([...protocols]).default('clean') : flag);
  });
}

/** What to compute in addition to list metrics. */
export interface EvaluationRequest extends Pick<EvaluateOptions, 'ks' | 'auc' | 'groups' | 'perUser'> {
  readonly protocols: readonly Protocol[];
  /** Measures the diversity of lists by the item embeddings. */
  readonly diversity?: boolean;
  /** Re-ranking of the model's lists. Default: none. */
  readonly dials?: Pick<RecommendOptions, 'diversity' | 'discover'>;
}

/** Progress display and interruption of an evaluation. */
export interface Watch {
  readonly signal?: AbortSignal;
  readonly progress?: WorkProgress;
}

/** The JSON of one protocol. */
type EvaluationReport = Pick<Evaluation, 'users' | 'ranked' | 'metrics' | 'groups'>;

/** Evaluates a model under each protocol, in the order of `protocols`. `engine` holds the model's embeddings; `test` has the model's indices. */
export function evaluateModel(
  model: Model,
  engine: Engine,
  test: Csr,
  { dials, ...request }: EvaluationRequest,
  watch: Watch = {},
): Promise<Evaluation[]> {
  const diversity = request.diversity ? model.items : undefined;
  const ranker = dials ? reRankedRanker(model, engine, dials) : modelRanker(model, engine);
  return evaluateRanker('the model', ranker, trainingDataOf(model), test, { ...request, diversity }, watch);
}

/** The JSON of evaluations, `{metrics, protocol, evaluations}`: metrics and name of the first protocol, then the report of every protocol by its name. */
export function reportOf(evaluations: readonly Evaluation[]) {
  const reports = evaluations.map(({ protocol, users, ranked, metrics, groups }): [Protocol, EvaluationReport] => [
    protocol,
    { users, ranked, metrics, ...(groups && { groups }) },
  ]);
  const { metrics, protocol } = evaluations[0]!;
  return { metrics, protocol, evaluations: Object.fromEntries(reports) };
}

/** Evaluates one ranker under each protocol, with a progress display for each. */
export async function evaluateRanker(
  name: string,
  ranker: UserRanker,
  data: { train: Csr; valid?: Csr },
  test: Csr,
  request: Omit<EvaluationRequest, 'diversity' | 'dials'> & Pick<EvaluateOptions, 'diversity'>,
  { signal, progress }: Watch,
): Promise<Evaluation[]> {
  const { protocols, ...options } = request;
  const evaluations: Evaluation[] = [];
  try {
    for (const protocol of protocols) {
      progress?.start(`Evaluating ${name} (${protocol})`);
      const onProgress = ({ done, total }: { done: number; total: number }) => progress?.update(done, total);
      evaluations.push(await evaluate(ranker, { ...data, test, protocol, ...options, signal, onProgress }));
    }
  } finally {
    progress?.close();
  }
  return evaluations;
}

/** Opens a model and an engine with its embeddings, calls `use`, and closes the engine even after an error. */
export async function withModel<T>(
  directory: string,
  options: RankingEngineOptions,
  use: (model: Model<ModelConfig>, engine: Engine) => T | Promise<T>,
): Promise<T> {
  const model = await openModel(directory);
  const engine = await openRankingEngine(model, options);
  try {
    return await use(model, engine);
  } finally {
    await engine.close();
  }
}
