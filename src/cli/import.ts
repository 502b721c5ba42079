import { type Command, Option } from 'commander';
import { readingNotes } from '../catalogue/reading-notes.ts';
import { readInteractions } from '../data/read.ts';
import { readTitles } from '../data/read-titles.ts';
import { type ImportReport, importEmbeddings } from '../exchange/import-embeddings.ts';
import { lossNames } from '../loss/losses.ts';
import { checkModelTarget, saveModel } from '../model/model-directory.ts';
import { type Precision, precisionOption } from '../model/precision.ts';
import { declaredOptions } from '../option.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { addReadOptions, type ReadFlags, readOptionsOf } from './data-options.ts';
import { addDeclaredFlags } from './declared-flags.ts';
import { count } from './output.ts';
import { pair } from './parse.ts';
import type { Terminal } from './terminal.ts';

interface ImportFlags extends CommonOptions, ReadFlags {
  users: string;
  items: string;
  userIds?: string;
  itemIds?: string;
  score: 'cosine' | 'dot';
  itemBias?: string;
  train?: string;
  titles?: string;
  precision?: Precision;
  loss?: string;
  lossOption?: Record<string, string | number>;
  out: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .requiredOption('--users <file>', 'user vectors: .npy, .npz, .safetensors, .parquet, .json, .jsonl, .csv or .tsv')
    .requiredOption('--items <file>', 'item vectors; file#name names an array in .npz or .safetensors')
    .addOption(
      new Option('--score <name>', 'score of a user and an item').choices(['cosine', 'dot']).makeOptionMandatory(),
    )
    .requiredOption('-o, --out <folder>', 'model folder to write')
    .option('--user-ids <file>', 'user ids in row order, one per line or JSON (default: in the vector file)')
    .option('--item-ids <file>', 'item ids')
    .option('--item-bias <file>', "item biases, added to scores (default: the item file's itemBias or bias)")
    .option('--train <file>', 'interactions that users already had, to exclude from their lists')
    .option('--titles <file>', 'file of item titles, shown with recommendations')
    .addOption(
      new Option('--loss <name>', 'loss to fold in new users with (default: sl for cosine, bpr for dot)').choices(
        lossNames,
      ),
    )
    .option('--loss-option <name=value>', 'option of the loss; repeatable', pair);
  addDeclaredFlags(command, declaredOptions({ precision: precisionOption }));
  addReadOptions(command);
  addCommonOptions(command, 'json', 'quiet');
  addExamples(
    command,
    'taurec import --users users.npy --items items.npy --user-ids users.txt --item-ids items.txt --score dot --train train.csv --out model',
    'taurec import --users users.parquet --items items.parquet --score cosine --out model --json',
  );
  command.action((flags: ImportFlags) => run(terminal, flags));
}

async function run(terminal: Terminal, flags: ImportFlags): Promise<void> {
  const { users, items, userIds, itemIds, score, itemBias, train, titles, out, json, quiet } = flags;
  await checkModelTarget(out);
  // Imported embeddings carry no loss, but fold-in of new users minimises one: by default one that fits the score.
  const loss = flags.loss ?? (score === 'cosine' ? 'sl' : 'bpr');
  const log = train === undefined ? undefined : await readInteractions(train, readOptionsOf(flags));
  if (log && !quiet) for (const note of readingNotes(log.source, log.report)) terminal.note(note);
  const { model, report } = await importEmbeddings({
    ...{ users, items, userIds, itemIds, score, itemBias },
    train: log,
    titles: titles === undefined ? undefined : (ids) => readTitles(titles, ids),
    loss: { name: loss, ...(flags.lossOption && { options: flags.lossOption }) },
  });
  await saveModel(out, model, { precision: flags.precision });
  if (!quiet) tell(terminal, report, train);
  const { rows, columns } = model.users;
  if (json)
    terminal.printJson({
      out,
      users: rows,
      items: model.items.rows,
      dimension: columns,
      ...report,
      ...(log?.report.columns && { columns: log.report.columns }),
      loss: model.config.loss,
    });
  else if (!quiet)
    terminal.note(
      `Imported ${count(rows)} users and ${count(model.items.rows)} items, dimension ${columns}, to ${out}.`,
    );
}

/** Notes missing ids, a missing training file, and interactions without embeddings. */
function tell(terminal: Terminal, { numbered, interactions, unknown }: ImportReport, train?: string): void {
  for (const side of ['users', 'items'] as const)
    if (numbered[side]) terminal.note(`The ${side} have no ids; row numbers from 0 are used.`);
  if (train === undefined)
    terminal.note('No --train file: lists may contain items users have already seen, and popularity is unknown.');
  if (unknown.interactions === 0) return;
  terminal.note(
    `${train}: ${count(unknown.interactions)} interactions left out, ${count(interactions)} kept: ` +
      `${count(unknown.users)} users and ${count(unknown.items)} items there have no embeddings.`,
  );
}
