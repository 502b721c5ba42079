import { ROW_BLOCK, SLOT_BLOCK, type ThreadMemory } from './memory.ts';
import { nodeOperation, takeRows } from './node-operation.ts';

// InfoNCE between two tables (formula: NodeOperations.contrast) in three operations, with a wait for all threads between them.

/** Arguments: addresses of the two tables and of their gradients, which all have the same `stride` in bytes; τ, the weight, and the number of nodes `count`. */
const names = ['a', 'b', 'da', 'db', 'stride', 'temperature', 'weight', 'count'] as const;

/** Packs the normalised rows of both tables, [count × d] each, and those of the second table also as panels. */
export const contrastPack = nodeOperation(names, ({ memory: { kernels, layout }, crew }, { a, b, stride, count }) => {
  const { list, packed, norms, panels } = layout.nodes!.contrast;
  const d = stride / 4;
  const mask = { ids: 0, drop: false, dropKey: 0, keepBelow: 0, keepScale: 1 };
  takeRows(crew, count, (from, to) => {
    [a, b].forEach((table, t) => {
      const out = { packed: packed[t]!, norms: norms[t]! };
      kernels.gatherRows({ table, stride, d, list, from, to, ...out, cosine: true, ...mask });
    });
    kernels.packPanels(packed[1], stride, d, from, to, count, panels);
  });
});

/** Scores [count × count], values and score gradients row by row, and the gradients of the first table. The score gradients replace the scores. */
export const contrastRows = nodeOperation(
  names,
  ({ memory, crew, thread }, { da, stride, temperature, weight, count }) => {
    const { doubles, floats, kernels, layout } = memory;
    const { packed, panels, scores, scoreStride, values } = layout.nodes!.contrast;
    const share = weight / (count * temperature);
    const result = layout.at.threadResult + thread * 64;
    const scoreBytes = scoreStride * 4;
    takeRows(
      crew,
      count,
      (from, to) => {
        const block = scores + from * scoreBytes;
        kernels.product({
          ...{ a: packed[0] + from * stride, aRow: stride, aColumn: 4, b: panels, bRow: 32, bTile: stride * 8 },
          ...{ c: block, cRow: scoreBytes, m: to - from, n: (count + 3) & ~3, k: stride / 4, accumulate: false },
        });
        for (let i = from; i < to; i++) {
          const row = scores + i * scoreBytes;
          const own = (row >>> 2) + i;
          // read before the score gradients overwrite the row
          const score = floats[own]!;
          kernels.logExpectationExp(row, count, 1 / temperature, 0, row, share, result);
          const [shift, sum] = [floats[result >>> 2]!, floats[(result >>> 2) + 1]!];
          doubles[(values >>> 3) + i] = (shift - score) / temperature + Math.log(sum);
          floats[own]! -= share;
        }
        const coefficients = { a: block, aRow: scoreBytes, aColumn: 4 };
        addGradients(memory, 0, da, { stride, from, to, count }, coefficients);
      },
      ROW_BLOCK,
    );
  },
);

/** The gradients of the second table: columns of the score gradients, read as rows of the transpose. */
export const contrastColumns = nodeOperation(names, ({ memory, crew }, { db, stride, count }) => {
  const { scores, scoreStride } = memory.layout.nodes!.contrast;
  takeRows(
    crew,
    count,
    (from, to) => {
      const coefficients = { a: scores + from * 4, aRow: 4, aColumn: scoreStride * 4 };
      addGradients(memory, 1, db, { stride, from, to, count }, coefficients);
    },
    SLOT_BLOCK,
  );
});

/** Adds to `target` the gradients of rows [from, to) of table t: [to − from × count] score gradients times the other table's [count × d] rows, through the normalisation. */
function addGradients(
  { kernels, layout }: ThreadMemory,
  t: 0 | 1,
  target: number,
  rows: { readonly stride: number; readonly from: number; readonly to: number; readonly count: number },
  scoreGradients: { readonly a: number; readonly aRow: number; readonly aColumn: number },
): void {
  const { list, packed, norms, gradients } = layout.nodes!.contrast;
  const { stride, from, to, count } = rows;
  const d = stride / 4;
  kernels.product({
    ...scoreGradients,
    ...{ b: packed[1 - t]!, bRow: stride, bTile: 32, c: gradients[t] + from * stride, cRow: stride },
    ...{ m: to - from, n: d, k: count, accumulate: false },
  });
  kernels.backwardRows({
    ...{ rows: 0, stride, d, ids: 0, from, to, packed: packed[t], norms: norms[t], gradients: gradients[t], scales: 0 },
    ...{ cosine: true, drop: false, dropKey: 0, keepBelow: 0, keepScale: 1, l2: 0 },
  });
  kernels.addRows(gradients[t], target, stride, d, list, from, to);
}
