/** The values of the keys that were used last. */
export class Recent<T> {
  readonly #most: number;
  readonly #values = new Map<string, T>();

  /** @param most values that are kept */
  constructor(most: number) {
    this.#most = most;
  }

  /** The value of a key, which is then the one that was used last. */
  get(key: string): T | undefined {
    const value = this.#values.get(key);
    if (value !== undefined) this.set(key, value);
    return value;
  }

  set(key: string, value: T): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#most) break;
      this.#values.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#values.delete(key);
  }
}
