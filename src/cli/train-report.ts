import type { Dataset, DatasetOptions } from '../data/dataset.ts';
import type { Evaluation } from '../evaluation/evaluator.ts';
import { configToJson } from '../training/config.ts';
import type { TrainResult } from '../training/training-state.ts';
import { commandLine } from './command-line.ts';
import { reportOf } from './evaluate-model.ts';
import { metricsTable } from './metrics-table.ts';
import { count, duration, optionsText, print } from './output.ts';
import { ratingNote } from './rating-note.ts';

/** Says what was read. */
export function reportReading(
  dataset: Dataset,
  seconds: number,
  { split, minRating }: Pick<DatasetOptions, 'split' | 'minRating'>,
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
  for (const report of Object.values(reports)) {
    if (report.skipped > 0) say(`Skipped ${count(report.skipped)} bad rows; they are listed in ${report.rejectsFile}.`);
  }
  const interactions = [train, valid, test].reduce((sum, part) => sum + (part?.indices.length ?? 0), 0);
  const ratings = ratingNote(Object.values(reports), interactions, minRating);
  if (ratings !== undefined) say(ratings);
  if (overlap)
    say(
      `${count(overlap)} test interactions stand in the training data too: they are never recommended and count as misses.`,
    );
}

/** The machine interface of `train --json`. */
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

/** What a person reads when training is done, with the exact commands to go on with. */
export function printSummary(
  out: string,
  dataset: Dataset,
  result: TrainResult,
  evaluations: readonly Evaluation[] | undefined,
  seconds: Readonly<Record<string, number>>,
  testFile: string | undefined,
): void {
  const { popularityPrior } = result.config;
  const { metric } = result.config.validation;
  const chosen = result.valid ? `, chosen by validation ${metric}` : '';
  const prior = popularityPrior === 0 ? '' : `, popularity prior ${popularityPrior}`;
  print(`Model ${out}: ${count(result.epoch)} epochs${chosen}${prior}, ${duration(seconds.train!)}.`);
  if (result.tuning) {
    const { trials, chosen } = result.tuning;
    print(`Chosen by validation in ${trials.length} short trainings: ${optionsText(chosen)}.`);
  }
  const columns = [
    ...(result.valid ? [{ name: 'validation', metrics: result.valid }] : []),
    ...(evaluations ?? []).map(({ protocol, metrics }) => ({ name: `test (${protocol})`, metrics })),
  ];
  if (columns.length > 0) print(`\n${metricsTable(columns)}`);
  print('');
  if (testFile !== undefined) print(`Evaluate:   ${commandLine('evaluate', out, '--test', testFile)}`);
  else print('Nothing was held out, so its quality is not measured: add --split random, or --test FILE.');
  print(`Recommend:  ${commandLine('recommend', out, '--user', dataset.users.idOf(0), '-k', '10')}`);
}
