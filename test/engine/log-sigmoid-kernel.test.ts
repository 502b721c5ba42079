import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../src/array/random.ts';
import { instantiate } from '../../src/engine/wasm/kernels.ts';
import { enableFusedMultiplyAdd } from '../../src/engine/wasm/open-wasm-engine.ts';
import { expectClose } from '../support/close.ts';

enableFusedMultiplyAdd();

async function kernelsOf(build: 'simd' | 'fma') {
  const bytes = await readFile(new URL(`../../dist/engine/wasm/kernels-${build}.wasm`, import.meta.url));
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  return { kernels: instantiate(await WebAssembly.compile(bytes), memory), floats: new Float32Array(memory.buffer) };
}

const [x, weights, gradients, result] = [64, 1024, 2048, 3072];
const logSigmoid = (d: number) => -Math.log1p(Math.exp(-d));

describe.each(['simd', 'fma'] as const)('build %s', (build) => {
  const sizes = [1, 2, 3, 4, 5, 7, 8, 11, 12, 203];
  const temperatures = [1e-3, 0.05, 0.3, 50];
  test.each(sizes.flatMap((n) => temperatures.map((tau) => [n, tau] as const)))(
    'log-sigmoid kernel, %d negatives, τ = %d: as the formula, with and without weights',
    async (n, tau) => {
      const { kernels, floats } = await kernelsOf(build);
      const random = randomStream(1, 'log-sigmoid kernel', n);
      for (const b of [-0.9, 0.2, 0.9]) {
        for (const weighted of [false, true]) {
          for (let j = 0; j < n; j++) {
            floats[x + j] = 2 * random.real() - 1;
            floats[weights + j] = random.real() < 0.3 ? 0 : 3 * random.real();
          }
          floats[weights] = 1;
          // a masked score far above all others
          if (n > 1) [floats[x + 1], floats[weights + 1]] = [100, 0];
          const scores = Array.from(floats.subarray(x, x + n));
          const w = weighted ? Array.from(floats.subarray(weights, weights + n)) : scores.map(() => 1);
          floats[gradients + n] = 7;
          const at = weighted ? weights * 4 : 0;
          kernels.logSigmoidRow(x * 4, n, Math.fround(b), 1 / tau, 0.5, at, gradients * 4, result * 4);
          const a = scores.map((s) => logSigmoid(s - Math.fround(b)));
          const top = Math.max(...a.filter((_, j) => w[j]! > 0));
          const terms = a.map((value, j) => (w[j] === 0 ? 0 : w[j]! * Math.exp((value - top) / tau)));
          const sum = terms.reduce((s, t) => s + t, 0);
          // an error of 1e-7 in a is one of 1e-7/τ in an exponential
          const relative = 3e-6 + 4e-7 / tau;
          expectClose([floats[result]!, floats[result + 1]!], [top, sum], 1e-6, relative, 'top and sum');
          const above = w.reduce((s, value, j) => (scores[j]! > Math.fround(b) ? s + value : s), 0);
          expectClose([floats[result + 2]!], [above], 1e-5, 1e-6, 'weight above b');
          const slopes = scores.map((s, j) => (0.5 * terms[j]!) / sum / (1 + Math.exp(s - Math.fround(b))));
          expectClose(floats.subarray(gradients, gradients + n), slopes, 1e-7, 2 * relative, 'gradients');
          expect(floats[gradients + n]).toBe(7);
        }
      }
    },
  );
});
