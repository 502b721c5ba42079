import { decayFactor } from '../../optimizer/decay-history.ts';
import type { ThreadMemory } from './memory.ts';

/**
 * Adam's scalars by step of the epoch, which the lazy rows look up (see optimizer/adam.ts). What a row has missed since step b is m/(√v + ε′) times a sum
 * that depends on b alone, so it is kept for every b and grows by one term a step.
 */
export class EpochTables {
  private readonly memory: ThreadMemory;
  private base = 0;

  constructor(memory: ThreadMemory) {
    this.memory = memory;
  }

  /** A new epoch, `step` optimiser steps after the beginning of training. */
  start(step: number): void {
    const { beta1, beta2, epsilon } = this.memory.plan.training!.optimizer;
    this.base = step;
    // a step that is never made moves nothing
    this.view('sums').fill(0);
    this.view('kept').fill(1);
    const powers1 = this.view('powers1');
    const powers2 = this.view('powers2');
    const epsilons = this.view('epsilons');
    for (let s = 0; s < epsilons.length; s++) {
      powers1[s] = beta1 ** s;
      powers2[s] = beta2 ** s;
      // ε of the first skipped step: the rule of optimizer/adam.ts
      epsilons[s] = epsilon * Math.sqrt(1 - beta2 ** (step + s + 1));
    }
  }

  /** Enters step `s` (from 1) of the epoch; returns what a real step needs: learning rate, size, correction, decay. */
  stepScalars(
    s: number,
    learningRate: number,
  ): [learningRate: number, size: number, correction: number, decay: number] {
    const { beta1, beta2, decoupledWeightDecay } = this.memory.plan.training!.optimizer;
    const t = this.base + s;
    const root = Math.sqrt(1 - beta2 ** t);
    const decay = decayFactor(learningRate, decoupledWeightDecay);
    const size = learningRate / (1 - beta1 ** t);
    const kept = this.view('kept');
    // below 1e-300 every row is 0 anyway, and a ratio of zeros would be NaN
    kept[s] = Math.max(kept[s - 1]! * decay, 1e-300);
    const sums = this.view('sums');
    const ratio = beta1 / Math.sqrt(beta2);
    let term = (size * root) / kept[s];
    // far back the ratio's powers add nothing any more
    const negligible = 1e-8 * term;
    for (let b = s - 1; b >= 0 && term > negligible; b--) {
      term *= ratio;
      sums[b]! += term;
    }
    return [learningRate, size, 1 / root, decay];
  }

  private view(name: 'sums' | 'kept' | 'epsilons' | 'powers1' | 'powers2'): Float64Array {
    const { doubles, layout } = this.memory;
    return doubles.subarray(layout.at[name] >>> 3, (layout.at[name] >>> 3) + layout.length[name]);
  }
}
