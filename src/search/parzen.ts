import { normalCdf, normalQuantile } from '../array/distributions.ts';
import type { Random } from '../array/random.ts';

/** A density on a dimension, made of the places where observations lie. */
export interface Density {
  sample(random: Random): number;
  /** Its logarithm at a place. */
  log(u: number): number;
}

/**
 * A Parzen estimator on [0, 1]: the mean of a uniform density, the prior, and a Gaussian around each place, cut off at the ends. A Gaussian is as wide as the farther of its two neighbours (the
 * ends are neighbours too), at least 1/min(100, n + 1) for n places.
 */
export function parzenDensity(places: readonly number[]): Density {
  const sorted = [...places].sort((a, b) => a - b);
  const least = 1 / Math.min(100, sorted.length + 1);
  const bumps = sorted.map((mean, i) => {
    const wide = Math.max(mean - (sorted[i - 1] ?? 0), (sorted[i + 1] ?? 1) - mean);
    const width = Math.min(1, Math.max(least, wide));
    const [low, high] = [normalCdf(-mean / width), normalCdf((1 - mean) / width)];
    return { mean, width, low, mass: high - low };
  });
  return {
    sample(random) {
      const at = random.integer(bumps.length + 1);
      const u = random.real();
      if (at === bumps.length) return u;
      const { mean, width, low, mass } = bumps[at]!;
      return Math.min(1, Math.max(0, mean + width * normalQuantile(low + u * mass)));
    },
    log(u) {
      let sum = 1;
      for (const { mean, width, mass } of bumps) {
        sum += Math.exp(-0.5 * ((u - mean) / width) ** 2) / (width * Math.sqrt(2 * Math.PI) * mass);
      }
      return Math.log(sum / (bumps.length + 1));
    },
  };
}

/** The frequencies of choices 0 … n − 1, each counted once more than it was seen. */
export function choiceDensity(choices: number, places: readonly number[]): Density {
  const counts = new Array<number>(choices).fill(1);
  for (const place of places) counts[place]!++;
  const total = choices + places.length;
  return {
    sample(random) {
      const at = random.integer(total);
      let below = 0;
      return counts.findIndex((count) => {
        below += count;
        return at < below;
      });
    },
    log: (choice) => Math.log(counts[choice]! / total),
  };
}
