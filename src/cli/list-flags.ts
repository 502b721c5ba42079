import type { Readers } from './declared-flags.ts';
import { jsonObject, pair } from './parse.ts';

/** Readers of the flags of lists whose values a declaration does not describe. */
export const listReaders: Readers = { where: jsonObject, atMost: pair as Readers[string] };
