import type { Command } from 'commander';
import { Recommender } from '../recommender/recommender.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { engineOptions } from './engine-options.ts';
import { UsageError } from './failure.ts';
import { itemsTable } from './items-table.ts';
import { decimal, print, printJson, table } from './output.ts';
import { whole } from './parse.ts';

interface SimilarFlags extends CommonOptions {
  item?: string;
  user?: string;
  k: number;
}

export function define(command: Command): void {
  command
    .argument('<model>', 'the folder of a model')
    .option('-i, --item <id>', 'an item: the items nearest to it, by cosine')
    .option('-u, --user <id>', 'a user: the users nearest to them')
    .option('-k, --k <number>', 'how many', whole(1), 10);
  addCommonOptions(command, 'threads', 'engine', 'json', 'quiet');
  addExamples(command, 'taurec similar model --item 318', 'taurec similar model --user 42 -k 5 --json');
  command.action((model: string, flags: SimilarFlags) => run(model, flags));
}

async function run(directory: string, flags: SimilarFlags): Promise<void> {
  const { item, user, k } = flags;
  if ((item === undefined) === (user === undefined)) throw new UsageError('Give one of --item ID or --user ID.');
  const recommender = await Recommender.open(directory, engineOptions(flags));
  try {
    if (item !== undefined) {
      const items = recommender.similarItems(item, { k });
      if (flags.json) printJson({ item, items });
      else print(itemsTable(items));
    } else {
      const users = recommender.similarUsers(user!, { k });
      if (flags.json) printJson({ user, users });
      else
        print(
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
