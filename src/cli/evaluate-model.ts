import type { Csr } from '../array/csr.ts';
import type { Engine } from '../engine/engine.ts';
import { type EvaluateOptions, type Evaluation, evaluate, type Protocol } from '../evaluation/evaluator.ts';
import { embeddingRanker, itemKnnRanker, popularRanker, randomRanker, type UserRanker } from '../evaluation/rankers.ts';
import { type Model, trainedItems } from '../model/model.ts';
import { reRankedRanker } from '../recommender/re-ranked-ranker.ts';
import type { RecommendOptions } from '../recommender/recommendation.ts';
import type { WorkProgress } from './work-progress.ts';

/** What `--protocol` may say, and the protocols it stands for; the first one's metrics are the `metrics` of a report. */
export const protocolChoices = { clean: ['clean'], irbench: ['irbench'], both: ['clean', 'irbench'] } as const;
export type ProtocolChoice = keyof typeof protocolChoices;

/** What to compute beside the metrics of lists. */
export interface EvaluationRequest extends Pick<EvaluateOptions, 'ks' | 'auc' | 'groups' | 'perUser'> {
  readonly protocols: readonly Protocol[];
  readonly diversity?: boolean;
  /** The dials of requests that the model's lists are made with; absent: none. */
  readonly dials?: Pick<RecommendOptions, 'diversity' | 'discover'>;
}

/** Who watches an evaluation, and may stop it. */
export interface Watch {
  readonly signal?: AbortSignal;
  readonly progress?: WorkProgress;
}

/** The numbers of one protocol, as JSON shows them. */
export type EvaluationReport = Pick<Evaluation, 'users' | 'ranked' | 'metrics' | 'groups'>;

/** A model's data as the evaluator takes it: what was trained on, and what was held out for validation. */
export function trainingDataOf(model: Model): { train: Csr; valid?: Csr } {
  return { train: trainedItems(model), valid: model.validation };
}

/** Evaluates a model, its embeddings in `engine`, under each protocol. */
export function evaluateModel(
  model: Model,
  engine: Engine,
  test: Csr,
  { dials, ...request }: EvaluationRequest,
  watch: Watch = {},
): Promise<Evaluation[]> {
  const diversity = request.diversity ? model.items : undefined;
  const ranker = dials ? reRankedRanker(model, engine, dials) : embeddingRanker(engine, model.itemBias);
  return evaluateRanker('the model', ranker, trainingDataOf(model), test, { ...request, diversity }, watch);
}

/** Evaluates the baselines under the first protocol, by name. */
export async function evaluateBaselines(
  data: { train: Csr; valid?: Csr },
  test: Csr,
  { protocols, ks }: EvaluationRequest,
  seed: number,
  watch: Watch = {},
): Promise<Record<string, Evaluation>> {
  const rankers: Record<string, () => UserRanker> = {
    random: () => randomRanker(seed, data.train.columns),
    popular: () => popularRanker(data.train),
    'item-knn': () => itemKnnRanker(data.train),
  };
  const first = { protocols: protocols.slice(0, 1), ks };
  const evaluations: Record<string, Evaluation> = {};
  for (const [name, ranker] of Object.entries(rankers)) {
    [evaluations[name]] = (await evaluateRanker(name, ranker(), data, test, first, watch)) as [Evaluation];
  }
  return evaluations;
}

/** `{metrics, protocol, evaluations}`: the metrics of the first protocol, its name, and the numbers of every one. */
export function reportOf(evaluations: readonly Evaluation[]) {
  const reports = evaluations.map(({ protocol, users, ranked, metrics, groups }): [Protocol, EvaluationReport] => [
    protocol,
    { users, ranked, metrics, ...(groups && { groups }) },
  ]);
  const { metrics, protocol } = evaluations[0]!;
  return { metrics, protocol, evaluations: Object.fromEntries(reports) };
}

async function evaluateRanker(
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
