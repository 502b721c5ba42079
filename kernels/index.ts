// The kernels of the WebAssembly engine. Every pointer is a byte address in the one shared memory; every function is a loop over plain floats.
export { product } from './product';
export { logExpectationExp } from './log-expectation-exp';
export { softplusRow } from './softplus';
export { pairwiseRow } from './pairwise';
export { partialAucRow } from './partial-auc';
export { addStandardized, slate, competition, addExpectation } from './dual-scale';
export { gatherDots, gatherSum } from './gather';
export { gatherRows, backwardRows, skipAdamRows, adamRows, skipSgdRows, sgdRows, scaleRows, packPanels } from './rows';
export { assignSlots, sortOccurrences } from './lists';
export { startTop, offerTop, finishTop, countAbove } from './rank';
export { propagateRows, combineRows, fillRows, scatterRows } from './nodes';
export { multiplyRows, leakyRows, normalizeRows, normalizeBackwardRows, collectRows, addRows } from './node-maps';
export { dropRows, noiseRows } from './random';
export { denseAdamRows, denseSgdRows } from './dense';
