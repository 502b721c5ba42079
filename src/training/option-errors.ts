import type * as z from 'zod';
import { TaurecError } from '../errors.ts';

/**
 * Turns the first issue of a failed zod parse into a `TaurecError`: the option, its value, and what was expected. For an unknown option it names the nearest known one.
 *
 * @param known returns the keys of the object at a path
 */
export function optionError(
  error: z.ZodError,
  input: unknown,
  known: (path: readonly PropertyKey[]) => string[],
): TaurecError {
  const issue = error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    const names = known(issue.path);
    const near = nearest(key, names);
    return new TaurecError('bad-option', {
      option: [...issue.path, key].join('.'),
      got: valueAt(input, [...issue.path, key]),
      expected: 'no such option',
      remedy: near ? `Did you mean ${near}?` : `Known: ${names.join(', ')}.`,
    });
  }
  const option = issue.path.join('.') || 'config';
  return new TaurecError('bad-option', { option, got: printable(valueAt(input, issue.path)), expected: issue.message });
}

/** The name nearest to `word` by edit distance, when at most a third of its letters differ. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const distance = editDistance(word.toLowerCase(), name.toLowerCase());
    if (distance < least) {
      least = distance;
      best = name;
    }
  }
  return best;
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const line = [i];
    for (let j = 1; j <= b.length; j++) {
      line.push(Math.min(above[j]! + 1, line[j - 1]! + 1, above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    above = line;
  }
  return above[b.length]!;
}

export function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const key of path) {
    if (key === 'name' && typeof value === 'string') return value; // 'cosine' stands for {name: 'cosine'}
    value = (value as Record<PropertyKey, unknown> | undefined)?.[key];
  }
  return value;
}

/** Objects as JSON; the rest as it is. */
function printable(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : value;
}
