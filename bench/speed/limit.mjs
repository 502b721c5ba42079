import { compileString } from 'assemblyscript/asc';
import { median, minimum, sink } from './timing.mjs';

const turns = 100_000;

/**
 * The speed that 128-bit multiply-adds can have on this machine, in flop per second: a loop of them whose operands all stay in registers, compiled like a build of the
 * kernels. The plain build multiplies and adds with two instructions.
 * @param {import('./measure-kernel.mjs').Build} build
 * @param {number} rounds
 */
export async function multiplyAddLimit(build, rounds) {
  // sums that do not depend on each other: two units with a latency of 4 cycles need 8 fused ones; separate sums have a latency of 3
  const names = Array.from({ length: build === 'simd-fma' ? 12 : 6 }, (_, i) => `s${i}`);
  const source = `export function run(turns: i32): f32 {
    const x0 = f32x4.splat(1), x1 = f32x4.splat(2), x2 = f32x4.splat(3), sign = f32x4.splat(-0.0);
    let y0 = f32x4.splat(1), y1 = f32x4.splat(2);
    ${names.map((name, i) => `let ${name} = f32x4.splat(${i + 1});`).join('\n')}
    for (let i = 0; i < turns; i++) {
      ${build === 'simd-fma' ? fused(names) : plain(names)}
    }
    return f32x4.extract_lane(${names.reduce((all, name) => `f32x4.add(${all}, ${name})`)}, 0);
  }`;
  const { binary, stderr } = await compileString(source, {
    runtime: 'stub',
    optimizeLevel: 3,
    enable: ['simd', 'relaxed-simd'],
  });
  if (!binary) throw new Error(`the loop of multiply-adds does not compile: ${stderr}`);
  const instance = new WebAssembly.Instance(await WebAssembly.compile(new Uint8Array(binary)), { env: { abort() {} } });
  const run = /** @type {(turns: number) => number} */ (instance.exports.run);
  const settled = performance.now() + 400;
  while (performance.now() < settled) sink(run(turns));
  const seconds = [];
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    for (let i = 0; i < 10; i++) sink(run(turns));
    seconds.push((performance.now() - started) / 1000);
  }
  const flop = 10 * turns * names.length * 8;
  return { best: flop / minimum(seconds), median: flop / median(seconds) };
}

/** @param {string[]} names */
function fused(names) {
  return names.map((name, i) => `${name} = f32x4.relaxed_madd(x${i % 3}, y${i % 2}, ${name});`).join('\n');
}

/** The factors change their sign in each turn, so that no product can be computed once for all turns. @param {string[]} names */
function plain(names) {
  const turned = ['y0', 'y1'].map((y) => `${y} = v128.xor(${y}, sign);`);
  return [...turned, ...names.map((name, i) => `${name} = f32x4.add(f32x4.mul(x${i % 3}, y${i % 2}), ${name});`)].join(
    '\n',
  );
}
