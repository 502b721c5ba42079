import { setFlagsFromString } from 'node:v8';

/**
 * Turns on relaxed SIMD, and with it the fused multiply-add kernels, where V8 keeps it behind a flag: Node 20 and 21. Later ones have it
 * without, and this does nothing there. The flag is process-wide, so a program decides: the command line calls this; the library never does
 * by itself. Call it before the first engine is opened.
 */
export function enableFusedMultiplyAdd(): void {
  if (Number.parseInt(process.versions.node, 10) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd');
}
