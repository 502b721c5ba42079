import { statSync } from 'node:fs';
import type { Command } from 'commander';
import { readingNotes } from '../catalogue/reading-notes.ts';
import type { Interactions } from '../data/interactions.ts';
import { readInteractions } from '../data/read.ts';
import { type Comparison, compareResults } from '../evaluation/compare.ts';
import { protocols } from '../evaluation/evaluator.ts';
import { type ResultFile, readResult, resultOf } from '../evaluation/result-file.ts';
import { testDataOf } from '../recommender/test-data.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptions } from './common-options.ts';
import { addReadOptions, type ReadFlags, readOptionsOf } from './data-options.ts';
import { runOf } from './evaluate.ts';
import { addEvaluationFlags, evaluateModel, withModel } from './evaluate-model.ts';
import { UsageError } from './failure.ts';
import { count, decimal, table } from './output.ts';
import { whole } from './parse.ts';
import type { Terminal } from './terminal.ts';

/** Flags of `taurec compare`. Those for models (`test`, `protocol`, `ks`, `auc`) have no effect on result files. */
interface CompareFlags extends CommonOptions, ReadFlags {
  test?: string;
  protocol: 'clean' | 'irbench';
  ks?: number[];
  auc?: boolean;
  resamples?: number;
  otherData?: boolean;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<a>', 'model folder, or result file of taurec evaluate --per-user')
    .argument('<b>', 'model folder or result file to compare it with')
    .option('--test <file>', 'test interactions, needed for models');
  addEvaluationFlags(command, ['protocol', 'ks', 'auc'], protocols);
  command
    .option('--resamples <number>', 'bootstrap resamples (default: 10000)', whole(1))
    .option('--other-data', 'allow results from different test data');
  addReadOptions(command);
  addCommonOptions(command, 'seed', 'threads', 'engine', 'json');
  addExamples(
    command,
    'taurec compare models/sl models/bsl --test test.tsv.gz',
    'taurec compare sl.result.json bsl.result.json --json',
  );
  command.action((a: string, b: string, flags: CompareFlags) => run(terminal, a, b, flags));
}

async function run(terminal: Terminal, a: string, b: string, flags: CompareFlags): Promise<void> {
  const options = engineOptions(flags);
  // Two models share one test log, read at most once.
  let test: Interactions | undefined;
  const resultFor = async (path: string): Promise<ResultFile> => {
    if (!isFolder(path)) return readResult(path);
    if (flags.test === undefined) throw new UsageError(`${path} is a model: give --test FILE to measure it on.`);
    if (!test) {
      test = await readInteractions(flags.test, readOptionsOf(flags));
      for (const note of readingNotes(test.source, test.report)) terminal.notes(flags.quiet)(note);
    }
    // A constant, because TypeScript forgets the narrowing of `test` inside the callback.
    const log = test;
    return withModel(path, options, async (model, engine) => {
      const { protocol, ks, auc } = flags;
      const data = testDataOf(log, model);
      const request = { protocols: [protocol], ks, auc, perUser: true };
      const [evaluation] = await evaluateModel(model, engine, data.test, request);
      return resultOf(evaluation!, { data, users: data.users, run: runOf(path, model.config) });
    });
  };
  // One after the other: each model gets all threads, and only one is in memory at a time.
  const results = [await resultFor(a), await resultFor(b)] as const;
  const { seed, resamples, otherData } = flags;
  const comparison = compareResults(...results, { seed, resamples, otherData });
  if (flags.json)
    terminal.printJson({
      a,
      b,
      protocol: results[0].protocol,
      ...comparison,
      ...(test && { columns: test.report.columns }),
    });
  else printComparison(terminal, a, b, results[0].protocol, comparison);
}

/** Prints one row for each metric: both means, their difference with its 95% interval, p and a verdict. */
function printComparison(
  terminal: Terminal,
  a: string,
  b: string,
  protocol: string,
  { users, onlyA, onlyB, metrics }: Comparison,
): void {
  const signed = (x: number) => (x < 0 ? '' : '+') + decimal(x);
  const rows = metrics.map((m) => [
    m.metric,
    decimal(m.a),
    decimal(m.b),
    signed(m.difference),
    `${signed(m.low)} … ${signed(m.high)}`,
    decimal(m.p),
    verdict(m.p, m.difference),
  ]);
  terminal.print(`A: ${a}\nB: ${b}\n`);
  terminal.print(table(['', 'A', 'B', 'B − A', '95% interval', 'p', ''], rows));
  const others =
    onlyA + onlyB > 0 ? `; ${count(onlyA)} users only in A and ${count(onlyB)} only in B are left out` : '';
  terminal.print(`\nProtocol ${protocol}, ${count(users)} users in both${others}. Interval and p: paired bootstrap.`);
}

/** The verdict at the 5% level. `difference` is B − A. */
function verdict(p: number, difference: number): string {
  if (p >= 0.05) return 'no clear difference';
  return difference > 0 ? 'B is better' : 'A is better';
}

/** True for a folder, and so for a model; false for a file and for a path that does not exist. */
function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
