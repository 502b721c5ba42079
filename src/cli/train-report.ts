// Reports of `taurec train`, `tune` and `worker`: notes about the data, the JSON result and the printed summary.

import { matchOf } from '../catalogue/catalogue.ts';
import { catalogueNotes, datasetNotes } from '../catalogue/reading-notes.ts';
import type { Dataset, DatasetOptions } from '../data/dataset.ts';
import type { ReadReport } from '../data/interactions.ts';
import type { Evaluation } from '../evaluation/evaluator.ts';
import type { NeighborChoice, NeighborSettings } from '../neighbors/neighbors.ts';
import { configToJson } from '../training/config.ts';
import type { TrainResult } from '../training/training.ts';
import { reportOf } from './evaluate-model.ts';
import { count, decimal, duration, metricsTable, optionsText } from './output.ts';
import type { Terminal } from './terminal.ts';

/** Notes about the data that was read: its size, columns, rows passed over, ratings without a threshold, and test interactions that are also in training. */
export function reportReading(
  dataset: Dataset,
  seconds: number,
  { split, minRating, sumRatings }: Pick<DatasetOptions, 'split' | 'minRating' | 'sumRatings'>,
  say: (text: string) => void,
): void {
  const { users, items, train, valid, test, reports = {}, overlap } = dataset;
  const parts = [
    `${count(train.indices.length)} to train on`,
    ...(valid ? [`${count(valid.indices.length)} for validation`] : []),
    ...(test ? [`${count(test.indices.length)} for testing${split ? ' (held out)' : ''}`] : []),
  ];
  say(
    `Read ${dataset.source} in ${duration(seconds)}: ${count(users.size)} users, ${count(items.size)} items; interactions: ${parts.join(', ')}.`,
  );
  for (const note of datasetNotes(dataset)) say(note);
  if (dataset.catalogue) {
    const match = matchOf(dataset.catalogue, items.slice(train.columns));
    for (const note of catalogueNotes(dataset.catalogue, match)) say(note);
  }
  const interactions = [train, valid, test].reduce((sum, part) => sum + (part?.indices.length ?? 0), 0);
  const ratings = sumRatings ? undefined : ratingNote(Object.values(reports), interactions, minRating);
  if (ratings !== undefined) say(ratings);
  if (overlap)
    say(
      `${count(overlap)} test interactions are also in the training data; they are never recommended and count as misses.`,
    );
}

/** The JSON of `train --json`. `seconds` holds the times of reading, training and evaluation. */
export function trainJson(
  model: string,
  dataset: Dataset,
  result: TrainResult,
  evaluations: readonly Evaluation[] | undefined,
  seconds: Readonly<Record<string, number>>,
): object {
  const report = evaluations && reportOf(evaluations);
  const { train, valid, test } = dataset;
  return {
    model,
    epochs: result.epoch,
    steps: result.steps,
    metrics: { ...(result.valid && { valid: result.valid }), ...(report && { test: report.metrics }) },
    ...(report && { protocol: report.protocol, evaluations: report.evaluations }),
    seconds,
    config: configToJson(result.config),
    ...(result.tuning && { tuning: result.tuning }),
    engine: result.engine,
    reason: result.reason,
    ...columnsOf(dataset),
    data: {
      source: dataset.source,
      sha256: dataset.sha256,
      ...(dataset.splits && { splits: dataset.splits }),
      users: train.rows,
      items: train.columns,
      train: train.indices.length,
      ...(valid && { valid: valid.indices.length }),
      ...(test && { test: test.indices.length }),
    },
  };
}

/** The columns that were read, for `--json`: `columns` of the training file, `validColumns` and `testColumns` of others. */
export function columnsOf({ reports = {} }: Pick<Dataset, 'reports'>): Record<string, unknown> {
  const { train, valid, test } = reports;
  return {
    ...(train?.columns && { columns: train.columns }),
    ...(valid?.columns && { validColumns: valid.columns }),
    ...(test?.columns && { testColumns: test.columns }),
  };
}

/** Prints the summary of a training: model, metrics, and the commands to run next. `testFile` is the file for the evaluation command, which takes one. */
export function printSummary(
  terminal: Terminal,
  out: string,
  dataset: Dataset,
  result: TrainResult,
  evaluations: readonly Evaluation[] | undefined,
  seconds: Readonly<Record<string, number>>,
  testFile: string | readonly string[] | undefined,
): void {
  const { popularityPrior } = result.config;
  const { metric } = result.config.validation;
  const chosen = result.valid ? `, chosen by validation ${metric}` : '';
  // 0 is the default and leaves the ranking as it is.
  const prior = popularityPrior === 0 ? '' : `, popularity prior ${popularityPrior}`;
  terminal.print(`Model ${out}: ${count(result.epoch)} epochs${chosen}${prior}, ${duration(seconds.train!)}.`);
  if (result.tuning) {
    const { trials, chosen } = result.tuning;
    terminal.print(`Chosen by validation in ${trials.length} short trainings: ${optionsText(chosen)}.`);
  }
  const choice = result.neighborChoice;
  if (choice) terminal.print(`Neighbours: ${neighborsText(choice.settings, { metric, valid: choice.valid })}.`);
  const columns = [
    ...(result.valid ? [{ name: 'validation', metrics: result.valid }] : []),
    ...(evaluations ?? []).map(({ protocol, metrics }) => ({ name: `test (${protocol})`, metrics })),
  ];
  if (columns.length > 0) terminal.print(`\n${metricsTable(columns)}`);
  terminal.print('');
  if (typeof testFile === 'string')
    terminal.print(`Evaluate:   ${terminal.commandLine('evaluate', out, '--test', testFile)}`);
  else if (!result.valid && testFile === undefined)
    terminal.print('Nothing was held out, so the quality is not measured: add --split random, or --test FILE.');
  terminal.print(`Recommend:  ${terminal.commandLine('recommend', out, '--user', dataset.users.idOf(0), '-k', '10')}`);
}

/** The numbers of a neighbour term, and the validation metric with and without it where it was measured. */
export function neighborsText(
  settings: NeighborSettings | undefined,
  measured?: Pick<NeighborChoice, 'valid'> & { readonly metric: string },
): string {
  const { kind, size, ridge, exponent, beta } = settings ?? {};
  const numbers = settings
    ? `${kind}, K ${size}, ${ridge === undefined ? `a ${exponent}` : `r ${ridge}`}, β ${decimal(beta!)}`
    : 'none, no term validates better';
  if (!measured?.valid) return numbers;
  const { metric, valid } = measured;
  return `${numbers}; ${metric} ${decimal(valid.with[metric]!)}, ${decimal(valid.without[metric]!)} without`;
}

/** Tells users who set no --min-rating that every rating counts as a positive. Undefined where a minimum is set, there are no ratings, or all are equal. */
export function ratingNote(
  reports: readonly ReadReport[],
  interactions: number,
  minRating: number | undefined,
): string | undefined {
  const ranges = reports.flatMap(({ ratings }) => ratings ?? []);
  const min = Math.min(...ranges.map((range) => range.min));
  const max = Math.max(...ranges.map((range) => range.max));
  // Without ratings, min is Infinity and max −Infinity.
  if (minRating !== undefined || !(min < max)) return undefined;
  return `Ratings go from ${min} to ${max}, and all ${count(interactions)} interactions count as positive; --min-rating NUMBER keeps only those rated at least NUMBER.`;
}
