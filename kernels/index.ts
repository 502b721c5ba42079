// The kernels of the WebAssembly engine, compiled twice: with 128-bit SIMD, and with relaxed SIMD for fused multiply-add (scripts/build-kernels.mjs).
// Conventions of all files. A pointer (`usize`) is a byte address in the one shared memory; 0 means absent where a docstring allows it. Tables are row-major 32-bit
// floats; a row has d floats, padded with zeros to a multiple of 4, and `stride` bytes lie between the starts of two rows. Offsets use shifts: i << 2 is the byte offset
// of float i. A range [from, to) is one thread's share: threads never write the same row.
export { product } from './product';
export { logExpectationExp } from './log-expectation-exp';
export { softplusRow } from './softplus';
export { pairwiseRow } from './pairwise';
export { partialAucRow } from './partial-auc';
export { logSigmoidRow } from './log-sigmoid';
export { addStandardized, slate, competition, addExpectation } from './dual-scale';
export { gatherDots, gatherSum } from './gather';
export { gatherRows, backwardRows, latestAdamRows, skipAdamRows, adamRows, latestSgdRows, skipSgdRows, sgdRows, scaleRows, packPanels, packColumns } from './rows';
export { widenPanels, widenRows } from './halves';
export { assignSlots, sortOccurrences } from './lists';
export { startTop, offerTop, finishTop, countAbove } from './rank';
export { propagateRows, combineRows, fillRows, scatterRows } from './nodes';
export { multiplyRows, leakyRows, normalizeRows, normalizeBackwardRows, collectRows, addRows } from './node-maps';
export { dropRows, noiseRows } from './random';
export { denseAdamRows, denseSgdRows } from './dense';
