import { TaurecError } from '../errors.ts';

/** The package that finds items by an approximate index runs in Node alone. */
export async function openIndex(): Promise<never> {
  throw new TaurecError('bad-option', { option: 'index', got: 'approximate', expected: 'exact in a browser' });
}
