import { TaurecError } from '../errors.ts';
import type { UserColumns } from '../evaluation/compare.ts';
import type { Cell, ClaimVerdict, Figure, Table, TableColumn } from '../report/report.ts';
import type { ChosenCase } from './choose-options.ts';
import type { Lab } from './experiment.ts';
import { isFailed, type RunRecord } from './run.ts';
import type { ExperimentSettings } from './settings.ts';
import { compareRuns, deviation, holm, mean, meanCell } from './statistics.ts';

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

/** The validation value of each seed, by which cases are compared where the test set may not be looked at. */
export function validations({ records }: Pick<ChosenCase, 'records'>): number[] {
  return records.map((record) => record.chosen.value ?? 0);
}

/** Their mean over seeds. */
export function validated(one: Pick<ChosenCase, 'records'>): number {
  return mean(validations(one));
}

/** The case that validates best; the first of equals. Undefined of none. */
export function bestByValidation<C extends Pick<ChosenCase, 'records'>>(cases: readonly C[]): C | undefined {
  return [...cases].sort((a, b) => validated(b) - validated(a))[0];
}

type Judged = Pick<ExperimentSettings, 'metric' | 'protocol'>;

/** A test metric of a run; that of the settings unless another is named. */
export function metricOf(record: RunRecord, { protocol, metric }: Judged, name = metric): number {
  return record.evaluations[protocol].metrics[name]!;
}

/** Mean and deviation over runs that differ in their seed. */
export function cellOf(
  records: readonly RunRecord[],
  judged: Judged,
  name?: string,
): { mean: number; deviation: number } {
  return meanCell(records.map((record) => metricOf(record, judged, name)));
}

export function meanOf(records: readonly RunRecord[], judged: Judged, name?: string): number {
  return cellOf(records, judged, name).mean;
}

/** Options as a person writes them: tau 0.2, tau1 inf. Training options without their prefix. */
export function optionsText(options: Readonly<Record<string, unknown>>): string {
  return Object.entries(options)
    .map(([name, value]) => `${name.replace('config.', '')} ${value === Infinity ? 'inf' : value}`)
    .join(', ');
}

/** 0.094 → "+9.4%". */
export function percentText(share: number): string {
  return `${share >= 0 ? '+' : '−'}${(100 * Math.abs(share)).toFixed(1)}%`;
}

/** 0.1303 → ".1303". */
export function metricText(value: number): string {
  return value.toFixed(4).replace(/^(-?)0\./, '$1.');
}

/** Refuses a metric that is no sum over hits: groups contribute to Recall and NDCG alone. @throws TaurecError `bad-option` */
export function checkGroupMetric({ metric }: Judged): void {
  if (/^(ndcg|recall)@/.test(metric)) return;
  const expected = 'ndcg or recall with a cut-off: only to them do groups of items contribute';
  throw new TaurecError('bad-option', { option: 'metric', got: metric, expected });
}

/** What each popularity group's hits contribute to the metric, least popular first. */
function contributionsOf(record: RunRecord, { protocol, metric }: Judged): readonly number[] {
  return record.evaluations[protocol].groups.contributions[metric]!;
}

/** The deviation of the groups' contributions over their mean: 0 is even. */
export function spreadOf(record: RunRecord, { protocol, metric }: Judged): number {
  return record.evaluations[protocol].groups.spread[metric]!;
}

/** The part of the metric that the less popular five groups contribute; 0 where nothing was hit. */
export function lowerHalf(record: RunRecord, judged: Judged): number {
  const parts = contributionsOf(record, judged);
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
  return sum(parts) === 0 ? 0 : sum(parts.slice(0, parts.length / 2)) / sum(parts);
}

/** Contributions of the ten groups, one series a case. */
export function groupFigure(
  name: string,
  caption: string,
  judged: Judged,
  cases: readonly { readonly name: string; readonly records: readonly RunRecord[] }[],
): Figure {
  const series = cases.map((one) => {
    const seeds = one.records.map((record) => contributionsOf(record, judged));
    const points = seeds[0]!.map((_, group) => {
      const { mean: y, deviation } = meanCell(seeds.map((contributions) => contributions[group]!));
      return { x: String(group + 1), y, deviation };
    });
    return { name: one.name, points };
  });
  return {
    name,
    caption,
    kind: 'lines',
    x: { label: 'popularity group, 1 the least popular', scale: 'band' },
    y: { label: `contribution to ${judged.metric}` },
    panels: [{ title: '', series }],
  };
}

/**
 * Each case against the best of the others by validation, user by user, seeds averaged: cells `against`, `difference`, `low`, `high` and `p` after Holm's
 * correction for so many comparisons. Undefined for a case alone, and for a metric that users have no number of.
 */
export function compareWithBest(
  group: readonly ChosenCase[],
  lab: Lab,
  { metric, protocol }: ExperimentSettings,
): (readonly Cell[] | undefined)[] {
  const columns = group.map(({ records }) => records.map((record) => columnOf(lab.perUser(record, protocol), metric)));
  if (group.length < 2 || !columns.every((seeds) => seeds.every((one) => metric in one.columns)))
    return group.map(() => undefined);
  const byValue = group.map((_, index) => index).sort((a, b) => validated(group[b]!) - validated(group[a]!));
  const rivals = group.map((_, index) => byValue.find((other) => other !== index)!);
  const comparisons = group.map((_, index) => compareRuns(columns[rivals[index]!]!, columns[index]!).metrics[0]!);
  const adjusted = holm(comparisons.map(({ p }) => p));
  return comparisons.map(({ difference, low, high }, index) => [
    group[rivals[index]!]!.loss.label,
    difference,
    low,
    high,
    adjusted[index]!,
  ]);
}

/** The users with one metric alone. */
function columnOf({ users, columns }: UserColumns, metric: string): UserColumns {
  return { users, columns: Object.fromEntries(Object.entries(columns).filter(([name]) => name === metric)) };
}

/** A further column of the table, beyond loss and options. */
interface CaseColumn<C> {
  readonly column: TableColumn;
  of(one: C): Cell;
}

/** A table of every option that was tried; none where nothing was, with the validation value that it was judged by; where the training failed, with why. */
export function triedTables<C extends ChosenCase>(
  name: string,
  cases: readonly C[],
  seed: number,
  about: readonly CaseColumn<C>[] = [],
): Table[] {
  const table: Table = {
    name,
    caption: `Every option that was tried, with the validation value that it was judged by (seed ${seed}). A training that diverged counts as the worst.`,
    columns: [
      ...about.map(({ column }) => column),
      { name: 'loss', show: 'text' },
      { name: 'options', show: 'text' },
      { name: 'validation' },
    ],
    rows: cases.flatMap((one) =>
      one.tried.map(({ options, record }) => [
        ...about.map(({ of }) => of(one)),
        one.loss.label,
        optionsText(options),
        isFailed(record) ? record.failed.code : (record.chosen.value ?? null),
      ]),
    ),
  };
  return table.rows.length > 0 ? [table] : [];
}
