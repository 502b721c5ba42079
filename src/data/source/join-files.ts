import { TaurecError } from '../../errors.ts';
import type { Interactions } from '../interactions.ts';
import { mergeLogs } from './merge-logs.ts';

/** Reads one file of a source; undefined for a file without rows among others. */
export type ReadOne<F> = (file: F, count: number) => Promise<Interactions | undefined>;

/**
 * Reads the files of a source one after another and joins their logs. A file without rows is passed over unless all are.
 * @param shown the name of the whole source
 * @param each calls its argument with each file and the number of files
 * @throws TaurecError the errors of `mergeLogs`, `each` and `readFile`
 */
export async function joinFiles<F>(
  shown: string,
  sumRatings: boolean | undefined,
  each: (read: ReadOne<F>) => Promise<(Interactions | undefined)[]>,
  readFile: (file: F) => Promise<Interactions>,
): Promise<Interactions> {
  let empty: TaurecError | undefined;
  const found = await each(async (file, count) => {
    try {
      return await readFile(file);
    } catch (error) {
      if (count === 1 || !(error instanceof TaurecError) || error.code !== 'empty-data') throw error;
      empty ??= error;
      return undefined;
    }
  });
  const logs = found.filter((log) => log !== undefined);
  if (logs.length === 0) throw empty!;
  return found.length === 1 ? logs[0]! : mergeLogs(logs, shown, sumRatings);
}
