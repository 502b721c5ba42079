import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { openEngine as openInBrowser } from '../../src/browser/open-engine.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { enableFusedMultiplyAdd, openWasmEngine } from '../../src/engine/wasm/open-wasm-engine.ts';
import { unsharedKernels } from '../../src/engine/wasm/unshared-kernels.ts';
import { smallPlan } from '../support/small-plan.ts';
import { compareTraining } from './differential.ts';
import { wide } from './wasm-against-reference.ts';

enableFusedMultiplyAdd();
afterEach(() => void vi.unstubAllGlobals());

const kernels = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../../dist/engine/wasm/kernels-${name}.wasm`, import.meta.url)));

describe.each(['simd', 'fma'])('the kernels %s over a memory of their own', (name) => {
  const bytes = kernels(name);

  test('differ from those over a shared memory in one byte', async () => {
    const own = unsharedKernels(bytes);
    expect(own.filter((byte, at) => byte !== bytes[at])).toEqual(Uint8Array.of(1));
    const memory = (shared: boolean) => new WebAssembly.Memory({ initial: 1, maximum: 1, shared });
    for (const [code, shared] of [
      [own, false],
      [bytes, true],
    ] as const) {
      const module = await WebAssembly.compile(code);
      expect(new WebAssembly.Instance(module, { env: { memory: memory(shared) } }).exports).not.toEqual({});
      expect(() => new WebAssembly.Instance(module, { env: { memory: memory(!shared) } })).toThrow(
        WebAssembly.LinkError,
      );
    }
  });

  test('a module whose memory is not shared is refused', () => {
    expect(() => unsharedKernels(unsharedKernels(bytes))).toThrow(TypeError);
  });
});

/** What a page sees that is not cross-origin isolated: no constructor, and no shared WebAssembly memory. */
function denySharedMemory(): void {
  vi.stubGlobal('SharedArrayBuffer', undefined);
  const { Memory } = WebAssembly;
  class Unshared extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      if (descriptor.shared) throw new RangeError('shared memory is denied');
      super(descriptor);
    }
  }
  vi.stubGlobal('WebAssembly', Object.create(WebAssembly, { Memory: { value: Unshared } }));
}

test.each([
  ['simd', {}],
  ['simd-fma', { sampler: { batch: 'pair', rows: 311, negatives: 37 } }],
  ['simd-fma', { loss: { name: 'talos', options: { tau: 0.1, k: 5, thresholdRate: 0.02 } } }],
] as const)(
  'where shared memory is denied, a page trains with the kernels %s to the bit of three threads: %o',
  async (build, more) => {
    const small = smallPlan({ ...wide, ...more });
    const engines: Engine[] = [await openWasmEngine(small.plan, 3, build)];
    denySharedMemory();
    engines.push(await openInBrowser(small.plan, { build, threads: 3 }));
    const [inNode, inPage] = engines as [Engine, Engine];
    expect(inPage).toMatchObject({ name: 'wasm', build, threads: 1 });
    expect(inPage.users.data.buffer).toBeInstanceOf(ArrayBuffer);
    compareTraining(inPage, inNode, small, { epochs: 1, tolerance: { absolute: 0, relative: 0 } });
    await Promise.all(engines.map((engine) => engine.close()));
  },
);

test('a browser without WebAssembly is told so, and the reference engine runs', async () => {
  vi.stubGlobal('WebAssembly', undefined);
  const { plan } = smallPlan(wide);
  await expect(openInBrowser(plan)).rejects.toMatchObject({ code: 'wasm-blocked' });
  expect(await openInBrowser(plan, { engine: 'reference' })).toMatchObject({ name: 'reference' });
});
