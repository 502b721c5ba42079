import { existsSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { TaurecError } from '../errors.ts';
import { exportRecommendations } from '../lists/export-recommendations.ts';
import { type ExportFormat, exportFormats } from '../lists/list-format.ts';
import { partFolderOf } from '../lists/part-folder.ts';
import { listOptions, type RecommendedItem, type RecommendOptions } from '../recommender/recommendation.ts';
import { Recommender } from '../recommender/recommender.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptionsFor } from './common-options.ts';
import { addDeclaredFlags, declaredValues } from './declared-flags.ts';
import { AdvisedError, UsageError } from './failure.ts';
import { addFeedbackFlags, type FeedbackFlags, feedbackOf } from './feedback-flags.ts';
import { idFile, idList } from './id-lists.ts';
import { type IndexFlags, indexFlags } from './index-flags.ts';
import { listReaders } from './list-flags.ts';
import { count, itemsTable } from './output.ts';
import { reasonsText } from './reasons-text.ts';
import type { Terminal } from './terminal.ts';

interface RecommendFlags
  extends Omit<CommonOptions, 'seed'>,
    Omit<RecommendOptions, 'exclude' | 'allow' | 'feedback'>,
    FeedbackFlags,
    IndexFlags {
  user?: string[];
  usersFile?: string;
  all?: boolean;
  items?: string;
  exclude?: string;
  allow?: string;
  output?: string;
  format?: ExportFormat;
  queue?: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<model>', 'model folder')
    .option('-u, --user <id...>', 'user ids')
    .option('--users-file <file>', 'file of user ids, one per line')
    .option('--all', 'all users of the model; needs --output')
    .option('--items <ids>', 'recommend to a new user, given items they like: a,b,c or @file');
  addDeclaredFlags(command, listOptions, listReaders);
  addFeedbackFlags(command);
  indexFlags(command);
  command
    .option('-o, --output <file>', 'output file: .csv, .jsonl or .parquet')
    .addOption(
      new Option('--format <name>', 'format of the output file (default: by its name)').choices(exportFormats),
    );
  command.option('--queue <url>', 'workers make the lists (taurec worker --model): redis://… or postgres://…');
  addCommonOptions(command, 'threads', 'engine', 'json', 'quiet');
  addExamples(
    command,
    'taurec recommend model --user 42',
    'taurec recommend model --user 42 43 -k 20 --json',
    'taurec recommend model --user 42 --explain',
    'taurec recommend model --items 318,50,858',
    'taurec recommend model --user 42 --discover .3 --diversity .3',
    `taurec recommend model --user 42 --where '{"available":true,"price":{"lte":50}}' --at-most brand=2`,
    'taurec recommend model --all --output recommendations.parquet',
    'taurec recommend model --all --output recommendations.parquet --queue redis://10.0.0.7:6379',
  );
  command.action((model: string, flags: RecommendFlags) => run(terminal, model, flags));
}

async function run(terminal: Terminal, directory: string, flags: RecommendFlags): Promise<void> {
  const given = [flags.user, flags.usersFile, flags.all, flags.items].filter((flag) => flag !== undefined);
  // Also more than one way of naming users is an error.
  if (given.length !== 1) {
    throw new UsageError('Give exactly one of --user ID, --users-file FILE, --all or --items a,b,c.');
  }
  if (flags.all && flags.output === undefined) throw new UsageError('--all needs --output FILE.');
  if (flags.queue !== undefined && flags.output === undefined) throw new UsageError('--queue needs --output FILE.');
  if (flags.queue !== undefined && flags.index === 'approximate')
    throw new UsageError('--queue cannot be combined with --index approximate: machines build different indexes.');
  if (flags.items !== undefined && flags.output !== undefined)
    throw new UsageError('--items cannot be combined with --output.');
  if (flags.feedback !== undefined && !flags.user && !flags.usersFile)
    throw new UsageError('--feedback needs --user ID or --users-file FILE.');
  const users = flags.usersFile === undefined ? flags.user : await idFile(flags.usersFile);
  const options: RecommendOptions = {
    ...declaredValues(listOptions, flags),
    ...(flags.exclude !== undefined && { exclude: await idList(flags.exclude) }),
    ...(flags.allow !== undefined && { allow: await idList(flags.allow) }),
    ...(flags.feedback !== undefined && { feedback: await feedbackOf(users!, flags) }),
  };
  const { index, trustIndex, quiet } = flags;
  const onNotice = terminal.notes(quiet);
  const recommender = await Recommender.open(directory, {
    ...engineOptionsFor(flags.all ? Number.POSITIVE_INFINITY : (users?.length ?? 1), flags),
    ...{ index, trustIndex, onNotice },
  });
  try {
    if (flags.output !== undefined) await writeFile(terminal, recommender, flags.output, users, options, flags);
    else if (users) showUsers(terminal, recommender, users, options, flags);
    else await showFoldIn(terminal, recommender, flags.items!, options, flags);
  } catch (error) {
    throw withRemedy(error);
  } finally {
    await recommender.close();
  }
}

/** Adds a remedy in terms of flags to the error of an unknown user. */
function withRemedy(error: unknown): unknown {
  if (!(error instanceof TaurecError) || error.code !== 'unknown-id' || error.facts.kind !== 'user') return error;
  const remedy =
    'For a new user, give items they like (--items a,b,c), or use --fallback popular for the most popular items.';
  return new TaurecError('unknown-id', { ...error.facts, remedy }, { cause: error });
}

/** Prints the lists of users: one object for one `--user`, an array for several or for a file. */
function showUsers(
  terminal: Terminal,
  recommender: Recommender,
  users: readonly string[],
  options: RecommendOptions,
  flags: RecommendFlags,
) {
  const lists = recommender.recommend(users, options);
  const one = flags.usersFile === undefined && users.length === 1;
  if (flags.json) {
    const objects = users.map((user, u) => ({ user, items: lists[u] }));
    terminal.printJson(one ? objects[0] : objects);
    return;
  }
  terminal.print(users.map((user, u) => section(one ? undefined : `User ${user}`, lists[u]!)).join('\n\n'));
}

/** Prints the list of a new user, whose embedding is computed from liked items. */
async function showFoldIn(
  terminal: Terminal,
  recommender: Recommender,
  ids: string,
  options: RecommendOptions,
  flags: RecommendFlags,
) {
  const liked = await idList(ids);
  const items = recommender.recommendFor(liked, options);
  if (flags.json) terminal.printJson({ liked, items });
  else terminal.print(section(undefined, items));
}

/** Writes lists to a file, in parts, so that the lists of all users need not fit in memory. Without `users` it writes those of all users. */
async function writeFile(
  terminal: Terminal,
  recommender: Recommender,
  output: string,
  users: readonly string[] | undefined,
  options: RecommendOptions,
  flags: RecommendFlags,
): Promise<void> {
  const { format, queue } = flags;
  const { WorkProgress } = await import('./progress.ts');
  const progress = flags.quiet ? undefined : new WorkProgress(terminal.stderr);
  progress?.start('Recommending');
  const onProgress = progress?.update.bind(progress);
  const written = await terminal
    .interruptible((signal) =>
      exportRecommendations(recommender, output, {
        ...options,
        users,
        format,
        resume: true,
        queue,
        signal,
        onProgress,
      }),
    )
    .catch((error) => {
      throw withAdvice(terminal, error, output);
    })
    .finally(() => progress?.close());
  if (flags.json) terminal.printJson({ output, users: written });
  else if (!flags.quiet) terminal.note(`Wrote recommendations for ${count(written)} users to ${output}.`);
}

/** The error of a cancelled export with the command that goes on, if a part of it is finished. */
function withAdvice(terminal: Terminal, error: unknown, output: string): unknown {
  const folder = partFolderOf(output);
  if (!(error instanceof TaurecError) || error.code !== 'aborted' || !existsSync(folder)) return error;
  return new AdvisedError(error, `Finished parts are kept in ${folder}. To continue: ${terminal.thisCommand()}`);
}

/** A table of items below an optional heading. */
function section(heading: string | undefined, items: readonly RecommendedItem[]): string {
  const body = items.length > 0 ? itemsTable(items, reasonsText) : 'No items left to recommend.';
  return heading === undefined ? body : `${heading}\n${body}`;
}
