import { join } from 'node:path';
import type { Command } from 'commander';
import { syntheticDataset } from '../data/synthetic.ts';
import { makeFolder } from '../platform/write-fault.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { count } from './output.ts';
import { number, whole } from './parse.ts';
import type { Terminal } from './terminal.ts';
import { writeLog, writeRows } from './write-log.ts';

/** Flags of `taurec generate`: the options of `syntheticDataset` and the folder. */
interface GenerateFlags extends CommonOptions {
  out: string;
  users: number;
  items: number;
  interactions: number;
  factors?: number;
  noise?: number;
  exponent?: number;
  testRatio?: number;
  validRatio?: number;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .requiredOption('-o, --out <folder>', 'folder for train.tsv.gz, test.tsv.gz and titles.csv')
    .option('--users <number>', 'number of users', whole(1), 1000)
    .option('--items <number>', 'number of items', whole(1), 1000)
    .option('--interactions <number>', 'number of interactions, including test and validation', whole(1), 50_000)
    .option('--factors <number>', 'latent factors (default: half the square root of the items)', whole(1))
    .option('--noise <number>', 'fraction of interactions drawn by popularity alone (default: 0.1)', number)
    .option('--exponent <number>', 'exponent of the popularity distribution (default: 0.8)', number)
    .option('--test-ratio <number>', 'test fraction (default: 0.2)', number)
    .option('--valid-ratio <number>', 'validation fraction (default: 0)', number);
  addCommonOptions(command, 'seed', 'json', 'quiet');
  addExamples(command, 'taurec generate --out made-up --users 100000 --items 20000 --interactions 5000000 --seed 1');
  command.action((flags: GenerateFlags) => run(terminal, flags));
}

async function run(terminal: Terminal, { out, json, quiet, ...options }: GenerateFlags): Promise<void> {
  const { users, items, train, valid, test, titles, sha256 } = syntheticDataset(options);
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
  const interactions = options.interactions;
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
