import { valuesOf } from '../support/backbone-case.ts';
import { type NodeOperation, nodeCase } from '../support/node-case.ts';

/** Tables and parameters of so many columns, `wide` of more, which begin and end within a vector. */
export function mapsCase(columns: number, contrastNodes = 100) {
  const wide = 2 * columns + 1;
  return nodeCase(
    { users: 61, items: 347, dimension: columns, sampler: { rows: 53, negatives: 31 } },
    {
      exponents: [0.5],
      tables: { a: columns, b: columns, c: columns, d: columns, wide },
      weights: { square: [columns, columns], oblong: [columns, wide], bias: [1, wide] },
      contrastNodes,
    },
  );
}

type Operation = NodeOperation<'a' | 'b' | 'c' | 'd' | 'wide'>;
const touched = { rows: 'touched' } as const;
export const contrast = { temperature: 0.2, weight: 1.7 };

export const mapOperations: [string, Operation][] = [
  ['fill, touched rows', (nodes, { a }) => nodes.fill(a, 3, 'touched')],
  ['multiply', (nodes, { a, b, c }) => nodes.multiply(a, b, c)],
  ['multiply, over nothing', (nodes, { a, b, c }) => {
    c.data.fill(Number.NaN);
    nodes.multiply(a, b, c);
  }],
  ['multiply, kept, touched rows', (nodes, { a, b, c }) => nodes.multiply(a, b, c, { keep: -0.4, ...touched })],
  ['multiply, into a factor', (nodes, { a, b }) => nodes.multiply(a, b, a)],
  ['leakyRelu', (nodes, { a }) => nodes.leakyRelu(a, 0.2)],
  ['leakyRelu, touched rows', (nodes, { a }) => nodes.leakyRelu(a, 0.2, 'touched')],
  ['leakyReluBackward', (nodes, { a, b }) => nodes.leakyReluBackward(a, b, 0.1)],
  ['normalize', (nodes, { a, b }) => nodes.normalize(a, b)],
  ['normalize, a row of zeros', (nodes, { a, b }) => {
    a.data.fill(0, 0, a.stride);
    nodes.normalize(a, b);
  }],
  ['normalize, into columns', (nodes, { a, wide }) => nodes.normalize(a, wide, { column: a.columns })],
  ['normalize, into the last columns, touched rows', (nodes, { a, wide }) =>
    nodes.normalize(a, wide, { column: a.columns + 1, ...touched })],
  ['normalizeBackward', (nodes, { a, b, c }) => nodes.normalizeBackward(a, b, c)],
  ['normalizeBackward, from columns, kept', (nodes, { a, wide, c }) =>
    nodes.normalizeBackward(a, wide, c, { column: a.columns, keep: 0.5, ...touched })],
  ['linear', (nodes, { a, b }) => nodes.linear(a, nodes.weight('square'), b)],
  ['linear, transposed, touched rows', (nodes, { a, b }) =>
    nodes.linear(a, nodes.weight('square'), b, { transposed: true, ...touched })],
  ['linear, wider, bias', (nodes, { a, wide }) =>
    nodes.linear(a, nodes.weight('oblong'), wide, { bias: nodes.weight('bias') })],
  ['linear, wider, bias, kept, touched rows', (nodes, { a, wide }) =>
    nodes.linear(a, nodes.weight('oblong'), wide, { bias: nodes.weight('bias'), keep: 0.3, ...touched })],
  ['linear, narrower, kept', (nodes, { a, wide }) =>
    nodes.linear(wide, nodes.weight('oblong'), a, { transposed: true, keep: -2 })],
  ['linear, narrower, added, touched rows', (nodes, { a, wide }) =>
    nodes.linear(wide, nodes.weight('oblong'), a, { transposed: true, keep: 1, ...touched })],
  ['linearGradients', (nodes, { a, b }) => {
    nodes.linearGradients(a, b, nodes.weightGradient('square'));
    return valuesOf(nodes.weightGradient('square'));
  }],
  ...(['all', 'touched'] as const).map((rows): [string, Operation] => [
    `linearGradients, wider, bias, rows ${rows}`,
    (nodes, { a, wide }) => {
      nodes.linearGradients(a, wide, nodes.weightGradient('oblong'), nodes.weightGradient('bias'), rows);
      return [...valuesOf(nodes.weightGradient('oblong')), ...valuesOf(nodes.weightGradient('bias'))];
    },
  ]),
  ['addNoise', (nodes, { a }) => nodes.addNoise(a, 0.3, { key: 12345 })],
  ['addNoise, touched rows', (nodes, { wide }) => nodes.addNoise(wide, 0.3, { key: -7, ...touched })],
  ['dropout', (nodes, { a }) => nodes.dropout(a, 0.3, { key: 99 })],
  ['dropout, touched rows', (nodes, { wide }) => nodes.dropout(wide, 0.6, { key: -3, ...touched })],
  ...(['users', 'positives'] as const).map((of): [string, Operation] => [
    `contrast of ${of}`,
    (nodes, { a, b, c, d }) => [nodes.contrast(a, b, c, d, { of, ...contrast })],
  ]),
  ['contrast, gradients into one table', (nodes, { a, b, c }) => [
    nodes.contrast(a, b, c, c, { of: 'users', ...contrast }),
  ]],
  ['contrast of a table with itself, small τ', (nodes, { a, c }) => [
    nodes.contrast(a, a, c, c, { of: 'positives', temperature: 0.01, weight: 0.1 }),
  ]],
]; // biome-ignore format: a table of cases
