/** The contract of all searches (halving excepted), and the loops that run them. */

/** A point that a search proposed, with its value: larger is better, -Infinity if the evaluation failed, undefined while it runs. */
export interface Observation<P> {
  readonly point: P;
  readonly value?: number;
}

/**
 * A search for the point with the largest value. It has no state: proposals and choice depend only on the observations, in the order of the proposals. An interrupted
 * search therefore continues from recorded observations.
 */
export interface Search<P> {
  /** The number of points, if it is finite and known in advance. */
  readonly size?: number;
  /** The next points to evaluate, in order; an empty list ends the search. */
  propose(seen: readonly Observation<P>[]): readonly P[];
  /** The choice after the search has ended; undefined if no point has a value. */
  choose(seen: readonly Observation<P>[]): P | undefined;
}

/** The observation with the largest value, the first one of equals; undefined if no point has a value above -Infinity. */
export function bestOf<O extends Observation<unknown>>(seen: readonly O[]): O | undefined {
  let best: O | undefined;
  for (const one of seen) if ((one.value ?? -Infinity) > (best?.value ?? -Infinity)) best = one;
  return best;
}

/**
 * Runs several searches at the same time and returns their choices. Each round evaluates the proposals of all searches in one call, so that `evaluate` may run
 * them in parallel; it returns the values in the order of the points.
 */
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

/** Runs one search with a synchronous function and returns its choice. */
export function runSearchSync<P>(search: Search<P>, evaluate: (point: P) => number): P | undefined {
  const seen: Observation<P>[] = [];
  for (;;) {
    const points = search.propose(seen);
    if (points.length === 0) return search.choose(seen);
    for (const point of points) seen.push({ point, value: evaluate(point) });
  }
}

/** A generator that yields points, receives their values in the same order, and returns a result R. */
export type Walk<P, R> = Generator<readonly P[], R, readonly number[]>;

/**
 * Makes a search from a generator function, so that the search can be written as one loop. The generator yields the points whose values it needs and returns its choice.
 * Each proposal replays the generator from its start with the known values; compared with the evaluation of a point this is cheap. A point with a value is never
 * proposed again. The generator must be deterministic.
 */
export function walkSearch<P>(walk: () => Walk<P, P>): Search<P> {
  /** Runs the generator to the first points without values, or to its end. Points are compared by their JSON. */
  const replay = (seen: readonly Observation<P>[]): { missing: readonly P[] } | { choice: P } => {
    const known = new Map(seen.map(({ point, value }) => [JSON.stringify(point), value]));
    const steps = walk();
    for (let step = steps.next(); ; ) {
      if (step.done) return { choice: step.value };
      // A map, so that a point that is yielded twice is proposed once.
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
