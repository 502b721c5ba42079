// What experiments share when they judge claims: verdicts from paired differences, comparisons over users, popularity groups, and tables of tried options.
import { TaurecError } from '../errors.ts';
import type { UserColumns } from '../evaluation/compare.ts';
import { pairedTTest } from '../evaluation/significance.ts';
import type { Cell, ClaimVerdict, Figure, MeanCell, Series, Table, TableColumn } from '../report/report.ts';
import type { ChosenCase } from './choose-options.ts';
import type { Lab } from './experiment.ts';
import { isFailed, type RunRecord } from './run.ts';
import type { ExperimentSettings } from './settings.ts';
import { compareRuns, holm, mean, meanCell } from './statistics.ts';

/** `held`, `not held` or `unclear`. */
export type Verdict = ClaimVerdict['verdict'];

/** One observation for or against a claim. */
export interface Observation {
  readonly verdict: Verdict;
  /** The evidence in words, with the numbers. */
  readonly text: string;
}

/** The verdict on a claim that must hold in every observation: one `not held` refutes it, one `unclear` leaves it open. @param paper Where the claim is made; absent for claims of this project */
export function claimOf(claim: string, observations: readonly Observation[], paper?: string): ClaimVerdict {
  const verdict = everyOne(observations.map((one) => one.verdict));
  const evidence = observations.map(({ text }) => text).join('; ') || nothing;
  return { claim, verdict, evidence, ...(paper !== undefined && { paper }) };
}

/** `not held` if any verdict is; `held` if all are; otherwise `unclear`, also for an empty list. */
export function everyOne(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('not held')) return 'not held';
  return verdicts.includes('unclear') || verdicts.length === 0 ? 'unclear' : 'held';
}

/** Evidence of a claim without observations; `measured` recognises it. */
const nothing = 'nothing was measured';

/** Drops claims without any observation: a run without DSL, say, shows nothing about DSL. */
export function measured(claims: readonly ClaimVerdict[]): ClaimVerdict[] {
  return claims.filter(({ evidence }) => evidence !== nothing);
}

/**
 * Whether runs `a` have a higher metric than runs `b`, paired by seed: the sign of the differences (see `signOf`).
 * @param where Data set and other context, the first words of the evidence.
 * @param margin Added to `a`, as a fraction of the mean of `b`.
 */
export function moreThan(
  where: string,
  [nameA, a]: readonly [string, readonly RunRecord[]],
  [nameB, b]: readonly [string, readonly RunRecord[]],
  settings: Pick<ExperimentSettings, 'metric' | 'protocol'>,
  margin = 0,
): Observation {
  const [ofA, ofB] = [a, b].map((records) => records.map((record) => metricOf(record, settings)));
  const differences = ofA!.map((value, seed) => value - ofB![seed]! + margin * mean(ofB!));
  // The reported gain is the measured one, without the margin.
  const gain = percentText(mean(ofA!) / mean(ofB!) - 1);
  const text = `${where}: ${nameA} ${metricText(mean(ofA!))} against ${nameB} ${metricText(mean(ofB!))} (${gain}${fewText(differences)})`;
  return { verdict: signOf(differences), text };
}

/** Tolerance of “not less”, as a fraction. Without it, a claim about equal losses could never hold: their difference has no significant sign. */
const equivalence = 0.01;

/** Whether runs `a` are at least as good as runs `b`, to within 1%: `moreThan` with a margin of 1%. */
export function notLessThan(...[where, a, b, settings]: Parameters<typeof moreThan>): Observation {
  return moreThan(where, a, b, settings, equivalence);
}

/** Fewest seeds that decide a claim. */
const FEWEST_SEEDS = 3;

/** The number of seeds, where it is too small to decide a claim: “, two seeds”. */
function fewText({ length }: readonly number[]): string {
  return length < FEWEST_SEEDS ? `, ${length === 1 ? 'one seed' : 'two seeds'}` : '';
}

/**
 * The sign of paired differences as a verdict: `held` above 0 and `not held` below, if there are at least three seeds and the 95% interval of the mean,
 * mean ± t·s/√n with Student's t for n − 1 degrees of freedom, excludes 0. Otherwise `unclear`.
 */
export function signOf(differences: readonly number[]): Verdict {
  if (differences.length < FEWEST_SEEDS || pairedTTest(differences).p > 0.05) return 'unclear';
  return mean(differences) > 0 ? 'held' : 'not held';
}

/** Whether the mean of a quantity over seeds lies between two bounds: `held` if its 95% interval lies between them, `not held` if it lies beyond one, otherwise `unclear`. */
export function liesBetween(values: readonly number[], low: number, high: number): Verdict {
  return everyOne([signOf(values.map((value) => value - low)), signOf(values.map((value) => high - value))]);
}

/** The validation value of each seed. Choices among cases use it, because the test set must not influence them. */
export function validations({ records }: Pick<ChosenCase, 'records'>): number[] {
  return records.map((record) => record.chosen.value ?? 0);
}

/** The mean of the validation values over seeds. */
export function validated(one: Pick<ChosenCase, 'records'>): number {
  return mean(validations(one));
}

/** The case with the best mean validation value; the first of equals; undefined for an empty list. */
export function bestByValidation<C extends Pick<ChosenCase, 'records'>>(cases: readonly C[]): C | undefined {
  return [...cases].sort((a, b) => validated(b) - validated(a))[0];
}

/** The metric and protocol that claims are judged by. */
type Judged = Pick<ExperimentSettings, 'metric' | 'protocol'>;

/** A test metric of a run. Default: the metric of the settings. */
export function metricOf(record: RunRecord, { protocol, metric }: Judged, name = metric): number {
  return record.evaluations[protocol].metrics[name]!;
}

/** Mean and sample deviation of a test metric over runs that differ only in their seed. */
export function cellOf(records: readonly RunRecord[], judged: Judged, name?: string): MeanCell {
  return meanCell(records.map((record) => metricOf(record, judged, name)));
}

/** The mean of a test metric over runs that differ only in their seed. */
export function meanOf(records: readonly RunRecord[], judged: Judged, name?: string): number {
  return cellOf(records, judged, name).mean;
}

/** Options as text for people: `tau 0.2, tau1 inf`. @param edges Options whose value gets the mark “(edge)” */
export function optionsText(options: Readonly<Record<string, unknown>>, edges: readonly string[] = []): string {
  return Object.entries(options)
    .map(([name, value]) => {
      const mark = edges.includes(name) ? ' (edge)' : '';
      return `${optionText(name)} ${value === Infinity ? 'inf' : value}${mark}`;
    })
    .join(', ');
}

/** The name of an option for people, without the prefix `config.` of training options. */
export function optionText(name: string): string {
  return name.replace('config.', '');
}

/** What a table of means shows: “mean ± deviation over 3 seeds”, or “one seed”. */
export function seedsText({ length }: readonly number[]): string {
  return length === 1 ? 'one seed' : `mean ± deviation over ${length} seeds`;
}

/** The explanation of the mark “(edge)” for the caption of a table; empty where no case has one. */
export function edgeNote(cases: readonly Pick<ChosenCase, 'edges'>[]): string {
  if (cases.every(({ edges }) => edges.length === 0)) return '';
  return ' (edge): the best value is the last of its grid, which was widened once; a better one may lie beyond.';
}

/** 0.094 → "+9.4%". */
export function percentText(share: number): string {
  return `${share >= 0 ? '+' : '−'}${(100 * Math.abs(share)).toFixed(1)}%`;
}

/** 0.1303 → ".1303". */
export function metricText(value: number): string {
  return value.toFixed(4).replace(/^(-?)0\./, '$1.');
}

/** Refuses a metric that does not split into contributions of popularity groups; only Recall and NDCG do. @throws TaurecError `bad-option` */
export function checkGroupMetric({ metric }: Judged): void {
  if (/^(ndcg|recall)@/.test(metric)) return;
  const expected = 'ndcg or recall with a cut-off: only these split into contributions of item groups';
  throw new TaurecError('bad-option', { option: 'metric', got: metric, expected });
}

/** [groups] contribution of each popularity group's hits to the metric, least popular first. */
function contributionsOf(record: RunRecord, { protocol, metric }: Judged): readonly number[] {
  return record.evaluations[protocol].groups.contributions[metric]!;
}

/** Deviation of the groups' contributions divided by their mean; 0 means that all groups contribute equally. */
export function spreadOf(record: RunRecord, { protocol, metric }: Judged): number {
  return record.evaluations[protocol].groups.spread[metric]!;
}

/** Share of the metric that the less popular half of the groups contributes; 0 without any hit. */
export function lowerHalf(record: RunRecord, judged: Judged): number {
  const parts = contributionsOf(record, judged);
  const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
  return sum(parts) === 0 ? 0 : sum(parts.slice(0, parts.length / 2)) / sum(parts);
}

/** A figure of the ten groups' contributions, one series per case. @param published Series for comparison */
export function groupFigure(
  name: string,
  caption: string,
  judged: Judged,
  cases: readonly { readonly name: string; readonly records: readonly RunRecord[] }[],
  published: readonly Series[] = [],
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
    panels: [{ title: '', series: [...series, ...published] }],
  };
}

/** The relative difference of a case from another, with its 95% interval and p. */
export interface RelativeDifference {
  readonly difference?: number;
  readonly low?: number;
  readonly high?: number;
  readonly p?: number;
}

/**
 * Compares each case with one of them, paired over users, each user's number averaged over seeds.
 * @returns For each case the difference from `reference` and its interval, as fractions of the reference's mean, and p after Holm's correction for the number of
 *   other cases; undefined for the reference itself, and for all where the metric has no per-user numbers.
 */
export function compareWith(
  reference: ChosenCase,
  group: readonly ChosenCase[],
  lab: Lab,
  { metric, protocol }: ExperimentSettings,
): (RelativeDifference | undefined)[] {
  const usersOf = ({ records }: ChosenCase) => records.map((record) => columnOf(lab.perUser(record, protocol), metric));
  const columns = group.map(usersOf);
  if (!columns.every((seeds) => seeds.every((one) => metric in one.columns))) return group.map(() => undefined);
  const base = columns[group.indexOf(reference)]!;
  const others = group.flatMap((one, index) => (one === reference ? [] : [index]));
  const comparisons = others.map((index) => compareRuns(base, columns[index]!).metrics[0]!);
  const adjusted = holm(comparisons.map(({ p }) => p));
  return group.map((_, index) => {
    const at = others.indexOf(index);
    if (at === -1) return undefined;
    const { a, difference, low, high } = comparisons[at]!;
    return { difference: difference / a, low: low / a, high: high / a, p: adjusted[at]! };
  });
}

/** The users' numbers, reduced to one metric. */
function columnOf({ users, columns }: UserColumns, metric: string): UserColumns {
  return { users, columns: Object.fromEntries(Object.entries(columns).filter(([name]) => name === metric)) };
}

/** An extra column of the table, left of loss and options. */
interface CaseColumn<C> {
  readonly column: TableColumn;
  of(one: C): Cell;
}

/** A table of all options tried, with their validation values; a failed training shows its error code. No table if nothing was tried. @param about Extra columns. */
export function triedTables<C extends ChosenCase>(
  name: string,
  cases: readonly C[],
  seed: number,
  about: readonly CaseColumn<C>[] = [],
): Table[] {
  const table: Table = {
    name,
    caption: `All options tried, with their validation values (seed ${seed}). A diverged training counts as the worst.`,
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
