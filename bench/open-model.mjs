/**
 * Opens a made-up model for serving, each time in a new process: seconds until it is open and until the first list, processor seconds, peak of memory. `--against DIR`: in turn with another built checkout, and the ratios.
 * `--huge` asks glibc for pages of 2 MiB (docs/scale.md). The model is written to a temporary folder under `--folder`, or stays in `--model DIR`, which is written if it does not exist.
 *
 *     node bench/open-model.mjs [--users N] [--items N] [--seen N] [--neighbors N] [--rounds N] [--threads N] [--against DIR] [--huge] [--model DIR] [--folder DIR] [--seed N] [--json]
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { saveModel } from '../dist/index.js';
import { machine } from './speed/machine.mjs';
import { madeUpModel } from './speed/made-up-model.mjs';
import { printReport } from './speed/report.mjs';
import { median } from './speed/timing.mjs';

const { values } = parseArgs({
  options: {
    users: { type: 'string', default: '1500000' },
    items: { type: 'string', default: '300000' },
    seen: { type: 'string', default: '10' },
    neighbors: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    against: { type: 'string' },
    huge: { type: 'boolean', default: false },
    model: { type: 'string' },
    folder: { type: 'string', default: tmpdir() },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const roots = [join(import.meta.dirname, '..'), ...(values.against ? [resolve(values.against)] : [])];
const temporary = values.model ? undefined : await mkdtemp(join(resolve(values.folder), 'taurec-open-'));
const model = resolve(values.model ?? join(temporary ?? '', 'model'));
try {
  if (!existsSync(model)) {
    const [users = 0, items = 0, seen = 0, neighbors = 0, seed = 0] = [
      ...[values.users, values.items, values.seen, values.neighbors, values.seed].map(Number),
    ];
    await saveModel(model, madeUpModel({ users, items, seen, neighbors, seed }));
  }
  /** @type {Record<string, number>[][]} By checkout. */
  const figures = roots.map(() => []);
  const places = roots.map((_, place) => place);
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const place of round % 2 ? places.toReversed() : places) figures[place]?.push(opened(roots[place] ?? ''));
  }
  const [own = [], other = []] = figures;
  const rows = Object.keys(own[0] ?? {}).map((figure) => {
    const ratios = other
      .map((before, round) => (own[round]?.[figure] ?? 0) / (before[figure] ?? 1))
      .sort((a, b) => a - b);
    const of = (/** @type {Record<string, number>[]} */ all) => median(all.map((each) => each[figure] ?? 0));
    return {
      figure,
      median: of(own),
      ...(ratios.length > 0 && {
        against: of(other),
        ratio: median(ratios),
        least: ratios[0] ?? 0,
        most: ratios.at(-1) ?? 0,
      }),
    };
  });
  const reports = [
    { title: `opening for serving, ${values.rounds} rounds${values.huge ? ', pages of 2 MiB' : ''}`, rows },
  ];
  if (values.json) console.log(JSON.stringify({ machine: machine(), reports }, null, 2));
  else for (const report of reports) printReport(report);
} finally {
  if (temporary) await rm(temporary, { recursive: true, force: true });
}

/** The figures of one opening with the build of a checkout. @param {string} root @returns {Record<string, number>} */
function opened(root) {
  const child = join(import.meta.dirname, 'speed/open-child.mjs');
  const env = { ...process.env, ...(values.huge && { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' }) };
  return JSON.parse(execFileSync(process.execPath, [child, root, model, values.threads], { encoding: 'utf8', env }));
}
