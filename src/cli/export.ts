import { type Command, Option } from 'commander';
import { type EmbeddingFormat, embeddingFormats, exportEmbeddings } from '../exchange/export-embeddings.ts';
import { openModel } from '../model/model-directory.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { interruptible } from './interrupt.ts';
import { count, note, printJson } from './output.ts';
import { WorkProgress } from './work-progress.ts';

interface ExportFlags extends CommonOptions {
  format: EmbeddingFormat;
  out: string;
  raw?: boolean;
  foldBias?: boolean;
  seen: boolean;
  table?: string;
}

export function define(command: Command): void {
  command
    .argument('<model>', 'the folder of a model')
    .addOption(
      new Option('--format <name>', 'npy, safetensors, parquet: a folder; the others: a file')
        .choices(embeddingFormats)
        .makeOptionMandatory(),
    )
    .requiredOption('-o, --out <path>', 'the folder or the file')
    .option('--raw', 'rows as the model holds them (default: cosine rows have length 1)')
    .option('--fold-bias', 'item biases as a last column, 1 for users (pgvector: always)')
    .option('--no-seen', 'leave out what users have seen')
    .option('--table <name>', 'what the names of tables in PostgreSQL begin with (default: taurec)');
  addCommonOptions(command, 'json', 'quiet');
  addExamples(
    command,
    'taurec export model --format npy --out embeddings',
    'taurec export model --format pgvector-copy --out model.sql && psql -f model.sql',
    'taurec export model --format json --out model.json',
  );
  command.action((model: string, flags: ExportFlags) => run(model, flags));
}

async function run(directory: string, { out, json, quiet, ...options }: ExportFlags): Promise<void> {
  const model = await openModel(directory);
  const progress = quiet ? undefined : new WorkProgress(process.stderr);
  progress?.start('Exporting', 'rows');
  const onProgress = progress?.update.bind(progress);
  await interruptible((signal) => exportEmbeddings(model, out, { ...options, signal, onProgress })).finally(() =>
    progress?.close(),
  );
  const [users, items] = [model.users.rows, model.items.rows];
  if (json) printJson({ out, format: options.format, users, items });
  else if (!quiet) note(`Wrote ${count(users)} users and ${count(items)} items to ${out} (${options.format}).`);
}
