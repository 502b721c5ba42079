import { knownEngineOptions } from '../engine/check-plan.ts';
import type { openEngine as openEngineInNode } from '../engine/open-engine.ts';
import { openReferenceEngine } from '../engine/reference/reference-engine.ts';
import { compileKernels, prepareEngine } from '../engine/wasm/prepare-engine.ts';
import { WasmEngine } from '../engine/wasm/wasm-engine.ts';
import { TaurecError } from '../errors.ts';

/**
 * Opens an engine in a browser. It runs on the calling thread for any value of `threads`; the number of threads does not change results. The kernels are part of the
 * bundle, so nothing is fetched. They need shared WebAssembly memory, which a browser may deny to pages that are not cross-origin isolated: `auto` then selects the
 * slow reference engine.
 *
 * @throws TaurecError as in Node; `bad-option` for engine 'wasm' on a page without shared memory
 */
export const openEngine: typeof openEngineInNode = async (plan, options = {}) => {
  knownEngineOptions(options);
  if (options.engine === 'reference') return openReferenceEngine(plan);
  if (!hasSharedMemory()) {
    if (options.engine !== 'wasm') return openReferenceEngine(plan);
    throw new TaurecError('bad-option', {
      option: 'engine',
      got: 'wasm',
      expected: "'auto' or 'reference': this page has no shared memory",
      remedy:
        'Serve the page cross-origin isolated (headers Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy).',
    });
  }
  // One thread: module, memory and needs are only for the threads that Node starts.
  const {
    needs: _needs,
    module: _module,
    wasmMemory: _memory,
    ...parts
  } = await prepareEngine(plan, 1, () => compileKernels(options.build ?? 'auto', kernelBytes));
  return new WasmEngine({ ...parts, stop: async () => {} });
};

/** Tests for shared WebAssembly memory by allocating one page (64 KiB) of it: a browser that denies it throws. */
function hasSharedMemory(): boolean {
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }) !== undefined;
  } catch {
    return false;
  }
}

/** The compiled kernels from the bundle, where they are modules with base64 text. Only the chosen build is loaded. */
async function kernelBytes(name: 'simd' | 'fma'): Promise<Uint8Array<ArrayBuffer>> {
  const { base64 } = await (name === 'simd'
    ? import('../engine/wasm/kernels-simd.js')
    : import('../engine/wasm/kernels-fma.js'));
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
