import { setFlagsFromString } from 'node:v8';

/**
 * Turns on relaxed SIMD, and with it the fused multiply-add kernels, in Node 20 and 21, where V8 keeps it behind a flag. From Node 22 on it is always on and this
 * function does nothing. The flag applies to the whole process, so the program decides: the command line calls this function, the library never does. Call it before
 * the first engine is opened.
 */
export function enableFusedMultiplyAdd(): void {
  if (Number.parseInt(process.versions.node, 10) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
}
