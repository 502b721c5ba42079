import { TaurecError } from '../errors.ts';

/** Options as they come from a config, a program or JSON. */
export type RawOptions = Readonly<Record<string, unknown>>;

/** Reads and checks the options of one backbone; every fault is a TaurecError `bad-option` that names `<backbone>.<option>`. */
export class BackboneOptions {
  readonly #backbone: string;
  readonly #options: RawOptions;

  /** @throws TaurecError when an option is not among `known` */
  constructor(backbone: string, options: RawOptions, known: readonly string[]) {
    this.#backbone = backbone;
    this.#options = options;
    for (const option of Object.keys(options)) {
      if (!known.includes(option)) {
        throw new TaurecError('unknown-name', { kind: `option of backbone ${backbone}`, got: option, known });
      }
    }
  }

  /** A whole number from `least` to `most`. */
  whole(option: string, byDefault: number, least: number, most: number): number {
    const expected = `a whole number from ${least} to ${most}`;
    return this.#number(option, byDefault, expected, (x) => Number.isInteger(x) && x >= least && x <= most);
  }

  /** A number of which `holds` is true; `expected` says so in words. */
  number(option: string, byDefault: number, expected: string, holds: (x: number) => boolean): number {
    return this.#number(option, byDefault, expected, (x) => Number.isFinite(x) && holds(x));
  }

  #number(option: string, byDefault: number, expected: string, holds: (x: number) => boolean): number {
    const got = this.#options[option] ?? byDefault;
    if (typeof got === 'number' && holds(got)) return got;
    throw new TaurecError('bad-option', { option: `${this.#backbone}.${option}`, got, expected });
  }
}
