/**
 * Measures the speed of taurec on this machine, section by section.
 *
 *     npm run bench -- [--quick] [--json] [--seed N] [section…]
 *     npm run bench -- --against DIR [--rounds N] [--quick] [--json] [--seed N] [section…]
 *
 * Sections: see `sections` below and README.md. `scale` takes minutes and runs only when named. --against compares with another built checkout, by default the section
 * `step` in five rounds.
 */
import { parseArgs } from 'node:util';
import { enableFusedMultiplyAdd } from '../dist/index.js';
import { compareWith } from './speed/against.mjs';
import { machine } from './speed/machine.mjs';
import { printReport } from './speed/report.mjs';

/** @type {Record<string, () => Promise<{ run: (options: import('./speed/report.mjs').BenchOptions) => Promise<import('./speed/report.mjs').Report[]> }>>} */
const sections = {
  kernels: () => import('./speed/kernels.mjs'),
  native: () => import('./speed/native.mjs'),
  step: () => import('./speed/step.mjs'),
  graph: () => import('./speed/graph.mjs'),
  losses: () => import('./speed/losses.mjs'),
  evaluate: () => import('./speed/evaluate.mjs'),
  read: () => import('./speed/read.mjs'),
  open: () => import('./speed/open.mjs'),
  memory: () => import('./speed/memory.mjs'),
  scale: () => import('./speed/scale.mjs'),
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    against: { type: 'string' },
    rounds: { type: 'string', default: '5' },
  },
});
const unnamed = options.against === undefined ? Object.keys(sections).filter((name) => name !== 'scale') : ['step'];
const wanted = positionals.length > 0 ? positionals : unnamed;
const unknown = wanted.filter((name) => !(name in sections));
if (unknown.length > 0) {
  console.error(`No section ${unknown.join(', ')}. Sections: ${Object.keys(sections).join(', ')}`);
  process.exit(2);
}

enableFusedMultiplyAdd();
const about = machine();
if (!options.json) {
  const { cpu, cores, memoryGiB, node, platform, taurec, commit, load } = about;
  console.log(`taurec ${taurec} (${commit}) on ${cpu}, ${cores} cores, ${memoryGiB} GiB, ${platform}, node ${node}`);
  console.log(
    `load when started: ${load.toFixed(2)}${load > 0.5 ? ' — other work runs here: trust ratios and minima' : ''}`,
  );
}
/** @type {Record<string, import('./speed/report.mjs').Report[]>} */
const reports = {};
if (options.against !== undefined) {
  const { quick, seed, rounds } = options;
  const compared = await compareWith(options.against, wanted, { quick, seed, rounds: Number(rounds) });
  wanted.forEach((name, i) => {
    reports[name] = [compared[i]];
    if (!options.json) printReport(compared[i]);
  });
} else
  for (const name of wanted) {
    const { run } = await sections[name]();
    reports[name] = await run({ quick: options.quick, seed: Number(options.seed) });
    if (!options.json) for (const report of reports[name]) printReport(report);
  }
if (options.json)
  console.log(JSON.stringify({ machine: about, quick: options.quick, seed: options.seed, sections: reports }, null, 2));
