import type { Source } from '../data/source/source-name.ts';
import { shownSource } from '../data/source/source-name.ts';
import { UsageError } from './failure.ts';

/** The source that the arguments of a command name: one place, or a list of files. Undefined without arguments. */
export function sourceOf(places: readonly string[]): Source | undefined {
  return places.length > 1 ? places : places[0];
}

/** The training data of a command: its arguments, its flag `--train`, or the configuration file, in this order. @throws UsageError for data given twice, or not at all */
export function trainSourceOf(
  command: 'train' | 'tune',
  places: readonly string[],
  flag: string | undefined,
  fromFile: Source | undefined,
): Source {
  const positional = sourceOf(places);
  if (positional !== undefined && flag !== undefined)
    throw new UsageError(`Training data given twice: ${shownSource(positional)} and --train ${flag}.`);
  const source = positional ?? flag ?? fromFile;
  if (source === undefined) throw new UsageError(`No training data given. Example: taurec ${command} ratings.csv`);
  return source;
}
