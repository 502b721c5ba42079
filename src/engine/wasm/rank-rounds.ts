import { type Csr, csrRow } from '../../array/csr.ts';
import type { RankRequest, RankResult } from '../engine.ts';
import { QUERY_ROUND } from './layout.ts';
import { type ThreadMemory, Word } from './memory.ts';

/** Ranks all queries of a request in rounds that fit the engine's memory; `run` ranks the round that lies there. */
export function rankRounds(memory: ThreadMemory, request: RankRequest, run: () => void): RankResult {
  const { control, floats, layout, plan } = memory;
  const { queries, targets, itemBias } = request;
  const k = Math.min(request.k, plan.items);
  const items = new Int32Array(queries.rows * request.k).fill(-1);
  const scores = new Float32Array(queries.rows * request.k).fill(Number.NEGATIVE_INFINITY);
  const above = targets && new Int32Array(targets.indices.length);
  control[Word.k] = k;
  control[Word.hasTargets] = targets ? 1 : 0;
  control[Word.hasItemBias] = itemBias ? 1 : 0;
  if (itemBias) floats.set(itemBias, layout.at.itemBias >>> 2);
  for (let from = 0; from < queries.rows; ) {
    const to = roundEnd(memory, request, from, k);
    putRound(memory, request, from, to);
    run();
    const top = layout.at.topItems >>> 2;
    for (let q = from; q < to; q++) {
      const at = top + (q - from) * k;
      items.set(memory.ints.subarray(at, at + k), q * request.k);
      const scoreAt = (layout.at.topScores >>> 2) + (q - from) * k;
      scores.set(memory.floats.subarray(scoreAt, scoreAt + k), q * request.k);
    }
    if (above) {
      const first = targets.offsets[from]!;
      const aboveAt = layout.at.above >>> 2;
      above.set(memory.ints.subarray(aboveAt, aboveAt + targets.offsets[to]! - first), first);
    }
    from = to;
  }
  return { items, scores, above };
}

/** The longest run of queries from `from` that fits a round's regions. */
function roundEnd(memory: ThreadMemory, { queries, excluded, targets }: RankRequest, from: number, k: number): number {
  const { length } = memory.layout;
  const most = Math.max(1, Math.min(QUERY_ROUND, Math.floor(length.topItems / k)));
  let to = Math.min(queries.rows, from + most);
  const fits = (m: Csr | undefined, room: number) => !m || m.offsets[to]! - m.offsets[from]! <= room;
  while (to > from + 1 && !(fits(excluded, length.excluded) && fits(targets, length.targets))) to--;
  return to;
}

function putRound(memory: ThreadMemory, request: RankRequest, from: number, to: number): void {
  const { control, floats, ints, layout } = memory;
  const { at, stride } = layout;
  const { queries } = request;
  control[Word.queries] = to - from;
  for (let q = from; q < to; q++) {
    const row = queries.data.subarray(q * queries.stride, q * queries.stride + queries.columns);
    const target = (at.rawQueries >>> 2) + (q - from) * stride;
    floats.fill(0, target, target + stride);
    floats.set(row, target);
  }
  const putLists = (m: Csr | undefined, offsetsAt: number, listAt: number) => {
    let filled = 0;
    ints[offsetsAt >>> 2] = 0;
    for (let q = from; q < to; q++) {
      if (m) {
        const list = csrRow(m, q);
        ints.set(list, (listAt >>> 2) + filled);
        filled += list.length;
      }
      ints[(offsetsAt >>> 2) + q - from + 1] = filled;
    }
  };
  putLists(request.excluded, at.excludedOffsets, at.excluded);
  putLists(request.targets, at.targetOffsets, at.targets);
}
