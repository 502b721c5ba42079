/** The memory of early stopping between epochs; JSON-able. */
export interface EarlyStoppingState {
  /** The best value seen; absent before the first. */
  readonly best?: number;
  /** The epoch (from 1) of the best value. */
  readonly epoch?: number;
  /** Validations since the best one. */
  readonly waited: number;
}

/** Keeps the best validation value (larger is better); `patience` validations in a row without a better one end the run. */
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

  /** Takes the value of `epoch`; true when it is the best so far (an equal value is not better: the earlier epoch stays). */
  observe(epoch: number, value: number): boolean {
    const better = this.#state.best === undefined || value > this.#state.best;
    this.#state = better ? { best: value, epoch, waited: 0 } : { ...this.#state, waited: this.#state.waited + 1 };
    return better;
  }
}
