/** Milliseconds between two looks for what other servers wrote. */
const LOOK_MS = 3000;

/** Looks into a database again and again, until it is told to stop. The next look starts `LOOK_MS` after the last one. A database that cannot be read is tried again. */
export class Looks {
  readonly #look: () => Promise<void>;
  #timer?: NodeJS.Timeout;
  #stopped = false;

  constructor(look: () => Promise<void>) {
    this.#look = look;
  }

  /** Begins, unless it has begun or was stopped. */
  begin(): void {
    if (!this.#timer && !this.#stopped) this.#wait();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #wait(): void {
    this.#timer = setTimeout(async () => {
      await this.#look().catch(() => {});
      if (!this.#stopped) this.#wait();
    }, LOOK_MS);
    // The looks alone do not keep the process alive.
    this.#timer.unref();
  }
}
