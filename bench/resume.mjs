/**
 * A training of two epochs that is killed (SIGKILL) in the middle of the second and resumed from its checkpoint, beside one that is not: whether the embeddings are equal to the bit, the bytes and seconds of a checkpoint, seconds until the first step.
 * Data are a made-up log (speed/made-up-log.mjs). Exits with 1 where the embeddings differ.
 *
 *     node bench/resume.mjs [--millions N] [--dimension N] [--negatives N] [--threads N] [--seed N] [--folder DIR] [--json]
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { machine } from './speed/machine.mjs';
import { printReport } from './speed/report.mjs';

const { values } = parseArgs({
  options: {
    millions: { type: 'string', default: '3' },
    dimension: { type: 'string', default: '64' },
    negatives: { type: 'string', default: '2048' },
    threads: { type: 'string', default: '2' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
});
const [dimension, negatives, threads, seed] = [values.dimension, values.negatives, values.threads, values.seed].map(
  Number,
);
const folder = await mkdtemp(join(resolve(values.folder), 'taurec-resume-'));
const stopped = { interactions: Number(values.millions) * 1e6, dimension, negatives, threads, seed, folder };

/** Runs a stage in its own process; what a killed one printed counts too. @param {string} stage */
async function run(stage) {
  const child = join(import.meta.dirname, 'speed/resume-child.mjs');
  const ended = await promisify(execFile)(process.execPath, [child, stage, JSON.stringify(stopped)]).catch((error) => {
    if (error.signal !== 'SIGKILL' || !error.stdout) throw error;
    return error;
  });
  console.error(`${stage}: ${ended.stdout.trim()}`);
  return JSON.parse(ended.stdout);
}

try {
  await run('generate');
  /** @type {import('./speed/report.mjs').Row[]} */
  const rows = [];
  const digests = [];
  for (const stage of ['whole', 'killed', 'resumed']) {
    const { seconds, bytes, peak, step, steps, digest } = await run(stage);
    if (digest) digests.push(digest);
    rows.push({
      training: stage,
      'until first step s': seconds.start,
      'checkpoint GiB': bytes / 2 ** 30,
      'checkpoint s': seconds.checkpoint ?? 0,
      'peak GiB': peak / 2 ** 30,
      'killed after': step ? `${step} of ${steps} steps` : '',
    });
  }
  if (digests.length > 2) throw new Error('The training ended before it was killed: give it more --millions.');
  const equal = digests.length === 2 && digests[0] === digests[1];
  const title = `resumed after a kill, ${values.millions} million interactions: embeddings ${equal ? 'equal to the bit' : 'DIFFER'}`;
  if (values.json) console.log(JSON.stringify({ machine: machine(), equal, rows }, null, 2));
  else printReport({ title, rows });
  process.exitCode = equal ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
