import { DecayHistory } from './decay-history.ts';
import type { OptimizerOptions, ParameterRow, RowOptimizer } from './optimizer.ts';

/** Stochastic gradient descent: θ ← θ (1 − lr·wd) − lr·g. A row without a gradient only decays, so skipped steps cost one factor. */
export class Sgd implements RowOptimizer {
  readonly hasMoments = false;
  readonly #decay: DecayHistory;
  /** Learning rate of the current step. */
  #rate = 0;
  #steps = 0;

  constructor(options: OptimizerOptions) {
    this.#decay = new DecayHistory(options.decoupledWeightDecay);
  }

  get steps(): number {
    return this.#steps;
  }

  startEpoch(): void {
    this.#steps = 0;
    this.#decay.clear();
  }

  beginStep(learningRate: number): void {
    this.#decay.push(learningRate);
    this.#rate = learningRate;
    this.#steps++;
  }

  step(row: ParameterRow, gradient: Float32Array | Float64Array): void {
    const { values } = row;
    const keep = this.#decay.factor(this.#steps);
    for (let c = 0; c < values.length; c++) values[c] = values[c]! * keep - this.#rate * gradient[c]!;
  }

  skip(row: ParameterRow, after: number): void {
    const keep = this.#decay.product(after, this.#steps);
    if (keep === 1) return;
    for (let c = 0; c < row.values.length; c++) row.values[c]! *= keep;
  }
}
