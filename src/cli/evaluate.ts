import { type Command, Option } from 'commander';
import { readingNotes } from '../catalogue/reading-notes.ts';
import { idFormHints } from '../data/id-forms.ts';
import { readInteractions } from '../data/read.ts';
import type { Evaluation } from '../evaluation/evaluator.ts';
import type { GroupReport } from '../evaluation/groups.ts';
import { resultOf, writeResult } from '../evaluation/result-file.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { type TestData, testDataOf, trainingDataOf } from '../recommender/test-data.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptions } from './common-options.ts';
import { addReadOptions, type ReadFlags, readOptionsOf } from './data-options.ts';
import {
  addBaselineFlags,
  type BaselineEvaluations,
  type BaselineFlags,
  chosenBaselines,
  evaluateBaselines,
} from './evaluate-baselines.ts';
import {
  addEvaluationFlags,
  type EvaluationRequest,
  evaluateModel,
  type ProtocolChoice,
  protocolChoices,
  reportOf,
  withModel,
} from './evaluate-model.ts';
import { UsageError } from './failure.ts';
import { count, decimal, duration, metricsTable, table, timed } from './output.ts';
import { between } from './parse.ts';
import { WorkProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** Flags of `taurec evaluate`. `diversity`: `true` measures only, a number also re-ranks. */
interface EvaluateFlags extends CommonOptions, ReadFlags, BaselineFlags {
  test: string;
  protocol: ProtocolChoice;
  ks?: number[];
  auc?: boolean;
  diversity?: true | number;
  discover?: number;
  groups?: boolean | 'items' | 'interactions';
  perUser?: string;
}

export function define(command: Command, terminal: Terminal): void {
  command.argument('<model>', 'model folder').requiredOption('--test <file>', 'test interactions');
  addEvaluationFlags(command, ['protocol', 'ks', 'auc']);
  command
    .option(
      '--diversity [number]',
      'also measure the diversity of lists; with a number, re-rank the lists with that diversity first',
      between(0, 1),
    )
    .option('--discover <number>', 're-rank the lists with this penalty for popularity (0–1) first', between(0, 1))
    .addOption(
      new Option(
        '--groups [by]',
        'also report how ten popularity groups, of equal interactions or equal items, contribute to the metrics',
      ).choices(['interactions', 'items']),
    )
    .option('--per-user <file>', 'write the metrics of each user to a file for taurec compare');
  addBaselineFlags(command);
  addReadOptions(command);
  addCommonOptions(command, 'seed', 'threads', 'engine', 'json', 'quiet');
  addExamples(
    command,
    'taurec evaluate model --test test.tsv.gz --baselines',
    'taurec evaluate model --test test.tsv.gz --baselines item-knn,ease',
    'taurec evaluate model --test test.tsv.gz -k 5,10,20 --protocol both --json',
    'taurec evaluate model --test test.tsv.gz --per-user model.result.json',
  );
  command.action((model: string, flags: EvaluateFlags) => run(terminal, model, flags));
}

function run(terminal: Terminal, directory: string, flags: EvaluateFlags): Promise<void> {
  if (flags.auc && typeof flags.diversity === 'number')
    throw new UsageError(
      '--auc needs a ranking of all items, but --diversity NUMBER re-ranks only lists: use one of the two.',
    );
  return terminal.interruptible((signal) => runUntil(terminal, signal, directory, flags));
}

/** Runs the evaluation until it ends or the signal aborts it. */
async function runUntil(
  terminal: Terminal,
  signal: AbortSignal,
  directory: string,
  flags: EvaluateFlags,
): Promise<void> {
  const watch = { signal, progress: flags.quiet ? undefined : new WorkProgress(terminal.stderr) };
  const say = terminal.notes(flags.quiet);
  await withModel(directory, engineOptions(flags), async (model, engine) => {
    const [log, read] = await timed(() => readInteractions(flags.test, readOptionsOf(flags)));
    const data = testDataOf(log, model);
    for (const note of readingNotes(log.source, log.report)) say(note);
    for (const hint of idFormHints(model, log)) say(hint);
    sayLost(data, say);
    const request = {
      protocols: protocolChoices[flags.protocol],
      ks: flags.ks,
      auc: flags.auc,
      diversity: flags.diversity !== undefined,
      dials: dialsOf(flags),
      groups: typeof flags.groups === 'string' ? { by: flags.groups } : flags.groups,
      perUser: flags.perUser !== undefined,
    };
    const chosen = chosenBaselines(flags, model.items.rows);
    const [evaluations, evaluate] = await timed(() => evaluateModel(model, engine, data.test, request, watch));
    // The seed of the random baseline.
    const seed = flags.seed ?? model.config.seed;
    const baselines = await evaluateBaselines(chosen, trainingDataOf(model), data.test, request, seed, watch, say);
    if (flags.perUser !== undefined) {
      writeResult(
        flags.perUser,
        resultOf(evaluations[0]!, {
          data,
          users: data.users,
          run: { ...runOf(directory, model.config), ...request.dials },
        }),
      );
    }
    const json = () => jsonOf(directory, flags, data, evaluations, baselines, { read, evaluate });
    if (flags.json) terminal.printJson({ ...json(), columns: log.report.columns });
    else printReport(terminal, flags, evaluations, baselines.evaluations, evaluate);
  });
}

/** The re-ranking that the flags ask for; undefined without one, so that the faster plain ranker is used. */
function dialsOf({ diversity, discover }: EvaluateFlags): EvaluationRequest['dials'] {
  const dials = { ...(typeof diversity === 'number' && { diversity }), ...(discover !== undefined && { discover }) };
  return Object.keys(dials).length > 0 ? dials : undefined;
}

/** The provenance that a result file records: model folder, training configuration, seed, versions, engine and training data. */
export function runOf(directory: string, config: ModelConfig): Record<string, unknown> {
  const { training, seed, versions, engine, data } = config;
  return { model: directory, training, seed, versions, engine, trainedOn: data };
}

/** Notes how many test interactions the model cannot hit, and how they count. */
function sayLost({ test, unknownUsers, unknownItems, seen }: TestData, say: (text: string) => void): void {
  const all = test.indices.length;
  if (unknownUsers > 0)
    say(
      `${count(unknownUsers)} of ${count(all)} test interactions belong to users the model does not know; these users get no recommendations.`,
    );
  if (unknownItems > 0)
    say(
      `${count(unknownItems)} of ${count(all)} test interactions are with items the model does not know; they count as misses.`,
    );
  if (seen > 0)
    say(
      `${count(seen)} of ${count(all)} test interactions are in the training data; they are never recommended and count as misses.`,
    );
}

/** The JSON of `evaluate --json`. */
function jsonOf(
  model: string,
  flags: EvaluateFlags,
  { sha256, source }: TestData,
  evaluations: readonly Evaluation[],
  baselines: BaselineEvaluations,
  seconds: object,
): object {
  const named = Object.entries(baselines.evaluations).map(([name, { metrics }]) => [name, metrics]);
  const refused = Object.entries(baselines.refused).map(([name, { code, message, facts }]) => [
    name,
    { code, message, facts },
  ]);
  return {
    ...reportOf(evaluations),
    model,
    ...dialsOf(flags),
    ...(flags.baselines && { baselines: Object.fromEntries(named) }),
    ...(refused.length > 0 && { refused: Object.fromEntries(refused) }),
    ...(flags.perUser !== undefined && { perUser: flags.perUser }),
    data: { source, sha256 },
    seconds,
  };
}

/** Prints a column for each protocol and each baseline, then the numbers of users and the popularity groups. */
function printReport(
  terminal: Terminal,
  flags: EvaluateFlags,
  evaluations: readonly Evaluation[],
  baselines: Readonly<Record<string, Evaluation>>,
  seconds: number,
): void {
  const columns = [
    ...evaluations.map(({ protocol, metrics }) => ({ name: `model, ${protocol}`, metrics })),
    ...Object.entries(baselines).map(([name, { metrics }]) => ({ name, metrics })),
  ];
  terminal.print(metricsTable(columns));
  for (const { protocol, users, ranked } of evaluations) {
    terminal.print(`\n${protocol}: ${count(ranked)} users ranked, means over ${count(users)}; ${duration(seconds)}.`);
  }
  const { groups } = evaluations[0]!;
  if (groups) terminal.print(`\n${groupsTable(groups)}`);
  if (flags.perUser !== undefined) terminal.print(`\nMetrics of each user: ${flags.perUser}`);
}

/** A row for each popularity group with its contribution to each metric; the last row is their spread. */
function groupsTable({ by, items, interactions, contributions, spread }: GroupReport): string {
  const names = Object.keys(contributions);
  const rows = items.map((size, g) => [
    `${g + 1}`,
    count(size),
    count(interactions[g]!),
    ...names.map((name) => decimal(contributions[name]![g]!)),
  ]);
  const last = ['spread', '', '', ...names.map((name) => decimal(spread[name]!))];
  return `Groups of equal ${by}, least popular first:\n${table(['group', 'items', 'interactions', ...names], [...rows, last])}`;
}
