import type { Loss } from '../../loss/loss.ts';
import type { Crew } from './crew.ts';
import { ItemGradients } from './item-gradients.ts';
import { Scalar, type ThreadMemory } from './memory.ts';
import { nodeOperations } from './nodes/node-operations.ts';
import { Ranking } from './ranking.ts';
import { RowScoring } from './row-scoring.ts';
import { TableRows } from './table-rows.ts';

/** The verbs of the crew. Each thread runs the same function for a verb and takes disjoint tasks: no output has two writers. */
export const Verb = {
  gather: 1,
  scoreRows: 2,
  itemGradients: 3,
  update: 4,
  settle: 5,
  rankPrepare: 6,
  rank: 7,
  nodes: 8,
} as const;

/** What one thread does for each verb. `loss` is absent in an engine that only ranks. */
export function threadWork(memory: ThreadMemory, crew: Crew, thread: number, threads: number, loss?: Loss): ThreadWork {
  const tables = new TableRows(memory, crew);
  const scoring = loss && new RowScoring(memory, crew, thread, threads, loss);
  const itemGradients = new ItemGradients(memory, crew, threads);
  const ranking = new Ranking(memory, crew, thread);
  const run = (verb: number): void => {
    if (verb === Verb.gather) tables.gather();
    else if (verb === Verb.scoreRows) scoring!.scoreRows();
    else if (verb === Verb.itemGradients) itemGradients.run();
    else if (verb === Verb.update) tables.update();
    else if (verb === Verb.settle) tables.settle();
    else if (verb === Verb.rankPrepare) ranking.prepare();
    else if (verb === Verb.rank) ranking.rank();
    else if (verb === Verb.nodes) runNodeOperation(memory, crew, thread);
  };
  return { run, seconds: scoring?.seconds, fused: scoring?.fused ?? false };
}

function runNodeOperation(memory: ThreadMemory, crew: Crew, thread: number): void {
  const { scalars } = memory;
  nodeOperations[scalars[Scalar.operation]!]!.run(memory, crew, thread, scalars.subarray(Scalar.arguments));
}

export interface ThreadWork {
  readonly run: (verb: number) => void;
  /** Seconds this thread spent in the parts of scoreRows. */
  readonly seconds?: { scores: number; loss: number; userGradients: number };
  /** True when the loss runs in a kernel of its own. */
  readonly fused: boolean;
}
