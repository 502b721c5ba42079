/** The state of early stopping between epochs; can be written as JSON. */
export interface EarlyStoppingState {
  /** The best value so far; absent before the first validation. */
  readonly best?: number;
  /** The epoch (from 1) of the best value. */
  readonly epoch?: number;
  /** Validations since the best one. */
  readonly waited: number;
}

/** Tracks the best validation value (larger is better); `patience` validations in a row without an improvement end the run. */
export class EarlyStopping {
  readonly patience: number;
  #state: EarlyStoppingState;

  constructor(patience: number, state: EarlyStoppingState = { waited: 0 }) {
    this.patience = patience;
    this.#state = state;
  }

  get state(): EarlyStoppingState {
    return this.#state;
  }

  get shouldStop(): boolean {
    return this.#state.waited >= this.patience;
  }

  /** Records the value of `epoch`; true when it is the best so far. On a tie the earlier epoch stays the best. */
  observe(epoch: number, value: number): boolean {
    const better = this.#state.best === undefined || value > this.#state.best;
    this.#state = better ? { best: value, epoch, waited: 0 } : { ...this.#state, waited: this.#state.waited + 1 };
    return better;
  }
}
