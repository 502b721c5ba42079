/**
 * The table of docs/losses/dsl.md, from the records of the search: the gain of every member over `sl`, both at their best τ, in percent of NDCG@20 on validation data.
 *
 *     node bench/dsl/table.mjs [--records bench/dsl/records.jsonl] [--budget 24] [--write]
 *
 * Prints Markdown; --write puts it between the marks of the page. A cell's interval (95%) is that of its seeds, with the deviation between seeds pooled over the members of the table; the interval of a mean over
 * three data sets or more is that of the data sets (Student's t), over fewer that of the seeds.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { deviation, mean } from '../../dist/experiment/statistics.js';
import { cellsOf, gainsOf, valuesOf } from './judge.mjs';
import { members } from './members.mjs';
import { rungs } from './plan.mjs';
import { Records } from './records.mjs';
import { dataSets } from './settings.mjs';

/** @typedef {import('./judge.mjs').Cell} Cell */
/** @typedef {import('./plan.mjs').Part} Part */

/** 97.5% quantiles of Student's t with 1, 2, … degrees of freedom. */
const studentT = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36];
/** The same with more degrees. */
const NORMAL = 2;

/** A member with its gains by data set and seed. @typedef {{ member: string, cells: (number[] | undefined)[] }} Row */

/** Members, data sets and gains of one setting. */
class Table {
  /** @type {string[]} */
  data;
  /** @type {Row[]} */
  rows;

  /** @param {Part} part @param {Records} records */
  constructor(part, records) {
    /** The parts of all rungs that train in the same way, those with the most seeds first. @type {Part[]} */
    this.parts = rungs
      .flat()
      .filter((one) => keyOf(one) === keyOf(part))
      .sort((a, b) => b.seeds.length - a.seeds.length);
    this.records = records;
    const named = Object.keys(dataSets).filter((name) => this.parts.some(({ data }) => data.includes(name)));
    const started = (/** @type {string} */ name) => Object.keys(members).some((member) => this.gains(member, name));
    this.data = named.filter(started);
    this.rows = Object.keys(members)
      .map((member) => ({ member, cells: this.data.map((name) => this.gains(member, name)) }))
      .filter(({ cells }) => cells.some(Boolean));
    // Members on more data sets went further; among equals the larger mean is first.
    const counted = (/** @type {{ cells: unknown[] }} */ row) => row.cells.filter(Boolean).length;
    this.rows.sort((a, b) => counted(b) - counted(a) || this.mean(b.cells) - this.mean(a.cells));
    const squares = this.rows.flatMap(({ cells }) => cells.flatMap((c) => (c ? c.map((g) => (g - mean(c)) ** 2) : [])));
    const freedom = this.rows
      .flatMap(({ cells }) => cells.map((c) => (c ? c.length - 1 : 0)))
      .reduce((a, b) => a + b, 0);
    /** Half the interval of one seed: the deviation of a gain between seeds times the quantile of its degrees of freedom; undefined with one seed alone. */
    this.half =
      freedom > 0
        ? (studentT[freedom - 1] ?? NORMAL) * Math.sqrt(squares.reduce((a, b) => a + b, 0) / freedom)
        : undefined;
  }

  /** Gains by seed, of as many seeds as are complete. @param {string} member @param {string} data @returns {number[] | undefined} */
  gains(member, data) {
    return this.first(data, (part) => gainsOf(cellsOf(member, part)[0], this.records));
  }

  /** NDCG@20 of `sl`, mean over the seeds. @param {string} data */
  plain(data) {
    return this.first(data, (part) => valuesOf(cellsOf('sl', part)[0], this.records));
  }

  /**
   * The first result on a data set, from the most seeds to one.
   * @template T @param {string} data @param {(part: Part) => T | undefined} find @returns {T | undefined}
   */
  first(data, find) {
    for (const part of this.parts.filter((one) => one.data.includes(data))) {
      for (let count = part.seeds.length; count > 0; count--) {
        const found = find({ ...part, data: [data], seeds: part.seeds.slice(0, count) });
        if (found) return found;
      }
    }
    return undefined;
  }

  /** @param {(number[] | undefined)[]} cells */
  mean(cells) {
    return mean(cells.flatMap((gains) => (gains ? [mean(gains)] : [])));
  }

  /** Half the interval of the mean over data sets. @param {(number[] | undefined)[]} cells */
  halfOfMean(cells) {
    const means = cells.flatMap((gains) => (gains ? [mean(gains)] : []));
    if (means.length >= 3) return (studentT[means.length - 2] * deviation(means)) / Math.sqrt(means.length);
    if (this.half === undefined) return undefined;
    const variances = cells.flatMap((gains) => (gains ? [1 / gains.length] : []));
    return (this.half * Math.sqrt(variances.reduce((a, b) => a + b, 0))) / variances.length;
  }

  /** @returns {string[]} */
  markdown() {
    const header = ['member', ...this.data.map((name) => name.replace('amazon2014-', '')), 'mean'];
    const plain = this.data.map((name) => {
      const found = this.plain(name);
      return found ? mean(found).toFixed(4).replace(/^0/, '') : '';
    });
    return [
      `| ${header.join(' | ')} |`,
      `|${header.map(() => '---').join('|')}|`,
      `| \`sl\`, NDCG@20 | ${[...plain, ''].join(' | ')} |`,
      ...this.rows.map(({ member, cells }) => {
        const shown = cells.map((gains) =>
          gains ? percent(mean(gains), this.half && this.half / Math.sqrt(gains.length)) : '',
        );
        return `| ${member} | ${[...shown, percent(this.mean(cells), this.halfOfMean(cells))].join(' | ')} |`;
      }),
    ];
  }
}

/** @param {Part} part */
function keyOf({ setting, lambda, length }) {
  return `${setting} ${lambda} ${length}`;
}

/** @param {number} gain @param {number | undefined} half */
function percent(gain, half) {
  const value = (100 * gain).toFixed(1);
  return `${gain >= 0 ? '+' : ''}${value}${half === undefined ? '' : ` ± ${(100 * half).toFixed(1)}`}`;
}

/** @param {Part} part */
function titleOf({ setting, lambda, length }) {
  const rows = setting === 'user' ? 'User rows' : 'Pair batches';
  const weight = lambda === 'one' ? 'λ 1' : 'λ free, for `sl` too';
  return `**${rows}, ${weight}${length < 1 ? `, short trainings (${length} of the epochs)` : ''}**`;
}

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: join(import.meta.dirname, 'records.jsonl') },
    budget: { type: 'string', default: '24' },
    write: { type: 'boolean', default: false },
  },
});
const records = new Records(values.records);
/** One part for each way to train. */
const ways = [...new Map(rungs.flat().map((part) => [keyOf(part), part])).values()];
const tables = ways.map((part) => ({ part, table: new Table(part, records) })).filter(({ table }) => table.rows.length);
const hours = records.seconds / 3600;
const text = [
  `${hours.toFixed(1)} of ${values.budget} processor hours used, ${records.all.length} trainings.`,
  ...tables.flatMap(({ part, table }) => ['', titleOf(part), '', ...table.markdown()]),
].join('\n');
if (values.write) {
  const page = join(import.meta.dirname, '../../docs/losses/dsl.md');
  const marked = /(<!-- search -->\n)[\s\S]*(<!-- \/search -->)/;
  const old = readFileSync(page, 'utf8');
  writeFileSync(
    page,
    old.replace(marked, (_, open, close) => `${open}\n${text}\n\n${close}`),
  );
} else console.log(text);
