import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/**
 * What a training is told apart by.
 * @typedef {object} Trial
 * @property {string} data
 * @property {number} budget seconds of processor time, by the costs
 * @property {string} variant a name of variants.mjs
 * @property {number} rate highest learning rate
 * @property {number} rows a step
 * @property {number} negatives a row
 * @property {number} [lambda] weight of the negative side; absent: 1
 * @property {number} seed of the split, the initial embeddings and the batches
 */

/**
 * @typedef {Trial & { values: Record<string, number>, epochs: number, steps: number, seconds: number }} CourseRecord
 * values: NDCG@20 on the validation part, of the last weights and of averages; seconds: of processor time that the steps really took, at the load of that moment
 */

/** Records in a file with one JSON object a line; a last line that a kill cut short is left out. @template T */
export class Records {
  #path;
  /** @type {T[]} */
  all = [];

  /** @param {string} path */
  constructor(path) {
    this.#path = path;
    if (!existsSync(path)) return;
    const text = readFileSync(path, 'utf8');
    for (const line of text.split('\n'))
      if (line.startsWith('{') && line.endsWith('}')) this.all.push(JSON.parse(line));
    if (text !== '' && !text.endsWith('\n')) appendFileSync(path, '\n');
  }

  /** @param {T} record */
  add(record) {
    appendFileSync(this.#path, `${JSON.stringify(record)}\n`);
    this.all.push(record);
  }
}

/** @param {Trial} trial */
export function keyOf({ data, budget, variant, rate, rows, negatives, lambda = 1, seed }) {
  return [data, budget, variant, rate, rows, negatives, lambda, seed].join('|');
}
