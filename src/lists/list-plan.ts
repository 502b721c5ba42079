/** The lists of many users as a plan: what is to be listed, and its division into parts. Both follow from model, users and options alone, so any number of machines and interruptions makes the same file. */

import { sha256 } from '#sha256';
import { isCatalogueName } from '../model/catalogue-tensors.ts';
import { type ModelConfig, trainedScore } from '../model/model-facts.ts';
import { files, NEIGHBORS } from '../model/read-model.ts';
import { version } from '../platform/version.ts';
import type { FeedbackOfUser } from '../recommender/feedback-items.ts';
import type { Id, RecommendOptions } from '../recommender/recommendation.ts';
import type { Recommender } from '../recommender/recommender.ts';
import type { ExportFormat } from './list-format.ts';

/** Rows of a part, about: what an interruption loses, and what the memory of a format must hold. */
const PART_ROWS = 1_000_000;
/** Users of a part are a multiple of this, the users of one call of the engine. */
const BLOCK = 1024;

/** Options of the lists as JSON; ids as text. */
export type PlainOptions = Omit<RecommendOptions, 'exclude' | 'allow' | 'feedback'> & {
  readonly exclude?: readonly string[];
  readonly allow?: readonly string[];
};

/** What decides the bytes of the file. JSON-able; two plans with equal facts make equal files. */
export interface PlanFacts {
  readonly taurec: string;
  /** SHA-256 of the files that lists come from. */
  readonly model: string;
  readonly engine: string;
  readonly index: 'exact' | 'approximate';
  readonly format: ExportFormat;
  /** `all`, or the SHA-256 of the list of users. */
  readonly users: string;
  /** SHA-256 of the feedback; absent: none. */
  readonly feedback?: string;
  /** Users of a part. */
  readonly each: number;
  readonly options: PlainOptions;
}

/** The users of a part: rows of the model, or of the list of users. */
export interface PlanPart {
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

/** A plan of lists. */
export interface ListPlan {
  readonly facts: PlanFacts;
  /** Absent: all users of the model. */
  readonly users?: readonly string[];
  readonly feedback?: readonly FeedbackOfUser[];
  readonly total: number;
  readonly parts: readonly PlanPart[];
}

/** Plans the lists of a recommender for all users, or for those listed. */
export function planLists(
  recommender: Recommender,
  format: ExportFormat,
  listed: Iterable<Id> | undefined,
  options: RecommendOptions,
): ListPlan {
  const { exclude, allow, feedback, ...rest } = options;
  const users = listed && Array.from(listed, String);
  const total = users?.length ?? recommender.userIds.size;
  const each = partUsers(options.k ?? 10);
  const { engine, config, index } = recommender;
  const facts: PlanFacts = {
    taurec: version,
    model: listsDigest(config as ModelConfig),
    engine: `${engine.name} ${engine.build}`,
    index,
    format,
    users: users ? digest(users) : 'all',
    ...(feedback && { feedback: digest(feedback) }),
    each,
    options: {
      ...rest,
      ...(exclude && { exclude: Array.from(exclude, String) }),
      ...(allow && { allow: Array.from(allow, String) }),
    },
  };
  return { facts, users, feedback, total, parts: divide(total, each) };
}

/** The users of a part with lists of k items. */
export function partUsers(k: number): number {
  return Math.max(1, Math.floor(PART_ROWS / k / BLOCK)) * BLOCK;
}

/** Divides users into parts of `each`, the last one shorter; at least one part. */
export function divide(users: number, each: number): PlanPart[] {
  return Array.from({ length: Math.max(1, Math.ceil(users / each)) }, (_, number) => ({
    number,
    from: number * each,
    to: Math.min(users, (number + 1) * each),
  }));
}

/** SHA-256 of the facts and files of a model that lists come from; copies of a model have the same. A model without digests of its files is named by its whole configuration. */
export function listsDigest(config: ModelConfig): string {
  const listed: string[] = [...Object.values(files), NEIGHBORS];
  const digests = Object.entries(config.files ?? {}).filter(([name]) => listed.includes(name) || isCatalogueName(name));
  if (digests.length === 0) return digest(config);
  // Those of the loss fold people with feedback in.
  const { score, neighbors, loss, seed } = config;
  return digest([
    score,
    neighbors,
    loss,
    trainedScore(config),
    seed,
    digests.map(([name, file]) => [name, file.sha256]).sort(),
  ]);
}

function digest(value: unknown): string {
  return sha256([new TextEncoder().encode(JSON.stringify(value))]);
}
