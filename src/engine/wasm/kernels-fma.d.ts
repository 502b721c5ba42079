/** kernels-fma.wasm as text, so that a bundle holds it whatever the bundler; scripts/build-kernels.mjs writes it. */
export const base64: string;
