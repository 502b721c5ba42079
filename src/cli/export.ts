import { type Command, Option } from 'commander';
import { type EmbeddingFormat, embeddingFormats, exportEmbeddings } from '../exchange/export-embeddings.ts';
import { openModel } from '../model/model-directory.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { count } from './output.ts';
import { WorkProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

interface ExportFlags extends CommonOptions {
  format: EmbeddingFormat;
  out: string;
  raw?: boolean;
  foldBias?: boolean;
  seen: boolean;
  table?: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<model>', 'model folder')
    .addOption(
      new Option('--format <name>', 'output format; npy, safetensors and parquet write a folder, the others a file')
        .choices(embeddingFormats)
        .makeOptionMandatory(),
    )
    .requiredOption('-o, --out <path>', 'output folder or file')
    .option('--raw', 'do not normalise the rows of cosine models')
    .option('--fold-bias', 'add item biases as a last column, with 1 for users (pgvector: always)')
    .option('--no-seen', 'leave out seen items')
    .option('--table <name>', 'prefix of table names in PostgreSQL (default: taurec)');
  addCommonOptions(command, 'json', 'quiet');
  addExamples(
    command,
    'taurec export model --format npy --out embeddings',
    'taurec export model --format pgvector-copy --out model.sql && psql -f model.sql',
    'taurec export model --format json --out model.json',
  );
  command.action((model: string, flags: ExportFlags) => run(terminal, model, flags));
}

async function run(
  terminal: Terminal,
  directory: string,
  { out, json, quiet, ...options }: ExportFlags,
): Promise<void> {
  const model = await openModel(directory);
  const progress = quiet ? undefined : new WorkProgress(terminal.stderr);
  progress?.start('Exporting', 'rows');
  const onProgress = progress?.update.bind(progress);
  await terminal
    .interruptible((signal) => exportEmbeddings(model, out, { ...options, signal, onProgress }))
    .finally(() => progress?.close());
  const [users, items] = [model.users.rows, model.items.rows];
  if (json) terminal.printJson({ out, format: options.format, users, items });
  // Standard output stays empty without --json, because the result is the file.
  else if (!quiet)
    terminal.note(`Wrote ${count(users)} users and ${count(items)} items to ${out} (${options.format}).`);
}
