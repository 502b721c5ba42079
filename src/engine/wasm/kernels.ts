/** The exports of kernels/index.ts: byte addresses and numbers in, nothing but floats in memory out. See the kernel sources for what each computes. */
export interface Kernels {
  product(
    a: number, aRow: number, aColumn: number, b: number, bRow: number, bTile: number, c: number, cRow: number,
    m: number, n: number, k: number, accumulate: boolean,
  ): void;
  logExpectationExp(x: number, n: number, inverseTau: number, weights: number, out: number, scale: number, result: number): void;
  softplusRow(
    x: number,
    n: number,
    shift: number,
    share: number,
    weights: number,
    gradients: number,
    accumulate: boolean,
    result: number,
  ): number;
  addStandardized(x: number, n: number, factor: number, weights: number, base: number, out: number): void;
  slate(
    x: number, logs: number, n: number, inverseTau: number, weights: number, size: number, scores: number, shares: number,
    guess: number, result: number,
  ): number;
  competition(scores: number, shares: number, count: number, positive: number, inverseTau: number): number;
  addExpectation(
    x: number, logs: number, n: number, inverseTau: number, weights: number, terms: number, gradients: number, scale: number, result: number,
  ): void;
  partialAucRow(
    x: number, n: number, inverseTau: number, slope: number, sign: number, centre: number, threshold: number, share: number, weights: number, gradients: number,
    result: number,
  ): number;
  pairwiseRow(
    x: number, n: number, positive: number, shift: number, inverseTau: number, share: number, activation: number, weights: number, gradients: number,
    scratch: number, result: number,
  ): number;
  gatherDots(query: number, table: number, stride: number, d: number, index: number, count: number, out: number): void;
  gatherSum(
    out: number, table: number, stride: number, d: number, index: number, coefficients: number, coefficientIndex: number, count: number,
  ): void;
  gatherRows(
    table: number, stride: number, d: number, list: number, from: number, to: number, packed: number, norms: number, cosine: boolean,
    drop: boolean, dropKey: number, keepBelow: number, keepScale: number,
  ): void;
  backwardRows(
    table: number, stride: number, d: number, list: number, from: number, to: number, packed: number, norms: number, gradients: number,
    scales: number, cosine: boolean, drop: boolean, dropKey: number, keepBelow: number, keepScale: number, l2: number,
  ): void;
  skipAdamRows(
    table: number, m: number, v: number, last: number, stride: number, d: number, list: number, from: number, to: number, now: number,
    sums: number, kept: number, epsilons: number, powers1: number, powers2: number,
  ): void;
  adamRows(
    table: number, m: number, v: number, last: number, stride: number, d: number, list: number, from: number, to: number, gradients: number, now: number,
    beta1: number, beta2: number, size: number, correction: number, epsilon: number, decay: number,
  ): void;
  skipSgdRows(table: number, last: number, stride: number, d: number, list: number, from: number, to: number, now: number, kept: number): void;
  sgdRows(
    table: number, last: number, stride: number, d: number, list: number, from: number, to: number, gradients: number, now: number,
    learningRate: number, decay: number,
  ): void;
  scaleRows(source: number, target: number, stride: number, d: number, scales: number, from: number, to: number): void;
  packPanels(source: number, stride: number, d: number, from: number, to: number, count: number, panels: number): void;
  assignSlots(
    entries: number, rows: number, perRow: number, stampOf: number, slotOf: number, stamp: number, items: number, slots: number, out: number, outStride: number,
  ): number;
  sortOccurrences(
    slots: number, count: number, perRow: number, rowOf: number, from: number, to: number,
    offsets: number, counts: number, rows: number, entryOf: number,
  ): void;
  propagateRows(
    x: number, xStride: number, y: number, yStride: number, d: number, offsets: number, neighbours: number, left: number, right: number, scale: number,
    plus: number, plusStride: number, plusScale: number, marks: number, plusMarks: number, buffer: number, list: number, from: number, to: number,
  ): void;
  combineRows(
    x: number, xStride: number, y: number, yStride: number, d: number, keep: number, scale: number, list: number, from: number, to: number,
  ): void;
  fillRows(y: number, stride: number, columns: number, value: number, list: number, from: number, to: number): void;
  scatterRows(x: number, y: number, stride: number, d: number, list: number, from: number, to: number): void;
  multiplyRows(
    x: number, xStride: number, y: number, yStride: number, z: number, zStride: number, d: number, keep: number, list: number, from: number, to: number,
  ): void;
  leakyRows(
    y: number, yStride: number, g: number, gStride: number, d: number, slope: number, list: number, from: number, to: number,
  ): void;
  normalizeRows(
    x: number, xStride: number, y: number, yStride: number, columns: number, list: number, from: number, to: number,
  ): void;
  normalizeBackwardRows(
    x: number, xStride: number, g: number, gStride: number, dx: number, dxStride: number, columns: number, keep: number,
    list: number, from: number, to: number,
  ): void;
  collectRows(x: number, packed: number, stride: number, d: number, list: number, from: number, to: number): void;
  addRows(packed: number, y: number, stride: number, d: number, list: number, from: number, to: number): void;
  dropRows(
    y: number, stride: number, d: number, key: number, keepBelow: number, keepScale: number, list: number, from: number, to: number,
  ): void;
  noiseRows(
    y: number, stride: number, columns: number, key: number, amount: number, list: number, from: number, to: number,
  ): void;
  denseAdamRows(
    table: number, m: number, v: number, gradients: number, stride: number, d: number, from: number, to: number, marks: number, l2: number,
    beta1: number, beta2: number, size: number, correction: number, epsilon: number, decay: number,
  ): void;
  denseSgdRows(
    table: number, gradients: number, stride: number, d: number, from: number, to: number, marks: number, l2: number, learningRate: number, decay: number,
  ): void;
  startTop(scores: number, items: number, k: number): void;
  offerTop(values: number, count: number, first: number, scores: number, items: number, k: number): void;
  finishTop(scores: number, items: number, k: number): void;
  countAbove(values: number, count: number, score: number, orEqual: boolean): number;
} // biome-ignore format: signatures as the kernels have them

/** An instance of the kernels over the given memory. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const imports = {
    env: {
      memory,
      abort: () => {
        throw new Error('kernel aborted');
      },
    },
  };
  return new WebAssembly.Instance(module, imports).exports as unknown as Kernels;
}
