import { TaurecError } from '../errors.ts';
import type { ResultFile } from './result-file.ts';
import { type BootstrapOptions, pairedBootstrap, pairedTTest, type TTestResult } from './significance.ts';

/** The per-user numbers of a run: `perUser` of an evaluation or of a result file. */
export interface UserColumns {
  /** The users of the rows: distinct ids or indices. */
  readonly users: ArrayLike<string | number>;
  /** By metric: one number per user, in the order of `users`. */
  readonly columns: Readonly<Record<string, ArrayLike<number>>>;
}

/** One metric in two runs, with the difference and its significance. */
export interface MetricComparison {
  readonly metric: string;
  /** Means over the shared users. */
  readonly a: number;
  readonly b: number;
  /** b − a; positive: B is better. */
  readonly difference: number;
  /** Interval of the difference, and its two-sided p, from the paired bootstrap. */
  readonly low: number;
  readonly high: number;
  readonly p: number;
  /** The same difference under the paired t-test. */
  readonly tTest: TTestResult;
}

/** The comparison of two runs, metric by metric. */
export interface Comparison {
  /** Number of users in both runs; all statistics are over them. */
  readonly users: number;
  /** Numbers of users in only one of the runs, which are skipped. */
  readonly onlyA: number;
  readonly onlyB: number;
  /** Metrics that both runs have, in the order of A. */
  readonly metrics: readonly MetricComparison[];
}

/**
 * Compares two runs, paired over users. Users are matched by id; users of only one run are skipped and counted.
 * @throws TaurecError `not-comparable` when the runs share fewer than two users or no metric; `bad-option`
 */
export function compareUsers(a: UserColumns, b: UserColumns, options: BootstrapOptions = {}): Comparison {
  const rowOfB = new Map<string | number, number>();
  for (let row = 0; row < b.users.length; row++) rowOfB.set(b.users[row]!, row);
  const rows: [number, number][] = [];
  for (let row = 0; row < a.users.length; row++) {
    const other = rowOfB.get(a.users[row]!);
    if (other !== undefined) rows.push([row, other]);
  }
  if (rows.length < 2)
    throw new TaurecError('not-comparable', { what: 'users', got: rows.length, expected: 'at least 2' });
  const names = Object.keys(a.columns).filter((name) => name in b.columns);
  if (names.length === 0)
    throw new TaurecError('not-comparable', { what: 'metrics', got: 'none', expected: 'at least 1' });
  // [metrics][users] B − A, in the order of `rows`.
  const differences = names.map((name) =>
    Float64Array.from(rows, ([inA, inB]) => b.columns[name]![inB]! - a.columns[name]![inA]!),
  );
  const bootstrap = pairedBootstrap(differences, options);
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    users: rows.length,
    onlyA: a.users.length - rows.length,
    onlyB: b.users.length - rows.length,
    metrics: names.map((metric, c) => {
      const { mean: difference, low, high, p } = bootstrap[c]!;
      const ofA = mean(rows.map(([inA]) => a.columns[metric]![inA]!));
      const ofB = mean(rows.map(([, inB]) => b.columns[metric]![inB]!));
      return { metric, a: ofA, b: ofB, difference, low, high, p, tTest: pairedTTest(differences[c]!) };
    }),
  };
}

/**
 * Compares two result files.
 * @param options `otherData: true` allows different data sets, for example with and without noise in train. Default false.
 * @throws TaurecError `not-comparable` when the protocols or the data sets differ, or a file has no per-user numbers; the errors of `compareUsers`
 */
export function compareResults(
  a: ResultFile,
  b: ResultFile,
  options: BootstrapOptions & { readonly otherData?: boolean } = {},
): Comparison {
  if (a.protocol !== b.protocol) {
    throw new TaurecError('not-comparable', {
      what: 'protocols',
      got: `${a.protocol} and ${b.protocol}`,
      expected: 'the same',
    });
  }
  if (a.data.sha256 !== b.data.sha256 && !options.otherData) {
    const got = `${a.data.sha256.slice(0, 12)}… and ${b.data.sha256.slice(0, 12)}…`;
    throw new TaurecError('not-comparable', { what: 'data sets (SHA-256)', got, expected: 'the same' });
  }
  for (const [name, { perUser }] of Object.entries({ A: a, B: b })) {
    if (!perUser)
      throw new TaurecError('not-comparable', {
        what: `per-user numbers of ${name}`,
        got: 'none',
        expected: 'a column per metric',
      });
  }
  return compareUsers(a.perUser!, b.perUser!, options);
}
