import { TaurecError } from '../errors.ts';

/** Options as they come from a config, a program or JSON. */
export type RawOptions = Readonly<Record<string, unknown>>;

/** Reads and checks the options of one loss; every fault is a TaurecError `bad-option` that names `<loss>.<option>`. */
export class LossOptions {
  readonly #loss: string;
  readonly #options: RawOptions;

  /** @throws TaurecError when an option is not among `known` */
  constructor(loss: string, options: RawOptions, known: readonly string[]) {
    this.#loss = loss;
    this.#options = options;
    for (const option of Object.keys(options)) {
      if (!known.includes(option)) {
        throw new TaurecError('unknown-name', { kind: `option of loss ${loss}`, got: option, known });
      }
    }
  }

  /** A temperature: > 0; Infinity, in JSON written "inf", is legal. */
  temperature(option: string, byDefault: number): number {
    const got = this.#options[option] ?? byDefault;
    const value = got === 'inf' ? Infinity : got;
    if (typeof value !== 'number' || !(value > 0)) this.fail(option, 'a number > 0 or "inf"');
    return value as number;
  }

  /** A weight: finite, ≥ 0. */
  weight(option: string, byDefault: number): number {
    const value = this.#options[option] ?? byDefault;
    if (typeof value !== 'number' || !(value >= 0 && value < Infinity)) this.fail(option, 'a number ≥ 0');
    return value as number;
  }

  /** One of the listed words. */
  choice<T extends string>(option: string, choices: readonly T[], byDefault: T): T {
    const value = this.#options[option] ?? byDefault;
    if (!choices.includes(value as T)) this.fail(option, choices.map((c) => JSON.stringify(c)).join(', '));
    return value as T;
  }

  has(option: string): boolean {
    return this.#options[option] !== undefined;
  }

  fail(option: string, expected: string, remedy?: string): never {
    throw new TaurecError('bad-option', {
      option: `${this.#loss}.${option}`,
      got: this.#options[option],
      expected,
      remedy,
    });
  }
}

/** A temperature as JSON can hold it: "inf" for Infinity. */
export function writtenTemperature(tau: number): number | string {
  return tau === Infinity ? 'inf' : tau;
}
