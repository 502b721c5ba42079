// The frame of the three noise experiments: options chosen at every noise level, accuracy and best options plotted against the level.
import { type ClaimVerdict, type Figure, type Section, slug, type Table } from '../../report/report.ts';
import { type ChosenCase, chooseOptions } from '../choose-options.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import { cellOf, edgeNote, meanOf, optionsText, seedsText, triedTables } from '../findings.ts';
import type { Noise } from '../run.ts';
import { baseSpec, type ExperimentConfig, type ExperimentSettings } from '../settings.ts';

/** A loss on one data set at one noise level, with options chosen at that level. */
export interface NoisyCase extends ChosenCase {
  readonly level: number;
}

/** The parts in which noise experiments differ. */
export interface NoiseDesign {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  readonly source: string;
  readonly defaults: ExperimentConfig;
  /** Name of the level, for axes and tables. */
  readonly axis: string;
  /** The noise at a level; none at 0, so that other experiments share these runs. */
  noise(level: number): Noise;
  /** Options whose best value is plotted against the level. */
  readonly options: readonly string[];
  /** Verdicts on the claims from the cases; may request further runs. */
  conclude(
    lab: Lab,
    settings: ExperimentSettings,
    cases: readonly NoisyCase[],
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

/** An experiment that measures accuracy against noise. The options of every loss are chosen at every level; validation data and test set stay free of noise. */
export function noiseExperiment(design: NoiseDesign): Experiment {
  const { name, title, summary, source, defaults } = design;
  return { name, title, summary, source, defaults, run: (lab, settings) => run(design, lab, settings) };
}

/** Chooses options for every data set, level and loss, in that order of nesting, and assembles the findings. */
async function run(design: NoiseDesign, lab: Lab, settings: ExperimentSettings): Promise<Findings> {
  const wanted = settings.data.flatMap((data) =>
    settings.levels.flatMap((level) =>
      settings.losses.map((loss) => ({
        level,
        loss,
        spec: { ...baseSpec(settings, data, 'validation'), noise: design.noise(level) },
      })),
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

/** Accuracy against the level: a figure with one panel per data set, and a table. */
function accuracySection({ axis }: NoiseDesign, settings: ExperimentSettings, cases: readonly NoisyCase[]): Section {
  const { metric, metrics, data, losses, levels } = settings;
  const figure: Figure = {
    name: 'accuracy-against-noise',
    caption: `Test ${metric} (${settings.protocol}) against ${axis}. Options are chosen at every level on validation data without noise. Bands show one standard deviation over seeds.`,
    kind: 'lines',
    // Two levels make a slope: names on the axis, a line between them.
    x: { label: axis, scale: levels.length === 2 ? 'band' : 'linear' },
    y: { label: metric },
    ownScales: true,
    panels: data.map(({ name }) => ({
      title: name,
      series: losses.map(({ label }) => ({
        name: label,
        points: casesOf(cases, name, label).map(({ level, records }) => ({ x: level, ...pointOf(records, settings) })),
      })),
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
    ],
    rows: cases.map((one) => [
      one.spec.data.name,
      one.level,
      one.loss.label,
      optionsText(one.options, one.edges),
      ...metrics.map((name) => cellOf(one.records, settings, name)),
      meanOf(one.records, settings) / meanOf(leastNoisy(cases, one).records, settings),
    ]),
  };
  return { title: 'Accuracy against noise', figures: [figure], tables: [table] };
}

/** The same case at the lowest level. */
function leastNoisy(cases: readonly NoisyCase[], { spec, loss }: NoisyCase): NoisyCase {
  return casesOf(cases, spec.data.name, loss.label)[0]!;
}

/** y and deviation of a point of the figure. */
function pointOf(records: ChosenCase['records'], settings: ExperimentSettings) {
  const { mean, deviation } = cellOf(records, settings, settings.metric);
  return { y: mean, deviation };
}

/** The cases of a loss on a data set, by ascending level. */
export function casesOf(cases: readonly NoisyCase[], data: string, loss: string): NoisyCase[] {
  return cases
    .filter((one) => one.spec.data.name === data && one.loss.label === loss)
    .sort((a, b) => a.level - b.level);
}

/** The best options against the level, and all options tried. Options that are not numeric have no figure. */
function optionsSection(
  { axis, options }: NoiseDesign,
  settings: ExperimentSettings,
  cases: readonly NoisyCase[],
): Section {
  // With two levels the table of accuracy, which has the options too, says it all.
  const figures = (settings.levels.length > 2 ? options : [])
    .filter((option) => cases.some((one) => typeof one.options[option] === 'number'))
    .map(
      (option): Figure => ({
        name: slug(`best ${option}`),
        caption: `The ${option} with the best validation value (seed ${settings.seeds[0]}) against ${axis}.`,
        kind: 'lines',
        x: { label: axis },
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
  return { title: 'The best options against noise', figures, tables: tried };
}
