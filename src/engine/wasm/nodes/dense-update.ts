import type { Crew } from '../crew.ts';
import { Scalar, type ThreadMemory } from '../memory.ts';
import type { TablePlace } from './node-layout.ts';

/** Rows a task takes: some ten microseconds of work. */
const CHUNK = 256;

/** One step of the optimiser on every row of the base embeddings and of the backbone's parameters. L2 acts on the rows that the batch touches. */
export function denseUpdate(memory: ThreadMemory, crew: Crew): void {
  const { layout, plan } = memory;
  const { base, baseGradient, weights, marks } = layout.nodes!;
  const { optimizer, capacity } = plan.training!;
  const l2 = optimizer.l2 / capacity.rows;
  const tables = [
    { values: base, gradient: baseGradient, m: layout.at.usersM, v: layout.at.usersV },
    ...weights.values(),
  ];
  const starts = [0];
  for (const { values } of tables) starts.push(starts.at(-1)! + Math.ceil(values.rows / CHUNK));
  let table = 0;
  for (let task = crew.nextTask(); task < starts.at(-1)!; task = crew.nextTask()) {
    while (task >= starts[table + 1]!) table++;
    const { values, gradient, m, v } = tables[table]!;
    const from = (task - starts[table]!) * CHUNK;
    const to = Math.min(values.rows, from + CHUNK);
    stepRows(memory, values, gradient, m, v, from, to, table === 0 && l2 > 0 ? marks : 0, l2);
  }
}

function stepRows(
  { kernels, plan, scalars }: ThreadMemory,
  values: TablePlace,
  gradient: TablePlace,
  m: number,
  v: number,
  from: number,
  to: number,
  marks: number,
  l2: number,
): void {
  const { name, beta1, beta2, epsilon } = plan.training!.optimizer;
  const { at, stride } = values;
  const bytes = stride * 4;
  const decay = scalars[Scalar.decay]!;
  if (name === 'sgd') {
    const rate = scalars[Scalar.learningRate]!;
    kernels.denseSgdRows(at, gradient.at, bytes, stride, from, to, marks, l2, rate, decay);
    return;
  }
  kernels.denseAdamRows(
    at, m, v, gradient.at, bytes, stride, from, to, marks, l2,
    beta1, beta2, scalars[Scalar.size]!, scalars[Scalar.correction]!, epsilon, decay,
  ); // biome-ignore format: arguments as the kernel has them
}
