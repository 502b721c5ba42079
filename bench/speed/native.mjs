import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { instantiate } from '../../dist/engine/wasm/kernels.js';
import { Arena } from './arena.mjs';
import { kernelCases } from './kernel-cases.mjs';
import { kernelBytes, runnableBuilds } from './measure-kernel.mjs';
import { inTemporaryFolder } from './temporary.mjs';
import { median, minimum } from './timing.mjs';

const source = join(import.meta.dirname, '../native/kernels.cpp');
const bytes = 64 * 2 ** 20;
/** Arguments of a recorded call, as native/kernels.cpp reads them. */
const mostArguments = 20;

/** Parameters of the kernels that native/kernels.cpp has, in their order; a kernel's number there is its place in this list. */
const parameters = {
  product: ['a', 'aRow', 'aColumn', 'b', 'bRow', 'bTile', 'c', 'cRow', 'm', 'n', 'k', 'accumulate'],
  packColumns: [],
  gatherDots: [],
  gatherSum: [],
  gatherRows: ['table', 'stride', 'd', 'list', 'ids', 'from', 'to', 'packed', 'norms'],
  packPanels: [],
  backwardRows: ['rows', 'stride', 'd', 'ids', 'from', 'to', 'packed', 'norms', 'gradients'],
  latestAdamRows: ['table', 'm', 'v', 'last', 'stride', 'd', 'list', 'from', 'to', 'now', 'sums', 'kept', 'epsilons', 'rows'],
  adamRows: [
    ...['table', 'm', 'v', 'last', 'stride', 'd', 'list', 'from', 'to', 'rows', 'gradients', 'now', 'powers1', 'powers2'],
    ...['beta1', 'beta2', 'size', 'correction', 'epsilon', 'decay'],
  ],
}; // biome-ignore format: a table of names

/**
 * The kernels of a training step and the same operations in C++ with 128-bit vectors, in turn: rates, the share of the native rate that WebAssembly reaches, and whether
 * results are equal bit for bit.
 * @param {import('./report.mjs').BenchOptions} options
 * @returns {Promise<import('./report.mjs').Report[]>}
 */
export function run({ quick, seed }) {
  const title = 'kernels and native code (g++, 128-bit vectors), in turn on one thread';
  return inTemporaryFolder(async (folder) => {
    /** @type {import('./report.mjs').Row[]} */
    const rows = [];
    for (const build of await runnableBuilds()) {
      const program = compile(folder, build);
      if (!program) return [{ title, rows: [], notes: ['skipped: needs an x86-64 machine with g++'] }];
      for (const name of Object.keys(kernelCases)) {
        const row = await compare(name, build, program, folder, seed, quick ? 5 : 25);
        if (row) rows.push(row);
      }
    }
    const notes = [
      'of native: the median over rounds of the ratio of both speeds in one round. The goal is 0.7 at least.',
    ];
    return [{ title, rows, notes }];
  });
}

/**
 * Compiles native/kernels.cpp and returns the program's path; undefined where that does not work.
 * @param {string} folder
 * @param {import('./measure-kernel.mjs').Build} build
 */
function compile(folder, build) {
  if (process.arch !== 'x64') return undefined;
  const program = join(folder, `kernels-${build}`);
  const fused = build === 'simd-fma' ? ['-mfma', '-DFUSED'] : [];
  const flags = ['-std=c++17', '-O3', '-msse4.1', '-mprefer-vector-width=128', '-ffp-contract=off', ...fused];
  const { status } = spawnSync('g++', [...flags, '-o', program, source], { stdio: ['ignore', 'ignore', 'inherit'] });
  return status === 0 ? program : undefined;
}

/**
 * One kernel; undefined if the C++ file does not have it.
 * @param {string} name
 * @param {import('./measure-kernel.mjs').Build} build
 * @param {string} program
 * @param {string} folder
 * @param {number} seed
 * @param {number} rounds
 */
async function compare(name, build, program, folder, seed, rounds) {
  const { prepare, unit, work } = kernelCases[name];
  const pages = bytes >> 16;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const kernels = instantiate(await WebAssembly.compile(await kernelBytes(build)), memory);
  /** @type {number[]} */
  const calls = [];
  let recording = false;
  let foreign = false;
  const recorder = new Proxy(kernels, {
    get:
      (target, kernel) =>
      (/** @type {any[]} */ ...given) => {
        if (recording) {
          const number = Object.keys(parameters).indexOf(String(kernel));
          foreign ||= number < 0;
          const names = parameters[/** @type {keyof typeof parameters} */ (kernel)] ?? [];
          const values = names.length > 0 ? names.map((parameter) => Number(given[0][parameter])) : given.map(Number);
          calls.push(number, ...values, ...new Array(mostArguments - values.length).fill(0));
        }
        return /** @type {any} */ (target)[kernel](...given);
      },
  });
  const call = prepare(recorder, new Arena(memory, 64, seed));
  const image = Buffer.from(new Uint8Array(memory.buffer).slice());
  recording = true;
  call();
  recording = false;
  if (foreign) return undefined;
  const [imageFile, callsFile, resultFile] = ['image', 'calls', 'result'].map((file) => join(folder, file));
  writeFileSync(imageFile, image);
  writeFileSync(callsFile, new Uint8Array(Float64Array.from(calls).buffer));
  const native = spawn(program, [imageFile, callsFile, resultFile], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: native.stdout })[Symbol.asyncIterator]();
  await lines.next();
  const equal = readFileSync(resultFile).equals(Buffer.from(new Uint8Array(memory.buffer).slice()));
  // without the recorder, whose calls cost time
  const bare = prepare(kernels, new Arena(memory, 64, seed));
  const settled = performance.now() + 400;
  let done = 0;
  const started = performance.now();
  for (; performance.now() < settled; done++) bare();
  // a round of about 10 ms
  const repeat = Math.max(1, Math.round((10 * done) / (performance.now() - started)));
  /** @type {{ own: number[], native: number[] }} */
  const seconds = { own: [], native: [] };
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    for (let c = 0; c < repeat; c++) bare();
    seconds.own.push((performance.now() - began) / 1000);
    native.stdin.write(`${repeat}\n`);
    seconds.native.push(Number((await lines.next()).value));
  }
  native.stdin.end();
  const shown = (/** @type {number} */ time) =>
    unit === 'flop' ? (work * repeat) / time / 1e9 : (1e9 * time) / work / repeat;
  return {
    kernel: name,
    build,
    unit: unit === 'flop' ? 'GFLOP/s' : 'ns per element',
    best: shown(minimum(seconds.own)),
    'native best': shown(minimum(seconds.native)),
    'of native': median(seconds.own.map((time, round) => seconds.native[round] / time)),
    'of native, best rounds': minimum(seconds.native) / minimum(seconds.own),
    'bit-equal': equal ? 'yes' : 'no',
  };
}
