import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../src/array/random.ts';
import { instantiate } from '../../src/engine/wasm/kernels.ts';
import { enableFusedMultiplyAdd } from '../../src/engine/wasm/open-wasm-engine.ts';
import { pairwiseActivations } from '../../src/loss/pairwise-activations.ts';
import { expectClose } from '../support/close.ts';

enableFusedMultiplyAdd();

async function kernelsOf(build: 'simd' | 'fma') {
  const bytes = await readFile(new URL(`../../dist/engine/wasm/kernels-${build}.wasm`, import.meta.url));
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  return { kernels: instantiate(await WebAssembly.compile(bytes), memory), floats: new Float32Array(memory.buffer) };
}

const n = 4003;
const [x, gradients, scratch, result] = [64, 8192, 16384, 24576];

describe.each(['simd', 'fma'] as const)('build %s', (build) => {
  test.each(['tanh', 'relu', 'atan'] as const)(
    'pairwise kernel, %s: the plain activation within 1e-6',
    async (name) => {
      const { kernels, floats } = await kernelsOf(build);
      const { value, slope } = pairwiseActivations[name];
      const random = randomStream(1, 'pairwise kernel');
      const positive = Math.fround(0.4);
      // d from −.69 to .3, the last ones to the end of the range
      for (let j = 0; j < n; j++) floats[x + j] = j < 4000 ? 2 * random.real() - 0.99 : 1 - 0.01 * (n - j);
      const scores = Array.from(floats.subarray(x, x + n));
      const shift = value((Math.max(...scores) - positive) / 2);
      const terms = scores.map((s) => Math.exp(value((s - positive) / 2) - shift));
      const sum = terms.reduce((a, b) => a + b, 0);
      const got = kernels.pairwiseRow({
        x: x * 4,
        n,
        positive,
        shift,
        inverseTau: 1,
        share: sum,
        activation: ['tanh', 'relu', 'atan'].indexOf(name),
        weights: 0,
        gradients: gradients * 4,
        scratch: scratch * 4,
        result: result * 4,
      });
      expectClose([got], [sum], 0, 1e-6, 'sum');
      const expected = terms.map((term, j) => term * slope((scores[j]! - positive) / 2));
      expectClose(floats.subarray(gradients, gradients + n), expected, 1e-7, 2e-6, 'gradients');
      expectClose(
        [floats[result]!],
        [expected.reduce((a, b) => a + b, 0)],
        0,
        2e-5,
        'pull, summed in single precision',
      );
    },
  );

  test('pairwise kernel: with every score masked it adds nothing', async () => {
    const { kernels, floats } = await kernelsOf(build);
    floats.fill(0.5, gradients, gradients + 5);
    const weights = scratch + 8;
    floats.fill(0, weights, weights + 5);
    const got = kernels.pairwiseRow({
      x: x * 4,
      n: 5,
      positive: 0.1,
      shift: 0,
      inverseTau: 10,
      share: 1,
      activation: 1,
      weights: weights * 4,
      gradients: gradients * 4,
      scratch: scratch * 4,
      result: result * 4,
    });
    expect([got, floats[result]]).toEqual([0, 0]);
    expect([...floats.subarray(gradients, gradients + 5)]).toEqual([0.5, 0.5, 0.5, 0.5, 0.5]);
  });
});
