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
    return this.#number(option, byDefault, 'a number > 0 or "inf"', (x) => x > 0);
  }

  /** Finite, > 0. */
  positive(option: string, byDefault: number): number {
    return this.#number(option, byDefault, 'a finite number > 0', (x) => x > 0 && x < Infinity);
  }

  /** A weight: finite, ≥ 0. */
  weight(option: string, byDefault: number): number {
    return this.#number(option, byDefault, 'a number ≥ 0', (x) => x >= 0 && x < Infinity);
  }

  /** A number from `least` to `most`. */
  within(option: string, byDefault: number, least: number, most: number): number {
    return this.#number(option, byDefault, `a number in [${least}, ${most}]`, (x) => x >= least && x <= most);
  }

  /** A part of a whole: in (0, 1]. */
  share(option: string, byDefault: number): number {
    return this.#number(option, byDefault, 'a number in (0, 1]', (x) => x > 0 && x <= 1);
  }

  /** A whole number of at least `least`. */
  whole(option: string, byDefault: number, least: number): number {
    const expected = `a whole number ≥ ${least}`;
    return this.#number(option, byDefault, expected, (x) => Number.isSafeInteger(x) && x >= least);
  }

  /** A finite number, not below `least`. */
  number(option: string, byDefault: number, least = -Infinity): number {
    const expected = least === -Infinity ? 'a number' : `a number ≥ ${least}`;
    return this.#number(option, byDefault, expected, (x) => Number.isFinite(x) && x >= least);
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

  #number(option: string, byDefault: number, expected: string, holds: (x: number) => boolean): number {
    const got = this.#options[option] ?? byDefault;
    const value = got === 'inf' ? Infinity : got;
    if (typeof value !== 'number' || !holds(value)) this.fail(option, expected);
    return value as number;
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
