import { type Arm, ratioArm } from '../evaluation/sequential-test.ts';
import type { EventStore } from './event-store.ts';

/** A share with its 95% interval, whose ends are absent where fewer than two people were shown anything. */
export interface Rate {
  readonly count: number;
  readonly rate: number;
  readonly low?: number;
  readonly high?: number;
}

/** A rate of a group, Σy/Σx over its people, with what a test needs. */
export interface RateArm extends Arm {
  /** Σy. */
  readonly count: number;
}

/** Half the width of a 95% interval, in standard errors. */
const Z = 1.959964;

/** The rates of groups, by name. @param perPerson an SQL query with the columns name, person, x and y: one row for each person of a group */
export async function ratesBy({ duck }: EventStore, perPerson: string): Promise<Map<string, RateArm>> {
  const reader = await duck.connection.runAndReadAll(
    `SELECT name, count(*)::DOUBLE, count(*) FILTER (y > 0)::DOUBLE, sum(y), sum(x), sum(y * y), sum(x * x), sum(x * y) FROM (${perPerson}) GROUP BY name`,
  );
  return new Map(
    reader.getRows().map((row) => {
      const [name, people, active, y, x, yy, xx, xy] = row as [string, ...number[]];
      const arm = ratioArm({ people: people!, active: active!, y: y!, x: x!, yy: yy!, xx: xx!, xy: xy! });
      // The mean of a single person is known, its variance is not.
      return [name, { ...arm, mean: y! / x!, count: y! }];
    }),
  );
}

/** A rate with its interval: rate ± 1.96 standard errors within [0, 1]. */
export function rateOf({ people, mean, variance, count }: RateArm): Rate {
  const half = Z * Math.sqrt(variance / people);
  return {
    count,
    rate: mean,
    ...(people >= 2 && { low: Math.max(0, mean - half), high: Math.min(1, mean + half) }),
  };
}
