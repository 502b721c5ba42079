/**
 * Averages of the weights, taken at the ends of epochs, where all rows are settled.
 * `ema h`: exponential, weight e^(−age / h); `tail f`: the plain mean over the last f. Ages, h and f are fractions of the run.
 */
export class Averages {
  #engine;
  /** @type {{ name: string, kind: 'ema' | 'tail', over: number, tables: Float32Array[], sum: number }[]} */
  #means;

  /** @param {import('../../dist/extend.js').Engine} engine @param {readonly string[]} names */
  constructor(engine, names) {
    this.#engine = engine;
    this.#means = names.map((name) => {
      const [kind, over] = name.split(' ');
      return { name, kind: /** @type {'ema' | 'tail'} */ (kind), over: Number(over), tables: [], sum: 0 };
    });
  }

  #tables() {
    return [this.#engine.users.data, this.#engine.items.data];
  }

  /** Adds the current weights. @param {number} progress in (0, 1] @param {number} weight the epoch's share of the run */
  take(progress, weight) {
    for (const mean of this.#means) {
      if (mean.kind === 'tail' && progress - weight / 2 < 1 - mean.over) continue;
      if (mean.tables.length === 0) mean.tables = this.#tables().map((table) => new Float32Array(table.length));
      if (mean.kind === 'ema') mean.sum *= Math.exp(-weight / mean.over);
      mean.sum += weight;
      const share = weight / mean.sum;
      for (const [t, table] of this.#tables().entries()) {
        const kept = mean.tables[t];
        for (let k = 0; k < kept.length; k++) kept[k] += share * (table[k] - kept[k]);
      }
    }
  }

  /** Puts the last weights, then each average of the names, into the engine. @param {readonly string[]} names */
  *each(names) {
    yield 'last';
    for (const { name, tables } of this.#means) {
      if (tables.length === 0 || !names.includes(name)) continue;
      for (const [t, table] of this.#tables().entries()) table.set(tables[t]);
      yield name;
    }
  }
}
