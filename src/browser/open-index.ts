import { TaurecError } from '../errors.ts';

/** Approximate indexes need a package that only runs in Node. */
export async function openIndex(): Promise<never> {
  throw new TaurecError('bad-option', { option: 'index', got: 'approximate', expected: 'exact in a browser' });
}
