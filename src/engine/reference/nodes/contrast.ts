import { logExpectationExp } from '../../../loss/log-expectation-exp.ts';
import type { Contrast } from '../../node-operations.ts';
import { addScaled, dot, inverseNorm } from '../prepared-row.ts';
import { throughNorm } from './normalize.ts';
import type { ReferenceTable } from './reference-table.ts';

/** InfoNCE between the rows `nodes` of a and of b; adds its gradients to da and db. */
export function contrast(
  nodes: readonly number[],
  a: ReferenceTable,
  b: ReferenceTable,
  da: ReferenceTable,
  db: ReferenceTable,
  { temperature, weight }: Contrast,
): number {
  const m = nodes.length;
  const unit = (table: ReferenceTable, node: number) => {
    const x = table.row(node);
    const inverse = inverseNorm(x);
    return Float64Array.from(x, (value) => value * inverse);
  };
  const [as, bs] = [nodes.map((node) => unit(a, node)), nodes.map((node) => unit(b, node))];
  const [aGradients, bGradients] = [as, bs].map((rows) => rows.map((x) => new Float64Array(x.length)));
  let value = 0;
  as.forEach((x, i) => {
    const scores = Float64Array.from(bs, (y) => dot(x, y));
    const gradients = new Float64Array(m);
    const log = logExpectationExp(scores, temperature, undefined, gradients);
    value += (log - scores[i]!) / temperature + Math.log(m);
    gradients[i]! -= 1;
    gradients.forEach((g, j) => {
      addScaled(aGradients![i]!, g, bs[j]!);
      addScaled(bGradients![j]!, g, x);
    });
  });
  const scale = weight / (m * temperature);
  nodes.forEach((node, i) => {
    addScaled(da.row(node), scale, throughNorm(a.row(node), aGradients![i]!));
    addScaled(db.row(node), scale, throughNorm(b.row(node), bGradients![i]!));
  });
  return (weight / m) * value;
}
