import { TaurecError } from '../errors.ts';

/** Replaces `openIndex` of Node in a browser: approximate indexes need the package usearch, which only runs in Node. Always throws `bad-option`. */
export async function openIndex(): Promise<never> {
  throw new TaurecError('bad-option', { option: 'index', got: 'approximate', expected: 'exact in a browser' });
}
