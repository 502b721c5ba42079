import type { ClaimVerdict } from '../../report/report.ts';
import { deviation, mean } from '../analysis/statistics.ts';
import type { RunRecord } from '../run/run.ts';
import type { ExperimentSettings } from '../settings/settings.ts';
import { metricOf, metricText, percentText } from './summaries.ts';

export type Verdict = ClaimVerdict['verdict'];

/** One observation for or against a claim, in words with its figures. */
export interface Observation {
  readonly verdict: Verdict;
  readonly text: string;
}

/** A claim that must hold in every observation: one against it refutes it, one that does not decide leaves it open. */
export function claimOf(claim: string, observations: readonly Observation[]): ClaimVerdict {
  const verdict = everyOne(observations.map((one) => one.verdict));
  return { claim, verdict, evidence: observations.map(({ text }) => text).join('; ') || nothing };
}

/** Held where all are; failed where one is; unclear otherwise, also where there is none. */
export function everyOne(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('failed')) return 'failed';
  return verdicts.includes('unclear') || verdicts.length === 0 ? 'unclear' : 'held';
}

const nothing = 'nothing was measured';

/** The claims that something was measured for: a run without DSL says nothing of it. */
export function measured(claims: readonly ClaimVerdict[]): ClaimVerdict[] {
  return claims.filter(({ evidence }) => evidence !== nothing);
}

/** Whether the runs `a` have more of the metric than the runs `b`, seed by seed: decided where the mean difference is more than twice its standard error over seeds. `margin`, a part of b, is given to `a` beforehand. */
export function moreThan(
  where: string,
  [nameA, a]: readonly [string, readonly RunRecord[]],
  [nameB, b]: readonly [string, readonly RunRecord[]],
  settings: Pick<ExperimentSettings, 'metric' | 'protocol'>,
  margin = 0,
): Observation {
  const [ofA, ofB] = [a, b].map((records) => records.map((record) => metricOf(record, settings)));
  const differences = ofA!.map((value, seed) => value - ofB![seed]! + margin * mean(ofB!));
  const gain = percentText(mean(ofA!) / mean(ofB!) - 1);
  const seeds = differences.length === 1 ? ', one seed' : '';
  const text = `${where}: ${nameA} ${metricText(mean(ofA!))} against ${nameB} ${metricText(mean(ofB!))} (${gain}${seeds})`;
  return { verdict: signOf(differences), text };
}

/** What “not less” allows: a claim of no difference at all could never hold. */
const equivalence = 0.01;

/** Whether `a` have at least as much as `b`, to within 1%: as `moreThan`, of b less 1%. */
export function notLessThan(...[where, a, b, settings]: Parameters<typeof moreThan>): Observation {
  return moreThan(where, a, b, settings, equivalence);
}

/** Held where the differences are above 0 beyond their noise, failed where below. One difference alone does not decide. */
export function signOf(differences: readonly number[]): Verdict {
  const middle = mean(differences);
  const n = differences.length;
  if (n < 2) return 'unclear';
  if (Math.abs(middle) <= (2 * deviation(differences)) / Math.sqrt(n)) return 'unclear';
  return middle > 0 ? 'held' : 'failed';
}
