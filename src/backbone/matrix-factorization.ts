import { OptionSet, type RawOptions } from '../option.ts';
import type { Backbone } from './backbone.ts';

const options = new OptionSet('backbone', 'mf', {});

/** Matrix factorisation: the base embeddings are the final ones. It has no plan, so the engine works on the tables directly and never calls `forward` or `backward`. */
export class MatrixFactorization implements Backbone {
  static readonly options: OptionSet = options;
  readonly name = 'mf';
  readonly parameters = {};

  /** @throws TaurecError `unknown-name` for any option */
  constructor(given: RawOptions = {}) {
    options.read(given);
  }

  plan(): undefined {
    return undefined;
  }

  forward(): void {
    // final = base
  }

  backward(): void {
    // the gradients are those of the base embeddings
  }
}
