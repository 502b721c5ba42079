/**
 * Compares one propagation over the graph of gowalla at d = 64 by the engine with propagation.cpp, in turn: bytes per second of both, and their ratio.
 * The bytes are one row read per neighbour and one row written per node. Options: --rounds (20), --compiler (g++). Run `npm run build` first.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { fillNodeGraph } from '../../dist/engine/node-graph.js';
import { enableFusedMultiplyAdd, openEngine } from '../../dist/engine/open-engine.js';
import { optimizerDefaults } from '../../dist/optimizer/create-optimizer.js';
import { gowallaSized } from '../speed/data.mjs';
import { median, minimum } from '../speed/timing.mjs';

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '20' }, compiler: { type: 'string', default: 'g++' } },
});
const d = 64;
const folder = mkdtempSync(join(tmpdir(), 'propagation-'));
const program = join(folder, 'propagation');
try {
  const source = join(import.meta.dirname, 'propagation.cpp');
  execFileSync(options.compiler, ['-O3', '-mavx2', '-mfma', '-pthread', '-o', program, source], { stdio: 'inherit' });
} catch {
  console.error(
    `${options.compiler} could not compile propagation.cpp. This comparison needs a C++ compiler (--compiler).`,
  );
  process.exit(1);
}

const data = await gowallaSized(1);
const nodes = data.train.rows + data.train.columns;
const graph = {
  offsets: new Int32Array(nodes + 1),
  neighbours: new Int32Array(2 * data.train.indices.length),
};
fillNodeGraph(data.train, graph);
const file = join(folder, 'graph');
writeFileSync(file, new Uint8Array(Int32Array.of(nodes, ...graph.offsets).buffer));
writeFileSync(file, new Uint8Array(graph.neighbours.buffer), { flag: 'a' });
const bytes = 4 * d * (graph.neighbours.length + nodes);
console.log(
  `${nodes} nodes, ${graph.neighbours.length} neighbours, d ${d}, ${(bytes / 1e6).toFixed(0)} MB, on ${data.source}`,
);

enableFusedMultiplyAdd();
for (const threads of availableParallelism() > 1 ? [1, 2] : [1]) {
  const ours = await engineOf(threads);
  const theirs = await peerOf(threads);
  const difference = Math.abs(ours.checksum - theirs.checksum);
  // the programs sum in different orders: single precision agrees only to a few digits
  if (!(difference <= 1e-4 * Math.abs(theirs.checksum))) {
    throw new Error(`The results differ: checksum ${ours.checksum} of taurec, ${theirs.checksum} of propagation.cpp.`);
  }
  /** @type {{ ours: number[], theirs: number[] }} */
  const seconds = { ours: [], theirs: [] };
  for (let round = 0; round < Number(options.rounds); round++) {
    seconds.ours.push(ours.run());
    seconds.theirs.push(await theirs.run());
  }
  for (const summary of [median, minimum]) {
    const rate = (/** @type {number[]} */ times) => `${(bytes / summary(times) / 1e9).toFixed(2)} GB/s`;
    const ratio = (summary(seconds.ours) / summary(seconds.theirs)).toFixed(2);
    const label = `${threads} thread${threads > 1 ? 's' : ''}, ${summary === median ? 'median' : 'best'}`;
    console.log(
      `${label.padEnd(18)} taurec ${rate(seconds.ours)}  AVX2 ${rate(seconds.theirs)}  AVX2 / taurec ${ratio}`,
    );
  }
  await ours.close();
  await theirs.close();
}
rmSync(folder, { recursive: true });

/** Taurec's engine with a filled table; the training plan is minimal, because only `propagate` runs. @param {number} threads */
async function engineOf(threads) {
  const engine = await openEngine(
    {
      users: data.train.rows,
      items: data.train.columns,
      dimension: d,
      score: 'cosine',
      training: {
        loss: { name: 'sl' },
        optimizer: optimizerDefaults,
        capacity: { rows: 1, positives: 1, negativesPerRow: 1, shared: true, masked: 0, maskWeights: false },
        stepsPerEpoch: 1,
        embeddingDropout: 0,
        seed: 1,
      },
      backbone: { graph: data.train, outputDimension: d, exponents: [0.5], tables: {}, weights: {} },
    },
    { threads },
  );
  const { nodes } = engine;
  if (!nodes) throw new Error('the engine has no node operations');
  const x = nodes.base.data;
  for (let k = 0; k < x.length; k++) x[k] = Math.fround(Math.imul(k, 2654435761) >>> 0) / 2 ** 32 - 0.5;
  // seconds of one propagation; the first call, below, warms up and yields the checksum
  const run = () => {
    const begin = performance.now();
    nodes.propagate(nodes.base, nodes.final, { left: 0.5, right: 0.5 });
    return (performance.now() - begin) / 1000;
  };
  run();
  let checksum = 0;
  for (let k = 0; k < x.length; k++) checksum += nodes.final.data[k] * ((k % 7) - 3);
  return { run, checksum, close: () => engine.close() };
}

/** Starts the compiled program, which runs one propagation per line that it receives. @param {number} threads */
async function peerOf(threads) {
  const child = spawn(program, [file, String(threads)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const number = async () => Number((await lines.next()).value);
  const checksum = await number();
  const run = () => {
    child.stdin.write('\n');
    return number();
  };
  const close = async () => {
    child.stdin.end();
    await once(child, 'exit');
  };
  return { run, checksum, close };
}
