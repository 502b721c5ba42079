import type { Csr } from '../array/csr.ts';
import type { Engine } from '../engine/engine.ts';
import { itemKnnRanker, popularRanker, randomRanker } from '../evaluation/baselines.ts';
import { type EvaluateOptions, type Evaluation, evaluate, type Protocol } from '../evaluation/evaluator.ts';
import { embeddingRanker, type UserRanker } from '../evaluation/ranker.ts';
import { type Model, trainedItems } from '../model/model.ts';

/** What `--protocol` may say, and the protocols it stands for; the first one's metrics are the `metrics` of a report. */
export const protocolChoices = { clean: ['clean'], irbench: ['irbench'], both: ['clean', 'irbench'] } as const;
export type ProtocolChoice = keyof typeof protocolChoices;

/** What to compute beside the metrics of lists. */
export interface EvaluationRequest extends Pick<EvaluateOptions, 'ks' | 'auc' | 'groups' | 'perUser'> {
  readonly protocols: readonly Protocol[];
  readonly diversity?: boolean;
}

/** The numbers of one protocol, as JSON shows them. */
export type EvaluationReport = Pick<Evaluation, 'users' | 'ranked' | 'metrics' | 'groups'>;

/** A model's data as the evaluator takes it: what was trained on, and what was held out for validation. */
export function trainingDataOf(model: Model): { train: Csr; valid?: Csr } {
  return { train: trainedItems(model), valid: model.validation };
}

/** Evaluates a model, its embeddings in `engine`, under each protocol. */
export function evaluateModel(model: Model, engine: Engine, test: Csr, request: EvaluationRequest): Evaluation[] {
  const diversity = request.diversity ? model.items : undefined;
  return evaluateRanker(embeddingRanker(engine), trainingDataOf(model), test, { ...request, diversity });
}

/** Evaluates the baselines under the first protocol, by name. */
export function evaluateBaselines(
  data: { train: Csr; valid?: Csr },
  test: Csr,
  { protocols, ks }: EvaluationRequest,
  seed: number,
): Record<string, Evaluation> {
  const rankers: Record<string, UserRanker> = {
    random: randomRanker(seed, data.train.columns),
    popular: popularRanker(data.train),
    'item-knn': itemKnnRanker(data.train),
  };
  const first = { protocols: protocols.slice(0, 1), ks };
  return Object.fromEntries(
    Object.entries(rankers).map(([name, ranker]) => [name, evaluateRanker(ranker, data, test, first)[0]!]),
  );
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

function evaluateRanker(
  ranker: UserRanker,
  data: { train: Csr; valid?: Csr },
  test: Csr,
  request: Omit<EvaluationRequest, 'diversity'> & Pick<EvaluateOptions, 'diversity'>,
): Evaluation[] {
  const { protocols, ...options } = request;
  return protocols.map((protocol) => evaluate(ranker, { ...data, test, protocol, ...options }));
}
