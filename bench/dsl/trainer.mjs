import { join } from 'node:path';
import { loadDataset } from '../../dist/index.js';
import { trainEmbeddings } from '../../dist/lab.js';
import { CoOccurrence } from '../../dist/neighbors/co-occurrence.js';
import { DualScaleFamily } from './family.mjs';
import { members } from './members.mjs';
import { dataSets, NEGATIVES } from './settings.mjs';

/** @typedef {import('./records.mjs').Trial} Trial */
/** @typedef {import('../../dist/extend.js').Csr} Csr */

/** Trains the trials of one data set and seed on one thread. */
export class Trainer {
  #data;
  /** @type {Csr | undefined} */
  #cosines;

  /** @param {import('../../dist/index.js').Dataset} data */
  constructor(data) {
    this.#data = data;
  }

  /** Reads a data set without its test part. @param {string} name @param {number} seed */
  static async open(name, seed) {
    const folder = join(process.env.TAUREC_DATA ?? join(import.meta.dirname, '../../../shared/data'), name);
    const { validSplit } = dataSets[name];
    return new Trainer(await loadDataset({ train: join(folder, 'train.tsv.gz'), validRatio: 0.1, validSplit, seed }));
  }

  /** NDCG@20 on the validation part, the best of four epochs evenly apart; 0 where training diverged. @param {Trial} trial */
  async value({ member, data, seed, setting, tau, lambda, rate, epochs }) {
    const { rows } = dataSets[data][setting];
    const options = { tau, negativeWeight: lambda };
    try {
      const { valid } = await trainEmbeddings(this.#data, {
        loss: member === 'sl' ? { name: 'sl', options } : this.#loss({ ...members[member], ...options }),
        batch: { kind: setting, rows, negatives: NEGATIVES },
        learningRate: rate,
        epochs,
        validation: { every: Math.ceil(epochs / 4), patience: 10, users: 20_000 },
        neighbors: 'off',
        seed,
        threads: 1,
      });
      return /** @type {Record<string, number>} */ (valid)['ndcg@20'];
    } catch (error) {
      if (/** @type {{ code?: string }} */ (error).code === 'diverged') return 0;
      throw error;
    }
  }

  /** @param {Record<string, unknown>} options */
  #loss(options) {
    if (options.similarity !== 'co-occurrence') return new DualScaleFamily(options);
    this.#cosines ??= columnCosines(this.#data.train);
    return new DualScaleFamily(options, this.#cosines);
  }
}

/** [items × items] n_ij / √(n_i n_j) for i ≠ j, from the interactions trained on. @param {Csr} train */
export function columnCosines(train) {
  const together = new CoOccurrence(train);
  /** @type {Int32Array[]} */
  const columns = [];
  /** @type {Float32Array[]} */
  const values = [];
  for (let i = 0; i < train.columns; i++) {
    together.row(i, (found, counts) => {
      columns.push(Int32Array.from(found));
      values.push(Float32Array.from(found, (j) => counts[j] / Math.sqrt(together.counts[i] * together.counts[j])));
    });
  }
  const offsets = new Int32Array(train.columns + 1);
  for (const [i, row] of columns.entries()) offsets[i + 1] = offsets[i] + row.length;
  const indices = new Int32Array(offsets[train.columns]);
  const all = new Float32Array(indices.length);
  for (const [i, row] of columns.entries()) {
    indices.set(row, offsets[i]);
    all.set(values[i], offsets[i]);
  }
  return { rows: train.columns, columns: train.columns, offsets, indices, values: all };
}
