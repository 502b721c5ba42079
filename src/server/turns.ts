/** Runs work one after another, in the order in which it was asked for. Work that fails does not keep the next from running. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Runs `work` once all earlier work is over. Settles as it does. */
  take<T>(work: () => T | Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => {});
    return done;
  }

  /** Resolves when all work that was asked for is over. */
  async over(): Promise<void> {
    await this.#last;
  }
}
