// Parsers of flag values. Each takes the text of a flag and returns its value; commander prints an InvalidArgumentError with the name of the flag.

import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';

/** Returns a parser of whole numbers of at least `least`. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = numberOf(text);
    if (Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a whole number of at least ${least}.`);
  };
}

/** Parses a finite number. */
export function number(text: string): number {
  const value = numberOf(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError('Expected a number.');
}

/** Returns a parser of numbers from `least` to `most`, both included. */
export function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = numberOf(text);
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
  };
}

/** Parses distinct whole numbers of at least 1, separated by commas. */
export function wholes(text: string): number[] {
  const values = text.split(',').map(whole(1));
  if (new Set(values).size === values.length) return values;
  throw new InvalidArgumentError('Expected distinct numbers.');
}

/** Parses distinct numbers separated by commas. */
export function numbers(text: string): number[] {
  const values = text.split(',').map(number);
  if (new Set(values).size === values.length) return values;
  throw new InvalidArgumentError('Expected distinct numbers.');
}

/** Parses non-empty words separated by commas; blanks around a word are dropped. */
export function words(text: string): string[] {
  const values = text.split(',').map((word) => word.trim());
  if (values.every((word) => word !== '')) return values;
  throw new InvalidArgumentError('Expected names separated by commas.');
}

/** Parses the minimum degrees of a k-core: `5` for users and items, or `5,10` for users, items. */
export function core(text: string): number | { users: number; items: number } {
  const [users, items, ...rest] = text.split(',').map(whole(0));
  if (rest.length > 0) throw new InvalidArgumentError('Expected one number, or two separated by a comma.');
  return items === undefined ? users! : { users: users!, items };
}

/** Parses `name=value` and adds it to the pairs of the earlier occurrences of the flag (`before`). A numeric value becomes a number. */
export function pair(text: string, before: Record<string, string | number> = {}): Record<string, string | number> {
  // The first `=` separates: a value may contain more of them.
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected name=value.');
  const value = text.slice(at + 1);
  const asNumber = numberOf(value);
  return { ...before, [text.slice(0, at)]: Number.isFinite(asNumber) ? asNumber : value };
}

/** Parses a JSON object. */
export function jsonObject(text: string): object {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Reported below.
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw new InvalidArgumentError('Expected a JSON object, such as {"price":{"lte":50}}, in single quotes.');
}

/** Parses a JSON object, given as it is or as the file that holds it. */
export function jsonOrFile(text: string): object {
  if (text.trim().startsWith('{')) return jsonObject(text);
  let value: string;
  try {
    value = readFileSync(text, 'utf8');
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message;
    throw new InvalidArgumentError(`Expected a JSON file, or a JSON object: ${why}.`);
  }
  try {
    return jsonObject(value);
  } catch {
    throw new InvalidArgumentError('The file holds no JSON object.');
  }
}

/** NaN for anything but a number; `Number` alone would read blank text as 0. */
function numberOf(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}
