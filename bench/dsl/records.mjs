import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/**
 * One training of the search.
 * @typedef {object} SearchRecord
 * @property {string} member a name of members.mjs, or `sl`; others count towards the budget alone
 * @property {string} data
 * @property {number} seed of the split, the initial embeddings and the negatives
 * @property {'user' | 'pair'} setting
 * @property {number} tau
 * @property {number} lambda
 * @property {number} rate learning rate
 * @property {number} epochs
 * @property {number} value NDCG@20 on the validation part, best of the epochs validated; 0 where training diverged
 * @property {number} seconds of processor time, reading included
 */

/** What a training is told apart by. @typedef {Omit<SearchRecord, 'value' | 'seconds'>} Trial */

/** The records of a search, in a file with one JSON object a line. */
export class Records {
  #path;
  /** @type {SearchRecord[]} */
  all = [];
  /** @type {Map<string, SearchRecord>} */
  #byTrial = new Map();

  /** Reads the file, if it is there; a last line that a kill cut short is left out. @param {string} path */
  constructor(path) {
    this.#path = path;
    if (!existsSync(path)) return;
    const lines = readFileSync(path, 'utf8').split('\n');
    for (const [at, line] of lines.entries()) {
      if (line === '') continue;
      // A complete line ends with a newline, so the last element is '' or a torn line.
      if (at === lines.length - 1) {
        appendFileSync(path, '\n');
        continue;
      }
      if (line.startsWith('{') && line.endsWith('}')) this.#keep(JSON.parse(line));
    }
  }

  /** Processor seconds of all records. */
  get seconds() {
    return this.all.reduce((sum, { seconds }) => sum + seconds, 0);
  }

  /** @param {Trial} trial */
  find(trial) {
    return this.#byTrial.get(keyOf(trial));
  }

  /** @param {SearchRecord} record */
  add(record) {
    appendFileSync(this.#path, `${JSON.stringify(record)}\n`);
    this.#keep(record);
  }

  /** @param {SearchRecord} record */
  #keep(record) {
    this.all.push(record);
    this.#byTrial.set(keyOf(record), record);
  }
}

/** @param {Trial} trial */
function keyOf({ member, data, seed, setting, tau, lambda, rate, epochs }) {
  return [member, data, seed, setting, tau, lambda, rate, epochs].join('|');
}
