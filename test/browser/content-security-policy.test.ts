import { afterEach, expect, test, vi } from 'vitest';
import { openEngine } from '../../src/browser/open-engine.ts';

afterEach(() => void vi.restoreAllMocks());

const plan = { users: 3, items: 4, dimension: 5, score: 'dot' } as const;

/** What Chromium says where the policy of a page has no 'wasm-unsafe-eval'. */
const refusal =
  "WebAssembly.compile(): Refused to compile or instantiate WebAssembly module because neither 'wasm-eval' nor 'unsafe-eval' is an allowed source of script in the following Content Security Policy directive: \"script-src 'self'\"";

test.each(['auto', 'simd'] as const)('a page that may not compile WebAssembly is told how, build %s', async (build) => {
  const cause = new WebAssembly.CompileError(refusal);
  vi.spyOn(WebAssembly, 'compile').mockRejectedValue(cause);
  const error = await openEngine(plan, { engine: 'wasm', build }).catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'wasm-blocked', cause });
  expect(error.message).toContain(refusal);
  expect(error.message).toContain("add 'wasm-unsafe-eval' to its script-src");
  await (await openEngine(plan, { engine: 'reference' })).close();
});

test('a machine that cannot run the kernels is not taken for one that may not', async () => {
  const cause = new WebAssembly.CompileError('no SIMD here');
  vi.spyOn(WebAssembly, 'compile').mockRejectedValue(cause);
  vi.spyOn(WebAssembly, 'validate').mockReturnValue(false);
  await expect(openEngine(plan, { build: 'simd' })).rejects.toBe(cause);
});
