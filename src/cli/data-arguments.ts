import type { DatasetOptions } from '../data/dataset.ts';

/** Options whose flag has another name. */
const renamed: Partial<Record<keyof DatasetOptions, string>> = { recencyHalfLife: 'half-life' };
/** Options without a flag here: the file is the command's argument, the seed belongs to training. */
const without = new Set<string>(['train', 'seed', 'titleOptions']);

/** The command-line arguments that set these data options. */
export function dataArguments(options: Partial<DatasetOptions>): string[] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined || without.has(name)) return [];
    const flag =
      renamed[name as keyof DatasetOptions] ?? name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (value === true) return [`--${flag}`];
    if (value === false) return [`--no-${flag}`];
    if (name === 'kCore' && typeof value === 'object') {
      const { users, items } = value as Exclude<DatasetOptions['kCore'], number | undefined>;
      return [`--${flag}`, `${users},${items}`];
    }
    return [`--${flag}`, String(value)];
  });
}
