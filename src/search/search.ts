/** A point that a search asked for, with its value: larger is better, -Infinity for one that failed, undefined while it is being evaluated. */
export interface Observation<P> {
  readonly point: P;
  readonly value?: number;
}

/**
 * A search for the point with the largest value. It keeps no state: both answers follow from the observations alone, in the order of the proposals, so a search that
 * was interrupted continues from the observations in a file.
 */
export interface Search<P> {
  /** The number of points, where it is finite. */
  readonly size?: number;
  /** The next points to evaluate, in order; an empty list ends the search. */
  propose(seen: readonly Observation<P>[]): readonly P[];
  /** The choice, once the search has ended; undefined when no point has a value. */
  choose(seen: readonly Observation<P>[]): P | undefined;
}

/** The observation with the largest value, the first of equal ones; undefined when no point has a value. */
export function bestOf<O extends Observation<unknown>>(seen: readonly O[]): O | undefined {
  let best: O | undefined;
  for (const one of seen) if ((one.value ?? -Infinity) > (best?.value ?? -Infinity)) best = one;
  return best;
}

/** Runs several searches at the same time. Each round evaluates the proposals of all searches in one call. Returns their choices. */
export async function runSearches<P>(
  searches: readonly Search<P>[],
  evaluate: (asked: readonly { readonly search: number; readonly point: P }[]) => Promise<readonly number[]>,
): Promise<(P | undefined)[]> {
  const seen = searches.map((): Observation<P>[] => []);
  for (;;) {
    const asked = searches.flatMap((one, search) => one.propose(seen[search]!).map((point) => ({ search, point })));
    if (asked.length === 0) return searches.map((one, search) => one.choose(seen[search]!));
    const values = await evaluate(asked);
    for (const [at, { search, point }] of asked.entries()) seen[search]!.push({ point, value: values[at]! });
  }
}

/** Runs one search with a synchronous function. Returns its choice. */
export function runSearchSync<P>(search: Search<P>, evaluate: (point: P) => number): P | undefined {
  const seen: Observation<P>[] = [];
  for (;;) {
    const points = search.propose(seen);
    if (points.length === 0) return search.choose(seen);
    for (const point of points) seen.push({ point, value: evaluate(point) });
  }
}

/** Part of a walk: asks for the values of points, receives them in the same order. */
export type Walk<P, R> = Generator<readonly P[], R, readonly number[]>;

/**
 * A search written as a walk, which reads from top to bottom: it yields the points whose values it needs and returns its choice. For each answer the walk is repeated from
 * its start over what has been seen; this costs nothing compared with evaluating a point. A point that was seen is not proposed again.
 */
export function walkSearch<P>(walk: () => Walk<P, P>): Search<P> {
  /** The walk up to the first points without values, or to its end. */
  const replay = (seen: readonly Observation<P>[]): { missing: readonly P[] } | { choice: P } => {
    const known = new Map(seen.map(({ point, value }) => [JSON.stringify(point), value]));
    const steps = walk();
    for (let step = steps.next(); ; ) {
      if (step.done) return { choice: step.value };
      const asked = new Map(step.value.map((point) => [JSON.stringify(point), point]));
      const missing = [...asked].filter(([key]) => known.get(key) === undefined).map(([, point]) => point);
      if (missing.length > 0) return { missing };
      step = steps.next(step.value.map((point) => known.get(JSON.stringify(point))!));
    }
  };
  return {
    propose(seen) {
      const reached = replay(seen);
      return 'missing' in reached ? reached.missing : [];
    },
    choose(seen) {
      const reached = replay(seen);
      return 'choice' in reached ? reached.choice : undefined;
    },
  };
}
