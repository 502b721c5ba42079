import { TaurecError } from '../../errors.ts';

/** Arithmetic that a caller asks for; `auto`: fused multiply-add where the machine has it. */
export type WantedBuild = 'auto' | 'simd' | 'simd-fma';

/** A compiled module of the kernels, and whether it multiplies and adds in one operation. */
export interface CompiledKernels {
  readonly module: WebAssembly.Module;
  readonly fused: boolean;
}

/**
 * Compiles the build that is wanted, from the bytes that `read` brings.
 * @throws TaurecError `bad-option` where fused multiply-add is wanted and the machine has none
 */
export async function compileKernels(
  build: WantedBuild,
  read: (name: 'simd' | 'fma') => Promise<Uint8Array<ArrayBuffer>>,
): Promise<CompiledKernels> {
  if (build !== 'simd') {
    const bytes = await read('fma');
    if (WebAssembly.validate(bytes)) return { module: await WebAssembly.compile(bytes), fused: true };
    if (build === 'simd-fma') {
      throw new TaurecError('bad-option', {
        option: 'build',
        got: build,
        expected: 'a machine with relaxed SIMD',
        remedy: 'Call enableFusedMultiplyAdd() first, or use Node 22.',
      });
    }
  }
  return { module: await WebAssembly.compile(await read('simd')), fused: false };
}
