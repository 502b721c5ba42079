/**
 * Searches the family of dual-scale softmax losses by successive halving, on validation data alone (docs/losses/dsl.md).
 *
 *     node bench/dsl/search.mjs --budget 24 [--out bench/dsl/records.jsonl]
 *
 * Each training adds a line to the records. The same command continues after a stop at any moment. It ends when the plan is complete or when the records together have taken `--budget` hours of processor time.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { enableFusedMultiplyAdd } from '../../dist/index.js';
import { trialsOf } from './judge.mjs';
import { Records } from './records.mjs';
import { Trainer } from './trainer.mjs';

const { values } = parseArgs({
  options: {
    budget: { type: 'string' },
    out: { type: 'string', default: join(import.meta.dirname, 'records.jsonl') },
  },
});
const budget = 3600 * Number(values.budget);
if (!(budget > 0)) throw new Error(`--budget: hours of processor time, a number above 0; got ${values.budget}`);

enableFusedMultiplyAdd();
const records = new Records(values.out);

/** Processor seconds of this process that no record has yet. */
let counted = 0;
function uncounted() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 - counted;
}

/** The open data set: one at a time. @type {{ key: string, trainer: Trainer } | undefined} */
let open;
/** @param {string} data @param {number} seed */
async function trainerOf(data, seed) {
  const key = `${data} ${seed}`;
  if (open?.key !== key) open = { key, trainer: await Trainer.open(data, seed) };
  return open.trainer;
}

for (const trial of trialsOf(records)) {
  if (records.seconds + uncounted() >= budget) break;
  const trainer = await trainerOf(trial.data, trial.seed);
  const value = Number((await trainer.value(trial)).toPrecision(5));
  const seconds = Number(uncounted().toFixed(1));
  counted += seconds;
  records.add({ ...trial, value, seconds });
  const { member, data, seed, setting, tau, lambda, rate, epochs } = trial;
  const facts = `seed ${seed} | ${setting} | τ ${tau} λ ${lambda} rate ${rate} epochs ${epochs}`;
  console.error(`${member} | ${data} | ${facts} | ${value} | ${seconds} s`);
}
console.error(`${(records.seconds / 3600).toFixed(2)} of ${values.budget} processor hours used`);
