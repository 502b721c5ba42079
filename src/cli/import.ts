import { type Command, Option } from 'commander';
import { readInteractions } from '../data/read.ts';
import { readTitles } from '../data/read-titles.ts';
import { type ImportReport, importEmbeddings } from '../exchange/import-embeddings.ts';
import { lossNames } from '../loss/losses.ts';
import { checkModelTarget, saveModel } from '../model/model-directory.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { addReadOptions, type ReadFlags, readOptionsOf } from './data-options.ts';
import { count, note, printJson } from './output.ts';
import { pair } from './parse.ts';

interface ImportFlags extends CommonOptions, ReadFlags {
  users: string;
  items: string;
  userIds?: string;
  itemIds?: string;
  score: 'cosine' | 'dot';
  itemBias?: string;
  train?: string;
  titles?: string;
  loss?: string;
  lossOption?: Record<string, string | number>;
  out: string;
}

export function define(command: Command): void {
  command
    .requiredOption(
      '--users <file>',
      'a vector for each user: .npy, .npz, .safetensors, .parquet, .json, .jsonl, .csv, .tsv',
    )
    .requiredOption('--items <file>', 'the same for items; file#name names an array in .npz or .safetensors')
    .addOption(
      new Option('--score <name>', 'how the vectors are scored').choices(['cosine', 'dot']).makeOptionMandatory(),
    )
    .requiredOption('-o, --out <folder>', 'where the model goes')
    .option('--user-ids <file>', 'ids in the order of the rows: an id a line, or JSON (default: beside the vectors)')
    .option('--item-ids <file>', 'the same for items')
    .option(
      '--item-bias <file>',
      "a number for each item, added to its scores (default: the items file's itemBias or bias)",
    )
    .option('--train <file>', 'what users have seen: left out of their lists')
    .option('--titles <file>', 'a file of items and their titles, shown to people')
    .addOption(
      new Option('--loss <name>', 'what new people are folded in with (default: sl for cosine, bpr for dot)').choices(
        lossNames,
      ),
    )
    .option('--loss-option <name=value>', 'an option of that loss', pair);
  addReadOptions(command);
  addCommonOptions(command, 'json', 'quiet');
  addExamples(
    command,
    'taurec import --users users.npy --items items.npy --user-ids users.txt --item-ids items.txt --score dot --train train.csv --out model',
    'taurec import --users users.parquet --items items.parquet --score cosine --out model --json',
  );
  command.action((flags: ImportFlags) => run(flags));
}

async function run(flags: ImportFlags): Promise<void> {
  const { users, items, userIds, itemIds, score, itemBias, train, titles, out, json, quiet } = flags;
  await checkModelTarget(out);
  const loss = flags.loss ?? (score === 'cosine' ? 'sl' : 'bpr');
  const log = train === undefined ? undefined : await readInteractions(train, readOptionsOf(flags));
  const { model, report } = await importEmbeddings({
    ...{ users, items, userIds, itemIds, score, itemBias },
    train: log,
    titles: titles === undefined ? undefined : (ids) => readTitles(titles, ids),
    loss: { name: loss, ...(flags.lossOption && { options: flags.lossOption }) },
  });
  await saveModel(out, model);
  if (!quiet) tell(report, train);
  const { rows, columns } = model.users;
  if (json)
    printJson({ out, users: rows, items: model.items.rows, dimension: columns, ...report, loss: model.config.loss });
  else if (!quiet)
    note(`Imported ${count(rows)} users and ${count(model.items.rows)} items, dimension ${columns}, to ${out}.`);
}

/** What a person should know of the import. */
function tell({ numbered, interactions, unknown }: ImportReport, train?: string): void {
  for (const side of ['users', 'items'] as const)
    if (numbered[side]) note(`The ${side} came without ids: they are the numbers of their rows, from 0.`);
  if (train === undefined) note('No --train: lists will hold what users have seen, and no item is popular.');
  if (unknown.interactions === 0) return;
  note(
    `${train}: ${count(unknown.interactions)} interactions left out, ${count(interactions)} kept: ` +
      `${count(unknown.users)} users and ${count(unknown.items)} items there have no embeddings.`,
  );
}
