import type { Command } from 'commander';
import { listOptions, type RecommendOptions } from '../recommender/recommendation.ts';
import { Recommender } from '../recommender/recommender.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptionsFor } from './common-options.ts';
import { addDeclaredFlags, declaredValues } from './declared-flags.ts';
import { UsageError } from './failure.ts';
import { addFeedbackFlags, type FeedbackFlags, feedbackOf } from './feedback-flags.ts';
import { idList } from './id-lists.ts';
import { type IndexFlags, indexFlags } from './index-flags.ts';
import { listReaders } from './list-flags.ts';
import { whole } from './parse.ts';
import { explanationText } from './reasons-text.ts';
import type { Terminal } from './terminal.ts';

interface ExplainFlags
  extends Omit<CommonOptions, 'seed'>,
    Omit<RecommendOptions, 'exclude' | 'allow' | 'feedback'>,
    FeedbackFlags,
    IndexFlags {
  user?: string;
  items?: string;
  item?: string;
  exclude?: string;
  allow?: string;
  reasons?: number;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<model>', 'model folder')
    .option('-u, --user <id>', 'the user whose list is explained')
    .option('--items <ids>', 'explain the list of a new user, given items they like: a,b,c or @file')
    .option('-i, --item <id>', 'the item to explain')
    .option('--reasons <number>', 'liked items to list, those with the largest parts in the score', whole(0), 10);
  addDeclaredFlags(
    command,
    listOptions.filter(({ path }) => path !== 'explain'),
    listReaders,
  );
  addFeedbackFlags(command);
  indexFlags(command);
  addCommonOptions(command, 'threads', 'engine', 'json', 'quiet');
  addExamples(
    command,
    'taurec explain model --user 42 --item 318',
    'taurec explain model --user 42 --item 318 --exclude 50 -k 20 --json',
    'taurec explain model --items 50,858 --item 318',
    'taurec explain model --user 42 --item 318 --feedback feedback.db',
  );
  command.action((model: string, flags: ExplainFlags) => run(terminal, model, flags));
}

async function run(terminal: Terminal, directory: string, flags: ExplainFlags): Promise<void> {
  const { user, item, index, trustIndex, reasons } = flags;
  if (item === undefined) throw new UsageError('Give the item to explain: --item ID.');
  if ((user === undefined) === (flags.items === undefined))
    throw new UsageError('Give one of --user ID or --items a,b,c.');
  if (flags.feedback !== undefined && user === undefined) throw new UsageError('--feedback needs --user ID.');
  const options: RecommendOptions = {
    ...declaredValues(listOptions, flags),
    ...(flags.exclude !== undefined && { exclude: await idList(flags.exclude) }),
    ...(flags.allow !== undefined && { allow: await idList(flags.allow) }),
    ...(flags.feedback !== undefined && { feedback: await feedbackOf([user!], flags) }),
    explain: reasons,
  };
  const onNotice = terminal.notes(flags.quiet);
  const recommender = await Recommender.open(directory, { ...engineOptionsFor(1, flags), index, trustIndex, onNotice });
  try {
    const explanation =
      user === undefined
        ? recommender.explainFor(await idList(flags.items!), item, options)
        : recommender.explain(user, item, options);
    if (flags.json) terminal.printJson({ ...(user !== undefined && { user }), ...explanation });
    else terminal.print(explanationText(user, explanation, flags.k ?? 10));
  } finally {
    await recommender.close();
  }
}
