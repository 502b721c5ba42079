import { variants } from './variants.mjs';

/** @typedef {import('./records.mjs').CourseRecord} CourseRecord */

/** The last weights and two averages; the records have more. */
const shown = ['last', 'ema 0.1', 'tail 0.2', 'tail 0.1'];

const mean = (/** @type {number[]} */ values) => values.reduce((sum, x) => sum + x, 0) / values.length;
const figure = (/** @type {number} */ value) => value.toFixed(4).replace('0.', '.');
const percent = (/** @type {number} */ ratio) => `${ratio < 1 ? '−' : '+'}${Math.abs(100 * (ratio - 1)).toFixed(1)}%`;

/**
 * One table for each data set, budget and λ: every variant, with the last weights or an average, at the setting (rate, rows, negatives) that validates best for it over the seeds that it shares with the best plain setting; its ratio to
 * that, seed by seed. @param {CourseRecord[]} records
 */
export function tables(records) {
  const groups = groupBy(records, ({ data, budget, lambda = 1 }) => `${data}, ${budget} s, λ ${lambda}`);
  return Object.entries(groups)
    .map(([title, group]) => `### ${title}\n\n${table(group)}`)
    .join('\n\n');
}

/** @param {CourseRecord[]} records */
function table(records) {
  const entries = Object.entries(
    groupBy(
      records.flatMap(({ values, ...trial }) =>
        Object.entries(values)
          .filter(([weights]) => shown.includes(weights))
          .map(([weights, value]) => ({ ...trial, weights, value })),
      ),
      ({ variant, rate, rows, negatives, lambda, weights }) =>
        [variant, weights, rate, rows, negatives, lambda].join('|'),
    ),
  ).map(([, runs]) => ({ ...runs[0], values: new Map(runs.map(({ seed, value }) => [seed, value])) }));
  const isPlain = (/** @type {typeof entries[number]} */ { variant, weights }) =>
    variant === 'plain' && weights === 'last';
  const best = (/** @type {typeof entries} */ list) => {
    // first the settings with most seeds: a setting that was tried on one seed is not chosen over one with two
    const most = Math.max(...list.map(({ values }) => values.size));
    const full = list.filter(({ values }) => values.size === most);
    return full.reduce((a, b) => (mean([...b.values.values()]) > mean([...a.values.values()]) ? b : a));
  };
  const plain = best(entries.filter(isPlain));
  const rows = Object.values(groupBy(entries, ({ variant, weights }) => `${variant}|${weights}`)).map((list) => {
    const one = best(list);
    const shared = [...one.values.keys()].filter((seed) => plain.values.has(seed));
    const ratios = shared.map((seed) => Number(one.values.get(seed)) / Number(plain.values.get(seed)));
    return { one, ratios, value: mean([...one.values.values()]) };
  });
  const order = (/** @type {number[]} */ ratios) => (ratios.length > 0 ? mean(ratios) : 0);
  return [
    '| variant | weights | NDCG@20 | to plain, by seed | rate | rows × negatives | epochs |',
    '|---|---|---|---|---|---|---|',
    ...rows
      .toSorted((a, b) => order(b.ratios) - order(a.ratios))
      .map(({ one, ratios, value }) => {
        const { variant, weights, rate, rows, negatives, epochs } = one;
        const cells = [variants[variant]?.about ?? variant, weights, figure(value), ratios.map(percent).join(', ')];
        return `| ${[...cells, rate, `${rows} × ${negatives}`, epochs].join(' | ')} |`;
      }),
  ].join('\n');
}

/** @template T @param {T[]} values @param {(value: T) => string} key @returns {Record<string, T[]>} */
function groupBy(values, key) {
  /** @type {Record<string, T[]>} */
  const groups = {};
  for (const value of values) {
    groups[key(value)] ??= [];
    groups[key(value)].push(value);
  }
  return groups;
}
