import { expect, test, vi } from 'vitest';

const setFlagsFromString = vi.hoisted(() => vi.fn());
vi.mock('node:v8', () => ({ setFlagsFromString }));
const { enableFusedMultiplyAdd } = await import('../../src/engine/wasm/open-wasm-engine.ts');

const flag = '--experimental-wasm-relaxed-simd';
test.each([
  ['20.19.0', [[flag]]],
  ['21.7.3', [[flag]]],
  ['22.0.0', []],
  ['24.1.0', []],
])('Node %s: the V8 flag is set only where there is one', (node, calls) => {
  const { versions } = process;
  setFlagsFromString.mockClear();
  Object.defineProperty(process, 'versions', { value: { ...versions, node }, configurable: true });
  try {
    enableFusedMultiplyAdd();
  } finally {
    Object.defineProperty(process, 'versions', { value: versions, configurable: true });
  }
  expect(setFlagsFromString.mock.calls).toEqual(calls);
});
