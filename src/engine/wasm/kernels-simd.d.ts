/** kernels-simd.wasm as base64 text, which every bundler can include. scripts/build-kernels.mjs writes the module. */
export const base64: string;
