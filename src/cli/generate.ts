import { join } from 'node:path';
import type { Command } from 'commander';
import { syntheticDataset } from '../data/synthetic.ts';
import { type Shop, shopEvents, syntheticShop } from '../data/synthetic-shop.ts';
import { makeFolder } from '../platform/write-fault.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { UsageError } from './failure.ts';
import { count } from './output.ts';
import { between, number, whole } from './parse.ts';
import type { Terminal } from './terminal.ts';
import { writeLog, writeRows } from './write-log.ts';

/** Flags of `taurec generate`: the options of `syntheticDataset` or of `syntheticShop`, and the folder. */
interface GenerateFlags extends CommonOptions {
  out: string;
  shop?: boolean;
  users?: number;
  items?: number;
  explained?: number;
  interactions?: number;
  factors?: number;
  noise?: number;
  exponent?: number;
  testRatio?: number;
  validRatio?: number;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .requiredOption('-o, --out <folder>', 'folder for train.tsv.gz, test.tsv.gz and titles.csv')
    .option('--shop', 'generate a shop instead: events.csv, and items.csv with attributes')
    .option('--users <number>', 'number of users (default: 1000; of a shop 5000)', whole(1))
    .option('--items <number>', 'number of items (default: 1000; of a shop 800)', whole(1))
    .option(
      '--explained <number>',
      "share of an item's taste that its attributes explain, up to 0.5 (default: 0.5); needs --shop",
      between(0, 0.5),
    )
    .option(
      '--interactions <number>',
      'number of interactions, including test and validation (default: 50000)',
      whole(1),
    )
    .option('--factors <number>', 'latent factors (default: half the square root of the items)', whole(1))
    .option('--noise <number>', 'fraction of interactions drawn by popularity alone (default: 0.1)', number)
    .option('--exponent <number>', 'exponent of the popularity distribution (default: 0.8)', number)
    .option('--test-ratio <number>', 'test fraction (default: 0.2)', number)
    .option('--valid-ratio <number>', 'validation fraction (default: 0)', number);
  addCommonOptions(command, 'seed', 'json', 'quiet');
  addExamples(
    command,
    'taurec generate --out made-up --users 100000 --items 20000 --interactions 5000000 --seed 1',
    'taurec generate --shop --out shop',
  );
  command.action((flags: GenerateFlags) => (flags.shop ? runShop(terminal, flags) : run(terminal, flags)));
}

async function run(terminal: Terminal, { out, json, quiet, explained, ...options }: GenerateFlags): Promise<void> {
  if (explained !== undefined) throw new UsageError('--explained needs --shop.');
  const sizes = { users: 1000, items: 1000, interactions: 50_000 };
  const { users, items, train, valid, test, titles, sha256 } = syntheticDataset({ ...sizes, ...options });
  makeFolder(out);
  const files: Record<string, string> = {};
  for (const [part, matrix] of Object.entries({ train, valid, test })) {
    // A part with ratio 0 does not exist.
    if (!matrix) continue;
    files[part] = join(out, `${part}.tsv.gz`);
    await writeLog(files[part], matrix, users, items);
  }
  if (titles) {
    files.titles = join(out, 'titles.csv');
    await writeRows(files.titles, [['item', 'title'], ...titles.map((title, item) => [items.idOf(item), title])]);
  }
  const interactions = options.interactions ?? sizes.interactions;
  if (json) {
    terminal.printJson({ out, files, users: users.size, items: items.size, interactions, sha256 });
    return;
  }
  if (quiet) return;
  terminal.print(
    `${count(users.size)} users, ${count(items.size)} items, ${count(interactions)} interactions in ${out}.`,
  );
  // The parts have the names of the flags of `taurec train`: --train, --valid, --test, --titles.
  const flags = Object.entries(files).flatMap(([part, path]) => [`--${part}`, path]);
  terminal.print(`Train:  ${terminal.commandLine('train', ...flags)}`);
}

/** Flags that shape the other kind of data. */
const notOfShop = ['interactions', 'factors', 'noise', 'exponent', 'testRatio', 'validRatio'] as const;

async function runShop(terminal: Terminal, flags: GenerateFlags): Promise<void> {
  const other = notOfShop.find((name) => flags[name] !== undefined);
  if (other)
    throw new UsageError(`--shop cannot be combined with --${other.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}.`);
  const { out, json, quiet, users, items, seed, explained } = flags;
  const given = Object.entries({ users, items, seed, explained }).filter(([, value]) => value !== undefined);
  const shop = syntheticShop(Object.fromEntries(given));
  makeFolder(out);
  const files = { events: join(out, 'events.csv'), items: join(out, 'items.csv') };
  await writeRows(files.events, eventRows(shop));
  await writeRows(files.items, itemRows(shop));
  const people = new Set(shop.events.map(({ user }) => user)).size;
  const kinds = shopEvents.map((kind) => [kind, shop.events.filter(({ event }) => event === kind).length] as const);
  if (json) {
    terminal.printJson({ out, files, users: people, items: shop.items.length, events: Object.fromEntries(kinds) });
    return;
  }
  if (quiet) return;
  terminal.print(
    `${count(people)} people, ${count(shop.items.length)} items, ${kinds.map(([kind, n]) => `${count(n)} ${kind}s`).join(', ')} in ${out}.`,
  );
  const weights = ['--event-weights', 'view=0.1,cart=0.5,purchase=1'];
  terminal.print(
    `Train:  ${terminal.commandLine('train', files.events, ...weights, '--catalogue', files.items, '--out', join(out, 'model'))}`,
  );
}

function* eventRows({ events }: Shop): Generator<readonly string[]> {
  yield ['user', 'item', 'time', 'event'];
  for (const { user, item, time, event } of events) yield [user, item, String(time), event];
}

/** A list of categories is one field, divided by |. */
function* itemRows({ items }: Shop): Generator<readonly string[]> {
  yield ['id', 'title', 'category', 'brand', 'price', 'available', 'released'];
  for (const { id, title, category, brand, price, available, released } of items) {
    const day = new Date(released * 1000).toISOString().slice(0, 10);
    yield [id, title, category.join('|'), brand, price.toFixed(2), String(available), day];
  }
}
