import { type Command, Option } from 'commander';
import type * as z from 'zod';
import type { eventShape } from '../data/event-kinds.ts';
import { openFeedback } from '../feedback/open-feedback.ts';
import { Trends } from '../feedback/trends.ts';
import { declaredOptions } from '../option.ts';
import { type ItemListRequest, type ItemOrder, itemListsShape, itemOrders } from '../recommender/item-lists.ts';
import type { RecommendedItem } from '../recommender/recommendation.ts';
import { Recommender } from '../recommender/recommender.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptionsFor } from './common-options.ts';
import { addDeclaredFlags, declaredValues } from './declared-flags.ts';
import { UsageError } from './failure.ts';
import { idList } from './id-lists.ts';
import { listReaders } from './list-flags.ts';
import { itemsTable, table } from './output.ts';
import type { Terminal } from './terminal.ts';

const listOptions = declaredOptions(itemListsShape);

interface ItemsFlags extends CommonOptions {
  by: ItemOrder;
  feedback?: string;
  eventWeights?: z.input<typeof eventShape.eventWeights>;
  exclude?: string;
  time?: string;
  window?: string;
  halfLife?: string;
}

/** The flags that belong to one order alone. */
const ownFlags = {
  '--time': ['time', 'latest'],
  '--feedback': ['feedback', 'trending'],
  '--event-weights': ['eventWeights', 'trending'],
  '--window': ['window', 'trending'],
  '--half-life': ['halfLife', 'trending'],
} as const;

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<model>', 'model folder')
    .addOption(
      new Option('--by <order>', 'popular: of the most users; latest: the newest; trending: what people act on now')
        .choices(itemOrders)
        .default('popular'),
    );
  addDeclaredFlags(command, listOptions, listReaders);
  command
    .option('--feedback <place>', 'trending: feedback log of a server: sqlite:PATH or postgres://…')
    .option('--event-weights <kinds>', 'trending: weight of each kind of event: view=0.2,purchase=1 (default: all 1)');
  addCommonOptions(command, 'engine', 'json', 'quiet');
  addExamples(
    command,
    'taurec items model -k 20',
    `taurec items model --by latest --where '{"available":true}' --at-most brand=2`,
    'taurec items model --by trending --feedback feedback.db --window 6h',
  );
  command.action((model: string, flags: ItemsFlags) => run(terminal, model, flags));
}

async function run(terminal: Terminal, directory: string, flags: ItemsFlags): Promise<void> {
  const { by } = flags;
  for (const [flag, [name, order]] of Object.entries(ownFlags))
    if (flags[name] !== undefined && order !== by) throw new UsageError(`${flag} cannot be combined with --by ${by}.`);
  if (by === 'trending' && flags.feedback === undefined) throw new UsageError('--by trending needs --feedback PLACE.');
  const trends = by === 'trending' ? await trendsOf(flags) : undefined;
  const recommender = await Recommender.open(directory, engineOptionsFor(1, flags));
  try {
    const exclude = flags.exclude === undefined ? undefined : await idList(flags.exclude);
    const options = { ...declaredValues(listOptions, flags), exclude };
    const items = list(recommender, { by, options, trends } as ItemListRequest);
    if (flags.json) terminal.printJson({ by, items });
    else terminal.print(by === 'latest' ? latestTable(items) : itemsTable(items));
  } finally {
    await recommender.close();
  }
}

function list(recommender: Recommender, request: ItemListRequest): RecommendedItem[] {
  if (request.by === 'trending') return recommender.trending(request.trends, request.options);
  return request.by === 'latest' ? recommender.latest(request.options) : recommender.popular(request.options);
}

/** The trends of the log, for as long as the list looks back. */
async function trendsOf({ feedback, eventWeights, window }: ItemsFlags): Promise<Trends> {
  const log = await openFeedback(feedback!);
  try {
    return await Trends.read(log, { eventWeights, window });
  } finally {
    await log.close();
  }
}

/** The items with their times. */
function latestTable(items: readonly RecommendedItem[]): string {
  const titled = items.some(({ title }) => title !== undefined);
  const rows = items.map(({ id, title = '', score }, at) => [
    `${at + 1}`,
    id,
    ...(titled ? [title] : []),
    // Dates end in the year 275,760.
    Math.abs(score) <= 8.64e12 ? new Date(1000 * score).toISOString().replace('T00:00:00.000Z', '') : `${score}`,
  ]);
  return table(['', 'item', ...(titled ? ['title'] : []), 'time'], rows);
}
