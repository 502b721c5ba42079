import { type Figure, type Section, slug, type Table } from '../../report/report.ts';
import { type ChosenCase, chooseOptions } from '../choose-options.ts';
import type { Experiment, Findings, Lab } from '../experiment.ts';
import { cellOf, claimOf, edgeNote, meanOf, moreThan, optionsText, seedsText, triedTables } from '../findings.ts';
import { publishedColumn } from '../published-results.ts';
import { choiceFor, isShifted } from '../run.ts';
import { baseSpec, type ExperimentSettings } from '../settings.ts';

/** A claim that one loss is more accurate than another, by their labels; `shifted`: on test sets under popularity shift, otherwise on ordinary ones. */
const pairs = [
  ...['bpr', 'bce', 'mse'].map((other) => ({
    ...{ claim: `SL is more accurate than ${other.toUpperCase()}.`, more: 'sl', less: other },
    ...{ shifted: false, paper: 'BSL, table II' },
  })),
  {
    ...{ claim: 'BSL at its best λ is more accurate than SL.', more: 'bsl with λ', less: 'sl' },
    ...{ shifted: false, paper: 'BSL, table II' },
  },
  {
    ...{ claim: 'DSL is more accurate than SL (by 6.22% on average in the paper).', more: 'dsl', less: 'sl' },
    ...{ shifted: false, paper: 'DSL, abstract' },
  },
  {
    ...{ claim: 'Under popularity shift DSL is more accurate than SL (by 9.31% in the paper).', more: 'dsl' },
    ...{ less: 'sl', shifted: true, paper: 'DSL, abstract' },
  },
  {
    ...{ claim: 'Under popularity shift PSL is more accurate than SL.', more: 'psl', less: 'sl' },
    ...{ shifted: true, paper: 'PSL, table 2' },
  },
];

/** Compares losses with the published tables. It has no axis. */
export const publishedTables: Experiment = {
  name: 'published-tables',
  title: 'Accuracy beside the published tables',
  summary:
    'Each loss on the data sets of the papers, with options chosen on a tenth of train, beside the published value of the same loss. Under popularity shift the tenth is held out about uniformly over items.',
  source: 'Table II of Wu et al., ICDE 2024 (BSL); table 2 of Yang et al., NeurIPS 2024 (PSL); the abstract of DSL',
  defaults: {
    data: ['ultragcn-movielens-1m'],
    losses: [
      ...['bpr', 'bce', 'mse'].map((name) => ({ name, config: { decoupledWeightDecay: [0.3, 1] } })),
      { name: 'sl', tau: [0.1, 0.15, 0.2], negativeWeight: 1 },
      {
        ...{ name: 'bsl', label: 'bsl with λ', tau: [0.1, 0.15, 0.2], tau1: [1, 2, 4] },
        negativeWeight: [1.1, 1, 1.2],
      },
      { name: 'dsl', tau: [0.1, 0.15, 0.2] },
    ],
  },
  async run(lab: Lab, settings: ExperimentSettings): Promise<Findings> {
    const { data, losses, seeds } = settings;
    const cases = await chooseOptions(
      lab,
      'Published tables',
      data.flatMap((source) =>
        losses.map((loss) => ({ loss, spec: baseSpec(settings, source, choiceFor(source.name)) })),
      ),
      seeds,
    );
    const of = (name: string, label: string) =>
      cases.find((one) => one.spec.data.name === name && one.loss.label === label);
    return {
      claims: pairs.map(({ claim, more, less, shifted, paper }) =>
        claimOf(
          claim,
          data.flatMap(({ name }) => {
            const [a, b] = [of(name, more), of(name, less)];
            if (!a || !b || isShifted(name) !== shifted) return [];
            return [moreThan(name, [more, a.records], [less, b.records], settings)];
          }),
          paper,
        ),
      ),
      sections: data.map(({ name }) =>
        section(
          name,
          cases.filter((one) => one.spec.data.name === name),
          settings,
        ),
      ),
    };
  },
};

/** The best published value of a loss on a data set under the protocol of the settings; undefined without one. */
function publishedOf({ spec, loss }: ChosenCase, { metric, protocol }: ExperimentSettings): number | undefined {
  const name = 'name' in loss.source ? loss.source.name : undefined;
  const values = publishedColumn(spec.data.name, 'mf')
    .filter((result) => result.loss === name && result.protocol === protocol)
    .flatMap(({ metrics }) => (metrics as Readonly<Record<string, number>>)[metric] ?? []);
  return values.length > 0 ? Math.max(...values) : undefined;
}

/** A figure and a table of the losses on a data set, with the published values. */
function section(name: string, cases: readonly ChosenCase[], settings: ExperimentSettings): Section {
  const { metric, metrics, protocol, seeds } = settings;
  const figure: Figure = {
    name: slug(`published ${name}`),
    caption: `Test ${metric} (${protocol}) on ${name}, and the best published value of the same loss.`,
    kind: 'dots',
    x: { label: 'loss', scale: 'band' },
    y: { label: metric },
    panels: [
      {
        title: '',
        series: [
          {
            name: 'measured',
            points: cases.map(({ loss, records }) => {
              const { mean: y, deviation } = cellOf(records, settings);
              return { x: loss.label, y, deviation };
            }),
          },
          {
            ...{ name: 'published', like: 'measured', dashed: true },
            points: cases.flatMap((one) => {
              const y = publishedOf(one, settings);
              return y === undefined ? [] : [{ x: one.loss.label, y }];
            }),
          },
        ].filter(({ points }) => points.length > 0),
      },
    ],
  };
  const table: Table = {
    name: slug(`published ${name}`),
    caption: `Test metrics on ${name} (${protocol}), ${seedsText(seeds)}, and the best published ${metric} of the loss with matrix factorisation.${edgeNote(cases)}`,
    columns: [
      { name: 'loss', show: 'text' },
      { name: 'options', show: 'text' },
      ...metrics.map((one) => ({ name: one })),
      { name: `published ${metric}` },
      { name: 'difference', show: 'percent' },
    ],
    rows: cases.map((one) => {
      const published = publishedOf(one, settings);
      return [
        one.loss.label,
        optionsText(one.options, one.edges),
        ...metrics.map((each) => cellOf(one.records, settings, each)),
        published ?? null,
        published === undefined ? null : meanOf(one.records, settings) / published - 1,
      ];
    }),
  };
  return {
    title: name,
    figures: [figure],
    tables: [table, ...triedTables(slug(`options-tried ${name}`), cases, seeds[0]!)],
  };
}
