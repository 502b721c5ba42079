import type { Backbone } from './backbone.ts';
import { BackboneOptions, type RawOptions } from './backbone-options.ts';

/** Matrix factorisation: the base embeddings are the final ones, and the engine works on the tables themselves. */
export class MatrixFactorization implements Backbone {
  readonly name = 'mf';
  readonly parameters = {};

  /** @throws TaurecError `unknown-name` for any option */
  constructor(options: RawOptions = {}) {
    new BackboneOptions(this.name, options, []);
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
