import fc from 'fast-check';
import { vi } from 'vitest';

// The files that a worker runs share dist/, but modules of tests (which keep folders and servers for the file that imports them) are loaded for each file again.
vi.resetModules();

/**
 * How much tests draw, and from what. Property tests draw new cases in every run, so that each run on a developer's machine searches further. Continuous integration draws the same ones always,
 * or those of $TAUREC_PROPERTY_SEED: there a failure must come from the change, not from the draw. It also draws two and a half times as many: with a fixed seed more would be the same ones again in every run.
 */
const many = Boolean(process.env.CI);
const fixed = process.env.TAUREC_PROPERTY_SEED ?? (many ? '20240513' : undefined);

/** Runs of a property: half of `count` in continuous integration, a fifth elsewhere. */
export function draws(count: number): { numRuns: number } {
  return { numRuns: Math.ceil(count / (many ? 2 : 5)) };
}

fc.configureGlobal({ ...draws(100), ...(fixed !== undefined && { seed: Number(fixed) }) });

/** $TAUREC_CAMPAIGN: how many times as much the searches for rare faults draw (moments of kills, files of fuzzers, flipped bits), and anew; 1, the short form, draws the same in every run. */
export const campaign = Number(process.env.TAUREC_CAMPAIGN || 1);
/** What a search draws from; its title names it, and $TAUREC_PROPERTY_SEED repeats it. */
export const campaignSeed = Number(
  process.env.TAUREC_PROPERTY_SEED ?? (campaign > 1 ? Date.now() % 2 ** 31 : 20240513),
);

/** The moments at which the rounds of a campaign kill, each from 1 to `latest`. */
export function killMoments(rounds: number, latest: number): { moments: number[]; title: string; timeout: number } {
  const numRuns = rounds * campaign;
  const moments = fc.sample(fc.noBias(fc.integer({ min: 1, max: latest })), { numRuns, seed: campaignSeed });
  return { moments, title: `${numRuns} rounds, seed ${campaignSeed}`, timeout: 15_000 * numRuns };
}
