import type { Engine } from '../engine/engine.ts';
import { TaurecError } from '../errors.ts';
import type { Loss } from '../loss/loss.ts';

/** Where a run stands, for messages: epoch and step from 1. */
export interface Where {
  readonly epoch: number;
  readonly step: number;
  readonly learningRate: number;
}

/** A loss beyond this many times (1 + |the first one|) has exploded: no loss that learns ever grows so. */
const LOSS_GROWTH = 1e6;
/** Beyond this an embedding's squared norm nears the end of single precision. */
const LARGEST_ELEMENT = 1e15;

/** Stops a run whose numbers have gone astray, with an error that says where and under which settings. */
export class DivergenceGuard {
  readonly #loss: Loss;
  #limit: number | undefined;

  constructor(loss: Loss) {
    this.#loss = loss;
  }

  /** @throws TaurecError `diverged` when the loss of a step is not finite or has exploded. */
  checkLoss(value: number, where: Where): void {
    this.#limit ??= LOSS_GROWTH * (1 + Math.abs(value));
    if (!(Math.abs(value) <= this.#limit)) this.#fail('the loss', value, where);
  }

  /** @throws TaurecError `diverged` when an embedding is not finite or has exploded. */
  checkEmbeddings(engine: Engine, where: Where): void {
    for (const [what, { data }] of [
      ['a user embedding', engine.finals.users],
      ['an item embedding', engine.finals.items],
    ] as const) {
      for (let e = 0; e < data.length; e++)
        if (!(Math.abs(data[e]!) <= LARGEST_ELEMENT)) this.#fail(what, data[e]!, where);
    }
  }

  #fail(what: string, value: number, where: Where): never {
    const temperatures = Object.entries(this.#loss.parameters).filter(([name]) => /^tau/i.test(name));
    throw new TaurecError('diverged', {
      what,
      value,
      loss: this.#loss.name,
      ...where,
      temperatures: Object.fromEntries(temperatures),
    });
  }
}
