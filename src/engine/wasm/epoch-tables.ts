import type { ThreadMemory } from './memory.ts';

/**
 * Adam's scalars by step of the epoch, which the lazy rows look up (see optimizer/adam.ts): terms, decays and their running product grow step by step,
 * the powers of β1 and β2 are known at the start.
 */
export class EpochTables {
  private readonly memory: ThreadMemory;
  private base = 0;

  constructor(memory: ThreadMemory) {
    this.memory = memory;
  }

  /** A new epoch, `step` optimiser steps after the beginning of training. */
  start(step: number): void {
    const training = this.memory.plan.training!;
    const { beta1, beta2, epsilon } = training.optimizer;
    this.base = step;
    const tables = this.views();
    // a step that is never made moves nothing
    tables.terms.fill(0);
    tables.decays.fill(1);
    tables.kept.fill(1);
    for (let s = 0; s < tables.kept.length; s++) {
      tables.powers1[s] = beta1 ** s;
      tables.powers2[s] = beta2 ** s;
      // ε of the first skipped step: the rule of optimizer/adam.ts
      tables.epsilons[s] = epsilon * Math.sqrt(1 - beta2 ** (step + s + 1));
    }
  }

  /** Enters step `s` (from 1) of the epoch; returns what a real step needs: learning rate, size, correction, decay. */
  stepScalars(
    s: number,
    learningRate: number,
  ): [learningRate: number, size: number, correction: number, decay: number] {
    const { beta1, beta2, decoupledWeightDecay } = this.memory.plan.training!.optimizer;
    const t = this.base + s;
    const tables = this.views();
    const root = Math.sqrt(1 - beta2 ** t);
    const decay = 1 - learningRate * decoupledWeightDecay;
    const size = learningRate / (1 - beta1 ** t);
    tables.terms[s] = size * root;
    tables.decays[s] = decay;
    // below 1e-300 every row is 0 anyway, and a ratio of zeros would be NaN
    tables.kept[s] = Math.max(tables.kept[s - 1]! * decay, 1e-300);
    return [learningRate, size, 1 / root, decay];
  }

  private views() {
    const { doubles, layout } = this.memory;
    const view = (name: 'terms' | 'decays' | 'kept' | 'epsilons' | 'powers1' | 'powers2') =>
      doubles.subarray(layout.at[name] >> 3, (layout.at[name] >> 3) + layout.length[name]);
    return {
      terms: view('terms'),
      decays: view('decays'),
      kept: view('kept'),
      epsilons: view('epsilons'),
      powers1: view('powers1'),
      powers2: view('powers2'),
    };
  }
}
