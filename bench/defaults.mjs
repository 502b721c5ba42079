/**
 * Defaults, judged data set by data set: each candidate is a configuration that names an objective for `taurec train FILE --valid-ratio 0.1`. Of the training file a tenth is the validation part, and a tenth judges: no candidate sees it, and the
 * test file is not read. A row of the table: NDCG@20 on the judging tenth, of the whole model, by candidate; the choice of a set is the candidate with the best mean share of a set's best on all other sets.
 *
 *     node bench/defaults.mjs [--data movielens-100k,amazon2014-health] [--candidates 'plain;prior'] [--tune 1200] [--seeds 1] [--threads 1] [--records FILE]
 *
 * `--tune SECONDS`: beside the candidates a training with what `taurec tune` finds in that time, on the same validation part. It is none of those that are chosen from.
 * Resumable: what the records (bench/defaults/records.jsonl) contain is not run again. Without --data it prints their tables.
 */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { mean } from '../dist/experiment/statistics.js';
import { enableFusedMultiplyAdd, loadDataset, train } from '../dist/index.js';
import { tune } from '../dist/lab.js';
import { tableLines } from './speed/report.mjs';

const byPopularity = { batch: { pool: 'popularity', alpha: 0.5 } };
const prior = { popularityPrior: 'auto' };
/** @param {number} tau1 @param {number} negativeWeight */
const bsl = (tau1, negativeWeight) => ({ loss: { name: 'bsl', options: { tau1, negativeWeight } } });

/** What each candidate differs in from the declared defaults (bsl, τ1 4, λ 1.2, τ by the number of items, uniform pool, rows weighed by their interactions, no prior). The last one is what a training without a named objective has. @type {Record<string, object>} */
const candidates = {
  plain: { ...bsl(4, 1.2), popularityPrior: 0 },
  prior: { ...bsl(4, 1.2), ...prior },
  'λ 1, prior': { ...bsl(4, 1), ...prior },
  'popular pool, prior': { ...bsl(4, 1), ...byPopularity, ...prior },
  'popular pool, prior, τ1 1': { ...bsl(1, 1), ...byPopularity, ...prior },
  'sqrt, prior': { ...bsl(4, 1.2), rowWeight: 'sqrt', ...prior },
  'sqrt, popular pool, prior': { ...bsl(4, 1), rowWeight: 'sqrt', ...byPopularity, ...prior },
  'sqrt, popular pool, prior, τ1 1': { ...bsl(1, 1), rowWeight: 'sqrt', ...byPopularity, ...prior },
};

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    candidates: { type: 'string', default: Object.keys(candidates).join(';') },
    tune: { type: 'string' },
    seeds: { type: 'string', default: '1' },
    threads: { type: 'string', default: '1' },
    records: { type: 'string', default: join(import.meta.dirname, 'defaults/records.jsonl') },
  },
});
const file = values.records;

/** @typedef {{ data: string, candidate: string, seed: number, judged: number, valid: number, prior: number, seconds: number }} Judged */
/** @type {Judged[]} */
const records = existsSync(file)
  ? readFileSync(file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  : [];

if (values.data !== undefined) {
  enableFusedMultiplyAdd();
  for (const data of values.data.split(',')) {
    for (const seed of values.seeds.split(',').map(Number)) {
      for (const candidate of [...values.candidates.split(';'), ...(values.tune ? [`tune ${values.tune}`] : [])]) {
        if (records.some((record) => record.data === data && record.candidate === candidate && record.seed === seed))
          continue;
        records.push(await judge(data, candidate, seed));
        appendFileSync(file, `${JSON.stringify(records.at(-1))}\n`);
        console.error(JSON.stringify(records.at(-1)));
      }
    }
  }
}

/** @param {string} data @param {string} candidate @param {number} seed @returns {Promise<Judged>} */
async function judge(data, candidate, seed) {
  const folder = join(process.env.TAUREC_DATA ?? '../shared/data', data);
  const source = join(folder, existsSync(join(folder, 'train.tsv.gz')) ? 'train.tsv.gz' : 'train.txt.gz');
  const dataset = await loadDataset({ train: source, split: 'random', testRatio: 0.1, validRatio: 0.1, seed });
  const threads = Number(values.threads);
  const spent = process.cpuUsage();
  if (!candidates[candidate] && !candidate.startsWith('tune '))
    throw new Error(`Option --candidates: got '${candidate}', expected some of: ${Object.keys(candidates).join('; ')}`);
  const config = candidates[candidate] ?? (await tuned(dataset, seed, threads));
  const trained = await train(dataset, { ...config, seed, threads });
  const { user, system } = process.cpuUsage(spent);
  const { metrics } = await trained.evaluate(dataset.test, { protocol: 'clean', ks: [20] });
  const { valid, history, epoch } = trained.result;
  await trained.close();
  return {
    ...{ data, candidate, seed, judged: metrics['ndcg@20'], valid: valid?.['ndcg@20'] ?? 0 },
    prior: history[epoch - 1].popularityPrior ?? 0,
    seconds: (user + system) / 1e6,
  };
}

/** What `tune` finds in `--tune` seconds. @param {import('../dist/index.js').Dataset} dataset @param {number} seed @param {number} threads */
async function tuned(dataset, seed, threads) {
  const folder = mkdtempSync(join(tmpdir(), 'taurec-tune-'));
  try {
    const { config } = await tune(dataset, undefined, {
      ...{ config: { seed }, folder, threads, keep: 'best', timeBudget: Number(values.tune) },
    });
    console.error(JSON.stringify(config));
    return config;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const sets = [...new Set(records.map(({ data }) => data))];
const named = [...new Set(records.map(({ candidate }) => candidate))];
const tried = Object.keys(candidates).filter((name) => named.includes(name));
const shown = [...tried, ...named.filter((name) => !candidates[name])];
/** Mean over the seeds. @param {string} data @param {string} candidate @param {'judged' | 'seconds'} what */
const cellOf = (data, candidate, what) => {
  const found = records.filter((record) => record.data === data && record.candidate === candidate);
  return found.length > 0 ? mean(found.map((record) => record[what])) : Number.NaN;
};
/** Share of the set's best. @param {string} data @param {string} candidate */
const share = (data, candidate) =>
  cellOf(data, candidate, 'judged') /
  Math.max(...shown.map((name) => cellOf(data, name, 'judged')).filter(Number.isFinite));
/** @param {readonly string[]} chosenBy */
const best = (chosenBy) =>
  tried
    .filter((name) => chosenBy.every((data) => Number.isFinite(share(data, name))))
    .map((name) => ({ name, value: mean(chosenBy.map((data) => share(data, name))) }))
    .reduce((a, b) => (b.value > a.value ? b : a)).name;

/** @param {number} value @param {number} digits */
const cellText = (value, digits) => (Number.isNaN(value) ? '' : value.toFixed(digits));

/** @param {'judged' | 'seconds'} what */
const table = (what) =>
  sets.map((data) => ({
    data,
    ...Object.fromEntries(shown.map((name) => [name, cellText(cellOf(data, name, what), what === 'judged' ? 4 : 1)])),
  }));
console.log('NDCG@20 on the judging tenth');
for (const line of tableLines(table('judged'))) console.log(line);
console.log('\nprocessor seconds');
for (const line of tableLines(table('seconds'))) console.log(line);
if (sets.length > 1) {
  console.log('\nchosen on the other sets');
  const rows = sets.map((data) => {
    const chosen = best(sets.filter((other) => other !== data));
    return { data, chosen, 'share of its best': share(data, chosen).toFixed(4) };
  });
  for (const line of tableLines(rows)) console.log(line);
}
