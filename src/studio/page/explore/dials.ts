import type { ListRequest } from '../../session.ts';
import { number, percent } from '../parts/figures.ts';

/** A dial of the list: its name is that of the option of a list and of the address. */
export interface DialFacts {
  readonly name: 'discover' | 'diversity' | 'explore' | 'prior';
  readonly label: string;
  readonly help: string;
  readonly least: number;
  readonly most: number;
  readonly step: number;
  readonly text: (value: number) => string;
}

const share = { least: 0, most: 1, step: 0.05, text: percent } as const;

/** The dials of shares. */
export const shareDials: readonly DialFacts[] = [
  { name: 'discover', label: 'Discovery', help: 'Fewer of the items that everyone has.', ...share },
  { name: 'diversity', label: 'Diversity', help: 'Fewer items that are like one another.', ...share },
  { name: 'explore', label: 'New items', help: 'Places for items that fewer than 10 people have.', ...share },
];

/** The dial of the popularity prior, whose units are those of the scores. @param most its largest value */
export function priorDial(most: number): DialFacts {
  return {
    name: 'prior',
    label: 'Popularity prior',
    help: 'Above 0 popular items rise, below 0 rare ones.',
    least: -most,
    most,
    step: most / 50,
    text: (value) => number(value),
  };
}

/**
 * The largest prior of the dial: half the best score of a list, or twice the model's own prior, rounded up to 1, 2 or 5 times a power of 10. About .1 matters for cosines; inner products are larger.
 */
export function priorMost(bestScore: number, own: number): number {
  const wanted = Math.max(Math.abs(bestScore) / 2, 2 * Math.abs(own), 1e-6);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return Number(([1, 2, 5, 10].find((factor) => factor * power >= wanted * (1 - 1e-9))! * power).toPrecision(1));
}

/** The lengths that a list may have. */
export const lengths = [10, 20, 50] as const;

/** Where the dials stand; a dial that is absent is at its start. */
export type DialValues = Readonly<Partial<Record<DialFacts['name'], number>>> & { readonly k?: number };

const names = ['discover', 'diversity', 'explore', 'prior', 'k'] as const;

/** Reads the dials of an address. What is no number within its ends is left out: an address is typed and cut by people. */
export function dialsOf(options: Readonly<Record<string, string>>): DialValues {
  const values: { -readonly [name in keyof DialValues]: number } = {};
  for (const name of names) {
    const value = Number(options[name] || Number.NaN);
    const fits =
      name === 'k'
        ? lengths.some((length) => length === value)
        : name === 'prior'
          ? Number.isFinite(value)
          : value > 0 && value <= 1;
    if (fits) values[name] = value;
  }
  return values;
}

/** The dials as options of an address; empty texts remove what is at its start. */
export function optionsOf(values: DialValues): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name) => [name, values[name] === undefined ? '' : String(values[name])]));
}

/** The dials with one of them moved; at its start it is left out. */
export function moved(values: DialValues, name: keyof DialValues, value: number | undefined): DialValues {
  const { [name]: _, ...others } = values;
  const start = name === 'k' ? lengths[0] : name === 'prior' ? undefined : 0;
  return value === undefined || value === start ? others : { ...others, [name]: value };
}

/** The part of a list's request that dials say. */
export function requestOf(dials: DialValues): ListRequest & { readonly k: number } {
  return { k: lengths[0], ...dials };
}
