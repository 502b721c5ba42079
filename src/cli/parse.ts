import { InvalidArgumentError } from 'commander';

/** Reads a whole number of at least `least`. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = numberOf(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
  };
}

/** Reads a number. */
export function number(text: string): number {
  const value = numberOf(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a number.');
}

/** Reads a number from 0 to 1. */
export function unit(text: string): number {
  const value = numberOf(text);
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number from 0 to 1.');
}

/** Reads a number, `inf` or `auto`. */
export function temperature(text: string): number | 'inf' | 'auto' {
  return text === 'inf' || text === 'auto' ? text : number(text);
}

/** Reads a whole number of at least 1, or the word. */
export function wholeOr<W extends string>(word: W): (text: string) => number | W {
  return (text) => (text === word ? word : whole(1)(text));
}

/** Reads a number, or the word. */
export function numberOr<W extends string>(word: W): (text: string) => number | W {
  return (text) => (text === word ? word : number(text));
}

/** Reads distinct whole numbers separated by commas. */
export function wholes(text: string): number[] {
  const values = text.split(',').map(whole(1));
  if (new Set(values).size === values.length) return values;
  throw new InvalidArgumentError('Expected distinct numbers.');
}

/** Reads distinct numbers separated by commas. */
export function numbers(text: string): number[] {
  const values = text.split(',').map(number);
  if (new Set(values).size === values.length) return values;
  throw new InvalidArgumentError('Expected distinct numbers.');
}

/** Reads words separated by commas. */
export function words(text: string): string[] {
  const values = text.split(',').map((word) => word.trim());
  if (values.every((word) => word !== '')) return values;
  throw new InvalidArgumentError('Expected names separated by commas.');
}

/** Reads `5` (users and items) or `5,10` (users, items). */
export function core(text: string): number | { users: number; items: number } {
  const [users, items, ...rest] = text.split(',').map(whole(0));
  if (rest.length > 0) throw new InvalidArgumentError('Expected one number, or two separated by a comma.');
  return items === undefined ? users! : { users: users!, items };
}

/** Collects `name=value`; a value that is a number becomes one. */
export function pair(text: string, before: Record<string, string | number> = {}): Record<string, string | number> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected name=value.');
  const value = text.slice(at + 1);
  const asNumber = numberOf(value);
  return { ...before, [text.slice(0, at)]: Number.isFinite(asNumber) ? asNumber : value };
}

function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}
