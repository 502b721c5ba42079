import { openEngine } from '../../dist/engine/open-engine.js';
import { optimizerDefaults } from '../../dist/optimizer/create-optimizer.js';
import { createSampler } from '../../dist/sampler/create-sampler.js';
import { initialEmbeddings } from '../../dist/training/engine-arrays.js';
import { Records } from './records.mjs';
import { DIMENSION, dataSets } from './settings.mjs';

/** @typedef {{ rows: number, negatives: number }} Shape */
/** @typedef {Shape & { data: string, ms: number, rowsShare?: number }} Cost ms: processor time of a step; rowsShare: of it gathering rows and the optimiser, which read and write moments */

/** Processor time of a step, by data set, rows and negatives: once measured, it is read from the file, so that equal budgets are equal numbers of steps in every run. */
export class Costs {
  /** @type {Records<Cost>} */
  #records;

  /** @param {string} path */
  constructor(path) {
    this.#records = new Records(path);
  }

  /** Seconds of a step. @param {string} data @param {Shape} shape */
  of(data, shape) {
    const found = this.#find(data, shape);
    if (!found) throw new Error(`not measured: ${data}, ${shape.rows} rows, ${shape.negatives} negatives`);
    return found.ms / 1000;
  }

  /** @param {string} data @param {Shape} shape */
  #find(data, { rows, negatives }) {
    return this.#records.all.find((cost) => cost.data === data && cost.rows === rows && cost.negatives === negatives);
  }

  /**
   * Measures the shapes in turn, `rounds` rounds of about a tenth of a second each, on one thread, sampling included. The cost is the lower quartile over the rounds: other work on the machine only adds to a round.
   * All shapes are measured in one go, so that their ratios belong to one moment of the machine.
   * @param {string} data @param {import('../../dist/extend.js').Csr} train @param {Shape[]} shapes
   */
  async measure(data, train, shapes, rounds = 24) {
    if (shapes.every((shape) => this.#find(data, shape))) return;
    const runs = [];
    for (const shape of shapes) {
      const sampler = createSampler(train, shape, 1);
      const plan = {
        ...{ users: train.rows, items: train.columns, dimension: DIMENSION, score: /** @type {const} */ ('cosine') },
        training: {
          loss: { name: 'sl', options: { tau: dataSets[data].tau } },
          optimizer: optimizerDefaults,
          capacity: sampler.capacity,
          stepsPerEpoch: sampler.stepsPerEpoch,
          ...{ embeddingDropout: 0, seed: 1 },
        },
      };
      const engine = await openEngine(plan, { threads: 1 });
      initialEmbeddings(engine, 1, 0.1);
      runs.push({ shape, sampler, engine, epoch: 0, steps: 0, at: 0, ms: /** @type {number[]} */ ([]) });
    }
    for (let round = -2; round < rounds; round++) {
      for (const run of runs) {
        const { sampler, engine } = run;
        const cpu = process.cpuUsage();
        let steps = 0;
        let spent = 0;
        while (spent < 100) {
          if (run.at === 0) {
            sampler.startEpoch(run.epoch);
            engine.startEpoch(run.epoch, run.steps);
          }
          const batch = sampler.batch(run.at);
          engine.begin(batch, run.at);
          engine.gather();
          engine.scoreRows();
          engine.itemGradients();
          engine.update(1e-3);
          run.at++;
          run.steps++;
          steps++;
          if (run.at === sampler.stepsPerEpoch) {
            engine.settle();
            run.at = 0;
            run.epoch++;
          }
          const { user, system } = process.cpuUsage(cpu);
          spent = (user + system) / 1000;
        }
        if (round >= 0) run.ms.push(spent / steps);
        else engine.resetStats();
      }
    }
    for (const { shape, engine, ms } of runs) {
      const { gather, optimizer, bookkeeping, scores, loss, userGradients, itemGradients } = engine.stats();
      const all = gather + optimizer + bookkeeping + scores + loss + userGradients + itemGradients;
      const rowsShare = Number(((gather + optimizer) / all).toPrecision(3));
      await engine.close();
      if (this.#find(data, shape)) continue;
      const quartile = ms.toSorted((a, b) => a - b)[ms.length >> 2];
      this.#records.add({ data, ...shape, ms: Number(quartile.toPrecision(4)), rowsShare });
    }
  }
}
