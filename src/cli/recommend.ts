import { type Command, Option } from 'commander';
import { TaurecError } from '../errors.ts';
import { type ExportFormat, exportFormats, exportRecommendations } from '../recommender/export-recommendations.ts';
import type { RecommendedItem, RecommendOptions } from '../recommender/recommendation.ts';
import { indexKinds, type OpenOptions, Recommender } from '../recommender/recommender.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { engineOptions } from './engine-options.ts';
import { UsageError } from './failure.ts';
import { idFile, idList } from './id-list.ts';
import { interruptible } from './interrupt.ts';
import { itemsTable } from './items-table.ts';
import { count, note, print, printJson } from './output.ts';
import { unit, whole } from './parse.ts';
import { WorkProgress } from './work-progress.ts';

interface RecommendFlags extends CommonOptions {
  user?: string[];
  usersFile?: string;
  all?: boolean;
  items?: string;
  k: number;
  exclude?: string;
  allow?: string;
  includeSeen?: boolean;
  fallback?: 'popular';
  diversity?: number;
  discover?: number;
  index?: OpenOptions['index'];
  output?: string;
  format?: ExportFormat;
}

export function define(command: Command): void {
  command
    .argument('<model>', 'the folder of a model')
    .option('-u, --user <id...>', 'one or more users')
    .option('--users-file <file>', 'users, an id a line')
    .option('--all', 'every user of the model, to --output')
    .option('--items <ids>', 'a person who was not in training, by liked items: a,b,c or @file')
    .option('-k, --k <number>', 'how many items', whole(1), 10)
    .option('--exclude <ids>', 'items not to recommend: a,b,c, or @file with an id a line')
    .option('--allow <ids>', 'the only items to recommend: a,b,c or @file')
    .option('--include-seen', 'let in what a user has seen')
    .addOption(new Option('--fallback <what>', 'what unknown users get').choices(['popular']))
    .option('--diversity <number>', 'from 0 to 1: how much an item like one in the list counts less', unit)
    .option('--discover <number>', 'from 0 to 1: how much a popular item counts less', unit)
    .addOption(new Option('--index <kind>', 'how items are found (approximate: taurec index)').choices(indexKinds))
    .option('-o, --output <file>', 'write to a .csv, .jsonl or .parquet file')
    .addOption(new Option('--format <name>', "the file's format (default: by its name)").choices(exportFormats));
  addCommonOptions(command, 'threads', 'engine', 'json', 'quiet');
  addExamples(
    command,
    'taurec recommend model --user 42',
    'taurec recommend model --user 42 43 -k 20 --json',
    'taurec recommend model --items 318,50,858',
    'taurec recommend model --user 42 --discover .3 --diversity .3',
    'taurec recommend model --all --output recommendations.parquet',
  );
  command.action((model: string, flags: RecommendFlags) => run(model, flags));
}

async function run(directory: string, flags: RecommendFlags): Promise<void> {
  const given = [flags.user, flags.usersFile, flags.all, flags.items].filter((flag) => flag !== undefined);
  if (given.length !== 1) {
    throw new UsageError('For whom? Give one of --user ID, --users-file FILE, --all or --items a,b,c.');
  }
  if (flags.all && flags.output === undefined) throw new UsageError('--all writes to a file: give --output FILE.');
  if (flags.items !== undefined && flags.output !== undefined)
    throw new UsageError('--items does not go with --output.');
  const options: RecommendOptions = {
    k: flags.k,
    ...(flags.exclude !== undefined && { exclude: await idList(flags.exclude) }),
    ...(flags.allow !== undefined && { allow: await idList(flags.allow) }),
    includeSeen: flags.includeSeen,
    fallback: flags.fallback,
    diversity: flags.diversity,
    discover: flags.discover,
  };
  const users = flags.usersFile === undefined ? flags.user : await idFile(flags.usersFile);
  const recommender = await Recommender.open(directory, { ...engineOptions(flags), index: flags.index });
  try {
    if (flags.output !== undefined) await writeFile(recommender, flags.output, users, options, flags);
    else if (users) showUsers(recommender, users, options, flags);
    else await showFoldIn(recommender, flags.items!, options, flags);
  } catch (error) {
    throw withRemedy(error);
  } finally {
    await recommender.close();
  }
}

/** An unknown user, with the remedy in flags. */
function withRemedy(error: unknown): unknown {
  if (!(error instanceof TaurecError) || error.code !== 'unknown-id' || error.facts.kind !== 'user') return error;
  const remedy =
    'For a new person give liked items (--items a,b,c); --fallback popular gives unknown users the most popular items.';
  return new TaurecError('unknown-id', { ...error.facts, remedy }, { cause: error });
}

function showUsers(
  recommender: Recommender,
  users: readonly string[],
  options: RecommendOptions,
  flags: RecommendFlags,
) {
  const lists = recommender.recommend(users, options);
  const one = flags.usersFile === undefined && users.length === 1;
  if (flags.json) {
    const objects = users.map((user, u) => ({ user, items: lists[u] }));
    printJson(one ? objects[0] : objects);
    return;
  }
  print(users.map((user, u) => section(one ? undefined : `User ${user}`, lists[u]!)).join('\n\n'));
}

async function showFoldIn(recommender: Recommender, ids: string, options: RecommendOptions, flags: RecommendFlags) {
  const liked = await idList(ids);
  const items = recommender.recommendFor(liked, options);
  if (flags.json) printJson({ liked, items });
  else print(section(undefined, items));
}

async function writeFile(
  recommender: Recommender,
  output: string,
  users: readonly string[] | undefined,
  options: RecommendOptions,
  flags: RecommendFlags,
): Promise<void> {
  const format = flags.format;
  const progress = flags.quiet ? undefined : new WorkProgress(process.stderr);
  progress?.start('Recommending');
  const onProgress = progress?.update.bind(progress);
  const written = await interruptible((signal) =>
    exportRecommendations(recommender, output, { ...options, users, format, signal, onProgress }),
  ).finally(() => progress?.close());
  if (flags.json) printJson({ output, users: written });
  else if (!flags.quiet) note(`Wrote recommendations for ${count(written)} users to ${output}.`);
}

function section(heading: string | undefined, items: readonly RecommendedItem[]): string {
  const body = items.length > 0 ? itemsTable(items) : 'No item is left to recommend.';
  return heading === undefined ? body : `${heading}\n${body}`;
}
