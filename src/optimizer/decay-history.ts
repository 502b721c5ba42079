import { TaurecError } from '../errors.ts';

/**
 * What a step multiplies every parameter by: 1 − learning rate · decay.
 *
 * @throws TaurecError `bad-option` when that would turn parameters around zero
 */
export function decayFactor(learningRate: number, decay: number): number {
  const loss = learningRate * decay;
  if (loss < 1) return 1 - loss;
  const expected = `less than 1 / learning rate = ${1 / learningRate}`;
  throw new TaurecError('bad-option', { option: 'decoupledWeightDecay', got: decay, expected });
}

/** Decoupled weight decay over the steps of an epoch: step s multiplies every parameter by 1 − lr_s · decay. */
export class DecayHistory {
  readonly #decay: number;
  /** Factor of step s at [s]. */
  readonly #factors = [1];
  /** Σ log factor of the steps 1 … s at [s]: sums do not underflow as products would. */
  readonly #logs = [0];

  constructor(decay: number) {
    this.#decay = decay;
  }

  clear(): void {
    this.#factors.length = 1;
    this.#logs.length = 1;
  }

  /** @throws TaurecError `bad-option`, as `decayFactor` */
  push(learningRate: number): void {
    this.#factors.push(decayFactor(learningRate, this.#decay));
    this.#logs.push(this.#logs.at(-1)! + Math.log1p(-learningRate * this.#decay));
  }

  factor(step: number): number {
    return this.#factors[step]!;
  }

  /** The product of the factors of the steps `after + 1 … last`. */
  product(after: number, last: number): number {
    return this.#decay === 0 ? 1 : Math.exp(this.#logs[last]! - this.#logs[after]!);
  }
}
