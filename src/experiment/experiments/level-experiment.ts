// The frame of experiments with an axis: options chosen at every level, accuracy and best options plotted against the level.
import { type ClaimVerdict, type Figure, type Section, slug, type Table } from '../../report/report.ts';
import { type ChosenCase, chooseOptions, inGroups, specOf } from '../choose-options.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import {
  cellOf,
  edgeNote,
  meanOf,
  metricOf,
  type Observation,
  optionsText,
  percentText,
  seedsText,
  signOf,
  triedTables,
  validations,
} from '../findings.ts';
import { type CurveAxis, publishedAt, publishedSeries } from '../published-curves.ts';
import { mergeConfigs, type RunSpec } from '../run.ts';
import { baseSpec, type ExperimentConfig, type ExperimentSettings } from '../settings.ts';
import { mean } from '../statistics.ts';

/** A loss on one data set at one level, with options chosen at that level. */
export interface LevelCase extends ChosenCase {
  readonly level: number;
}

/** The parts in which these experiments differ. */
export interface LevelDesign {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly source: string;
  readonly defaults: ExperimentConfig;
  /** Name of the level, for axes and tables. */
  readonly axis: string;
  /** Scale of the axis. Default `linear`. */
  readonly scale?: 'log';
  /** The axis of published curves that is the same. */
  readonly published?: CurveAxis;
  /** What a level changes: noise, or training options. Level 0 of noise changes nothing, so that other experiments share these runs. */
  at(level: number): Pick<RunSpec, 'noise'> & Partial<Pick<RunSpec, 'config'>>;
  /** Options whose best value is plotted against the level. */
  readonly options: readonly string[];
  /** Verdicts on the claims from the cases; may request further runs. */
  conclude(
    lab: Lab,
    settings: ExperimentSettings,
    cases: readonly LevelCase[],
  ): Promise<{ claims: ClaimVerdict[]; sections?: Section[] }>;
}

/** Losses of the noise experiments, with their grids. Validation chooses again at every level. */
export const noisyLosses: ExperimentConfig['losses'] = [
  { name: 'bpr', config: { decoupledWeightDecay: [0.3, 1] } },
  { name: 'bce', config: { decoupledWeightDecay: [0.3, 1] } },
  { name: 'mse', config: { decoupledWeightDecay: [0.3, 1] } },
  { name: 'sl', tau: [0.1, 0.15, 0.2, 0.3, 0.4, 0.55] },
  { name: 'bsl', tau: [0.1, 0.15, 0.2, 0.3, 0.4], tau1: [0.3, 0.5, 1, 2, 4] },
  { name: 'dsl', tau: [0.15, 0.2, 0.3] },
];

/** An experiment that measures accuracy against its axis. The options of every loss are chosen at every level; validation data and test set stay free of noise. */
export function levelExperiment(design: LevelDesign): Experiment {
  const { name, title, summary, source, defaults } = design;
  return { name, title, summary, source, defaults, run: (lab, settings) => run(design, lab, settings) };
}

/** Chooses options for every data set, level and loss, in that order of nesting, and assembles the findings. */
async function run(design: LevelDesign, lab: Lab, settings: ExperimentSettings): Promise<Findings> {
  const wanted = settings.data.flatMap((data) =>
    settings.levels.flatMap((level) =>
      settings.losses.map((loss) => ({ level, loss, spec: levelSpec(design.at(level), settings, data) })),
    ),
  );
  const chosen = await chooseOptions(lab, design.title, wanted, settings.seeds);
  const cases = chosen.map((one, index) => ({ ...one, level: wanted[index]!.level }));
  const { claims, sections = [] } = await design.conclude(lab, settings, cases);
  return {
    claims,
    sections: [accuracySection(design, settings, cases), optionsSection(design, settings, cases), ...sections],
  };
}

/** The run at a level, without its loss and seed. */
function levelSpec(
  { noise, config = {} }: ReturnType<LevelDesign['at']>,
  settings: ExperimentSettings,
  data: ExperimentSettings['data'][number],
): Omit<RunSpec, 'seed'> {
  const base = baseSpec(settings, data, 'validation');
  return { ...base, ...(noise && { noise }), config: mergeConfigs(base.config, config) };
}

/** Accuracy against the level: a figure with one panel per data set, and a table. */
function accuracySection(design: LevelDesign, settings: ExperimentSettings, cases: readonly LevelCase[]): Section {
  const { axis, scale, published } = design;
  const { metric, metrics, data, losses, levels } = settings;
  // Two levels make a slope: names on the axis, a line between them.
  const band = levels.length === 2;
  const labels = losses.map(({ label }) => label);
  const publishedOf = ({ spec, loss, level }: LevelCase) =>
    published && publishedAt(published, spec.data.name, loss.label, settings, level);
  const hasPublished = cases.some((one) => publishedOf(one) !== undefined);
  const figure: Figure = {
    name: 'accuracy-by-level',
    caption: `Test ${metric} (${settings.protocol}) against ${axis}. Options are chosen at every level on validation data without noise. Bands show one standard deviation over seeds.`,
    kind: 'lines',
    x: { label: axis, scale: band ? 'band' : scale },
    y: { label: metric },
    ownScales: true,
    panels: data.map(({ name }) => ({
      title: name,
      series: [
        ...labels.map((label) => ({
          name: label,
          points: casesOf(cases, name, label).map(({ level, records }) => ({
            x: level,
            ...pointOf(records, settings),
          })),
        })),
        ...(published ? publishedSeries(published, name, labels, settings, levels, band) : []),
      ],
    })),
  };
  const table: Table = {
    name: 'accuracy',
    caption: `Test metrics (${settings.protocol}), ${seedsText(settings.seeds)}; “kept” is ${metric} as a fraction of its value at the lowest level.${edgeNote(cases)}`,
    columns: [
      { name: 'data', show: 'text' },
      { name: axis, show: 'number' },
      { name: 'loss', show: 'text' },
      { name: 'options', show: 'text' },
      ...metrics.map((name) => ({ name })),
      { name: 'kept', show: 'percent' },
      ...(hasPublished ? [{ name: `published ${metric}` }] : []),
    ],
    rows: cases.map((one) => [
      one.spec.data.name,
      one.level,
      one.loss.label,
      optionsText(one.options, one.edges),
      ...metrics.map((name) => cellOf(one.records, settings, name)),
      meanOf(one.records, settings) / meanOf(lowest(cases, one).records, settings),
      ...(hasPublished ? [publishedOf(one) ?? null] : []),
    ]),
  };
  return { title: 'Accuracy by level', figures: [figure], tables: [table] };
}

/** The same case at the lowest level. */
function lowest(cases: readonly LevelCase[], { spec, loss }: LevelCase): LevelCase {
  return casesOf(cases, spec.data.name, loss.label)[0]!;
}

/** y and deviation of a point of the figure. */
function pointOf(records: ChosenCase['records'], settings: ExperimentSettings) {
  const { mean, deviation } = cellOf(records, settings, settings.metric);
  return { y: mean, deviation };
}

/** The cases of a loss on a data set, by ascending level. */
export function casesOf(cases: readonly LevelCase[], data: string, loss: string): LevelCase[] {
  return cases
    .filter((one) => one.spec.data.name === data && one.loss.label === loss)
    .sort((a, b) => a.level - b.level);
}

/** The best options against the level, and all options tried. Options that are not numeric have no figure. */
function optionsSection(
  { axis, options, scale }: LevelDesign,
  settings: ExperimentSettings,
  cases: readonly LevelCase[],
): Section {
  // With two levels the table of accuracy, which has the options too, says it all.
  const figures = (settings.levels.length > 2 ? options : [])
    .filter((option) => cases.some((one) => typeof one.options[option] === 'number'))
    .map(
      (option): Figure => ({
        name: slug(`best ${option}`),
        caption: `The ${option} with the best validation value (seed ${settings.seeds[0]}) against ${axis}.`,
        kind: 'lines',
        x: { label: axis, scale },
        y: { label: `best ${option}`, scale: 'log' },
        panels: settings.data.map(({ name }) => ({
          title: name,
          series: settings.losses
            .map(({ label }) => ({
              name: label,
              points: casesOf(cases, name, label).flatMap(({ level, options: chosen }) =>
                typeof chosen[option] === 'number' ? [{ x: level, y: chosen[option] }] : [],
              ),
            }))
            .filter(({ points }) => points.length > 0),
        })),
      }),
    );
  const tried = triedTables('options-tried', cases, settings.seeds[0]!, [
    { column: { name: 'data', show: 'text' }, of: (one) => one.spec.data.name },
    { column: { name: axis, show: 'number' }, of: (one) => one.level },
  ]);
  return { title: 'The best options by level', figures, tables: tried };
}

/** Whether `ours` keeps a larger fraction of its accuracy from the lowest to the highest level than `theirs`, paired by seed. */
export function keepsMore(
  where: string,
  ours: readonly LevelCase[],
  theirs: readonly LevelCase[],
  settings: ExperimentSettings,
): Observation {
  const left = (group: readonly LevelCase[]) =>
    group[0]!.records.map(
      (clean, seed) => metricOf(group.at(-1)!.records[seed]!, settings) / metricOf(clean, settings),
    );
  const [a, b] = [left(ours), left(theirs)];
  // `slice` drops the sign of the percentages.
  const text = `${where}: ${ours[0]!.loss.label} keeps ${percentText(mean(a)).slice(1)}, ${theirs[0]!.loss.label} ${percentText(mean(b)).slice(1)}`;
  return { verdict: signOf(a.map((share, seed) => share - b[seed]!)), text };
}

/**
 * Whether the best value of an option moves up (1) or down (−1) from the lowest level to the highest. A best value is the choice of one seed, so it counts only
 * if, at the highest level, it validates better over all seeds than the best value of the lowest level.
 * @param groups The cases of one loss on one data set each, by ascending level; those that did not choose the option are left out.
 */
export async function bestMoves(
  lab: Lab,
  { seeds }: Pick<ExperimentSettings, 'seeds'>,
  option: string,
  direction: 1 | -1,
  groups: readonly (readonly LevelCase[])[],
): Promise<Observation[]> {
  const ends = groups
    .filter(([one]) => one && option in one.options)
    .map((group) => ({ low: group[0]!, high: group.at(-1)! }))
    .filter(({ low, high }) => low.level < high.level);
  const specs = ends.flatMap(({ low, high }) =>
    seeds.map((seed) => specOf(high, { ...high.options, [option]: low.options[option] }, seed)),
  );
  const title = `${option} of the lowest level at the highest`;
  const records = inGroups(await lab.runAll(title, specs), seeds.length);
  return ends.map(({ low, high }, index) => {
    const [before, after] = [Number(low.options[option]), Number(high.options[option])];
    const others = validations({ records: records[index]! });
    const matters = signOf(validations(high).map((value, seed) => value - others[seed]!)) === 'held';
    const moved = direction * (after - before);
    const verdict = !matters || moved === 0 ? 'unclear' : moved > 0 ? 'held' : 'not held';
    const flat = matters || moved === 0 ? '' : ', where the two validate alike';
    const text = `${low.spec.data.name}, ${low.loss.label}: best ${option} ${before} at ${low.level}, ${after} at ${high.level}${flat}`;
    return { verdict, text };
  });
}
