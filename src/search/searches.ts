import { gridSearch } from './grid-search.ts';
import { randomSearch } from './random-search.ts';
import type { Search } from './search.ts';
import { tpeSearch } from './tpe-search.ts';

/** Every search by name; the only list. */
export const searches = { tpe: tpeSearch, random: randomSearch, grid: gridSearch } satisfies Record<string, Search>;

export type SearchName = keyof typeof searches;

export const searchNames = Object.keys(searches) as [SearchName, ...SearchName[]];
