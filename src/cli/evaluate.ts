import { type Command, Option } from 'commander';
import { readInteractions } from '../data/read.ts';
import type { Evaluation } from '../evaluation/evaluator.ts';
import type { GroupReport } from '../evaluation/groups.ts';
import { resultOf, writeResult } from '../evaluation/result-file.ts';
import type { ModelConfig } from '../model/model-facts.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { addReadOptions, type ReadFlags, readOptionsOf } from './data-options.ts';
import { engineOptions } from './engine-options.ts';
import {
  type EvaluationRequest,
  evaluateBaselines,
  evaluateModel,
  type ProtocolChoice,
  protocolChoices,
  reportOf,
  trainingDataOf,
} from './evaluate-model.ts';
import { UsageError } from './failure.ts';
import { interruptible } from './interrupt.ts';
import { metricsTable } from './metrics-table.ts';
import { withModel } from './model-session.ts';
import { count, decimal, duration, note, print, printJson, table, timed } from './output.ts';
import { unit, wholes } from './parse.ts';
import { type TestData, testDataOf } from './test-data.ts';
import { WorkProgress } from './work-progress.ts';

interface EvaluateFlags extends CommonOptions, ReadFlags {
  test: string;
  protocol: ProtocolChoice;
  ks?: number[];
  auc?: boolean;
  diversity?: true | number;
  discover?: number;
  groups?: boolean | 'items' | 'interactions';
  baselines?: boolean;
  perUser?: string;
}

export function define(command: Command): void {
  command
    .argument('<model>', 'the folder of a model')
    .requiredOption('--test <file>', 'the interactions to find')
    .addOption(
      new Option('--protocol <name>', 'how the metrics are made')
        .choices(Object.keys(protocolChoices))
        .default('clean'),
    )
    .option('-k, --ks <numbers>', 'cut-offs: 5,10,20 (default: 20)', wholes)
    .option('--auc', 'the area under the ROC curve too (slower)')
    .option(
      '--diversity [number]',
      'the diversity of lists too; with a number, of lists made with that diversity',
      unit,
    )
    .option('--discover <number>', 'lists made with that discover: from 0 to 1', unit)
    .addOption(
      new Option(
        '--groups [by]',
        'what ten groups of items by popularity contribute: equal interactions, or items',
      ).choices(['interactions', 'items']),
    )
    .option('--baselines', 'random, most popular and item-kNN beside the model')
    .option('--per-user <file>', "write a result file with each user's numbers, for taurec compare");
  addReadOptions(command);
  addCommonOptions(command, 'seed', 'threads', 'engine', 'json', 'quiet');
  addExamples(
    command,
    'taurec evaluate model --test test.tsv.gz --baselines',
    'taurec evaluate model --test test.tsv.gz -k 5,10,20 --protocol both --json',
    'taurec evaluate model --test test.tsv.gz --per-user model.result.json',
  );
  command.action((model: string, flags: EvaluateFlags) => run(model, flags));
}

function run(directory: string, flags: EvaluateFlags): Promise<void> {
  if (flags.auc && typeof flags.diversity === 'number')
    throw new UsageError(
      '--auc looks at the order of all items, --diversity NUMBER orders lists alone: give one of them.',
    );
  return interruptible((signal) => runUntil(signal, directory, flags));
}

async function runUntil(signal: AbortSignal, directory: string, flags: EvaluateFlags): Promise<void> {
  const watch = { signal, progress: flags.quiet ? undefined : new WorkProgress(process.stderr) };
  const say = flags.quiet ? () => {} : note;
  await withModel(directory, engineOptions(flags), async (model, engine) => {
    const [log, read] = await timed(() => readInteractions(flags.test, readOptionsOf(flags)));
    const data = testDataOf(log, model);
    const { skipped, rejectsFile } = log.report;
    if (skipped > 0) say(`Skipped ${count(skipped)} bad rows; they are listed in ${rejectsFile}.`);
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
    const [evaluations, evaluate] = await timed(() => evaluateModel(model, engine, data.test, request, watch));
    const seed = flags.seed ?? model.config.seed;
    const baselines = flags.baselines
      ? await evaluateBaselines(trainingDataOf(model), data.test, request, seed, watch)
      : {};
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
    if (flags.json) printJson(jsonOf(directory, flags, data, evaluations, baselines, { read, evaluate }));
    else printReport(flags, evaluations, baselines, evaluate);
  });
}

/** The dials that are turned; undefined when none is given. */
function dialsOf({ diversity, discover }: EvaluateFlags): EvaluationRequest['dials'] {
  const dials = { ...(typeof diversity === 'number' && { diversity }), ...(discover !== undefined && { discover }) };
  return Object.keys(dials).length > 0 ? dials : undefined;
}

/** What made a result, for its file. */
export function runOf(directory: string, config: ModelConfig): Record<string, unknown> {
  const { training, seed, versions, engine, data } = config;
  return { model: directory, training, seed, versions, engine, trainedOn: data };
}

function sayLost({ test, unknownUsers, unknownItems, seen }: TestData, say: (text: string) => void): void {
  const all = test.indices.length;
  if (unknownUsers > 0)
    say(
      `${count(unknownUsers)} of ${count(all)} test interactions are of users that the model does not know: they have no recommendations.`,
    );
  if (unknownItems > 0)
    say(
      `${count(unknownItems)} of ${count(all)} test interactions are with items that the model does not know: they count as misses.`,
    );
  if (seen > 0)
    say(
      `${count(seen)} of ${count(all)} test interactions are among those that the model was trained on: they are never recommended and count as misses.`,
    );
}

function jsonOf(
  model: string,
  flags: EvaluateFlags,
  { sha256, source }: TestData,
  evaluations: readonly Evaluation[],
  baselines: Readonly<Record<string, Evaluation>>,
  seconds: object,
): object {
  const named = Object.entries(baselines).map(([name, { metrics }]) => [name, metrics]);
  return {
    ...reportOf(evaluations),
    model,
    ...dialsOf(flags),
    ...(flags.baselines && { baselines: Object.fromEntries(named) }),
    ...(flags.perUser !== undefined && { perUser: flags.perUser }),
    data: { source, sha256 },
    seconds,
  };
}

function printReport(
  flags: EvaluateFlags,
  evaluations: readonly Evaluation[],
  baselines: Readonly<Record<string, Evaluation>>,
  seconds: number,
): void {
  const columns = [
    ...evaluations.map(({ protocol, metrics }) => ({ name: `model, ${protocol}`, metrics })),
    ...Object.entries(baselines).map(([name, { metrics }]) => ({ name, metrics })),
  ];
  print(metricsTable(columns));
  for (const { protocol, users, ranked } of evaluations) {
    print(`\n${protocol}: ${count(ranked)} users ranked, means over ${count(users)}; ${duration(seconds)}.`);
  }
  const { groups } = evaluations[0]!;
  if (groups) print(`\n${groupsTable(groups)}`);
  if (flags.perUser !== undefined) print(`\nEach user's numbers: ${flags.perUser}`);
}

function groupsTable({ by, items, interactions, contributions, spread }: GroupReport): string {
  const names = Object.keys(contributions);
  const rows = items.map((size, g) => [
    `${g + 1}`,
    count(size),
    count(interactions[g]!),
    ...names.map((name) => decimal(contributions[name]![g]!)),
  ]);
  const last = ['spread', '', '', ...names.map((name) => decimal(spread[name]!))];
  return `Groups of equal ${by}, the least popular first:\n${table(['group', 'items', 'interactions', ...names], [...rows, last])}`;
}
