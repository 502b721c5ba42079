import type { Command } from 'commander';
import { Recommender } from '../recommender/recommender.ts';
import { type SimilarOptions, similarOptions } from '../recommender/similar-items.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptionsFor } from './common-options.ts';
import { addDeclaredFlags } from './declared-flags.ts';
import { UsageError } from './failure.ts';
import { listReaders } from './list-flags.ts';
import { decimal, itemsTable, table } from './output.ts';
import type { Terminal } from './terminal.ts';

interface SimilarFlags extends CommonOptions, SimilarOptions {
  item?: string;
  user?: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<model>', 'model folder')
    .option('-i, --item <id>', 'find the items most similar to this item')
    .option('-u, --user <id>', 'find the users most similar to this user');
  addDeclaredFlags(command, similarOptions, listReaders);
  addCommonOptions(command, 'threads', 'engine', 'json', 'quiet');
  addExamples(
    command,
    'taurec similar model --item 318',
    'taurec similar model --item 318 --by together',
    'taurec similar model --user 42 -k 5 --json',
  );
  command.action((model: string, flags: SimilarFlags) => run(terminal, model, flags));
}

async function run(terminal: Terminal, directory: string, flags: SimilarFlags): Promise<void> {
  const { item, user, k, by, where, atMost } = flags;
  if ((item === undefined) === (user === undefined)) throw new UsageError('Give one of --item ID or --user ID.');
  if (user !== undefined && by === 'together') throw new UsageError('--by together compares items: give --item ID.');
  if (user !== undefined && (where ?? atMost) !== undefined)
    throw new UsageError('--where and --at-most are about items: give --item ID.');
  const recommender = await Recommender.open(directory, engineOptionsFor(1, flags));
  try {
    if (item !== undefined) {
      const items = recommender.similarItems(item, { k, by, where, atMost });
      if (flags.json) terminal.printJson({ item, items });
      else terminal.print(itemsTable(items));
    } else {
      const users = recommender.similarUsers(user!, { k });
      if (flags.json) terminal.printJson({ user, users });
      else
        terminal.print(
          table(
            ['', 'user', 'score'],
            users.map(({ id, score }, at) => [`${at + 1}`, id, decimal(score)]),
          ),
        );
    }
  } finally {
    await recommender.close();
  }
}
