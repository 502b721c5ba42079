import { TaurecError } from '../errors.ts';

/**
 * The factor of every parameter in one step: 1 − learning rate · decay.
 *
 * @throws TaurecError `bad-option` when the factor would not be positive: it would flip the sign of the parameters
 */
export function decayFactor(learningRate: number, decay: number): number {
  const loss = learningRate * decay;
  if (loss < 1) return 1 - loss;
  const expected = `less than 1 / learning rate = ${1 / learningRate}`;
  throw new TaurecError('bad-option', { option: 'decoupledWeightDecay', got: decay, expected });
}

/** Decoupled weight decay over the steps of an epoch: step s multiplies every parameter by 1 − lr_s · decay. Rows that skip steps catch up by a product of factors. */
export class DecayHistory {
  readonly #decay: number;
  /** Factor of step s at [s]; 1 at [0], because steps count from 1. */
  readonly #factors = [1];
  /** Σ log factor of the steps 1 … s at [s]. Sums of logs do not underflow, unlike products. */
  readonly #logs = [0];

  constructor(decay: number) {
    this.#decay = decay;
  }

  /** Forgets the steps; called at the start of an epoch. */
  clear(): void {
    this.#factors.length = 1;
    this.#logs.length = 1;
  }

  /**
   * Adds a step.
   *
   * @throws TaurecError `bad-option`, like `decayFactor`
   */
  push(learningRate: number): void {
    this.#factors.push(decayFactor(learningRate, this.#decay));
    this.#logs.push(this.#logs.at(-1)! + Math.log1p(-learningRate * this.#decay));
  }

  /** The factor of one step of this epoch, from 1. */
  factor(step: number): number {
    return this.#factors[step]!;
  }

  /** The product of the factors of the steps `after + 1 … last`. */
  product(after: number, last: number): number {
    return this.#decay === 0 ? 1 : Math.exp(this.#logs[last]! - this.#logs[after]!);
  }
}
