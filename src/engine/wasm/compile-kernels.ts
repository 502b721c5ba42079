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
 * @throws TaurecError `bad-option` where fused multiply-add is wanted and the machine has none; `wasm-blocked` where compiling is forbidden
 */
export async function compileKernels(
  build: WantedBuild,
  read: (name: 'simd' | 'fma') => Promise<Uint8Array<ArrayBuffer>>,
): Promise<CompiledKernels> {
  if (build !== 'simd') {
    const bytes = await read('fma');
    if (WebAssembly.validate(bytes)) return { module: await compiled(bytes), fused: true };
    if (build === 'simd-fma') {
      throw new TaurecError('bad-option', {
        option: 'build',
        got: build,
        expected: 'a machine with relaxed SIMD',
        remedy: 'Call enableFusedMultiplyAdd() first, or use Node 22.',
      });
    }
  }
  return { module: await compiled(await read('simd')), fused: false };
}

/** Compiles a module. Where the machine takes the bytes and compiling fails all the same, a content security policy or the host forbids it. */
async function compiled(bytes: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    if (!WebAssembly.validate(bytes)) throw cause;
    const reason = (cause as Error).message;
    throw new TaurecError('wasm-blocked', { reason: /[.!?]$/.test(reason) ? reason : `${reason}.` }, { cause });
  }
}
