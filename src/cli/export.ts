import type { Command } from 'commander';
import { type ExportEmbeddingsOptions, exportEmbeddings, exportOptions } from '../exchange/export-embeddings.ts';
import { openModel } from '../model/model-directory.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { addDeclaredFlags, asFlag } from './declared-flags.ts';
import { count } from './output.ts';
import { WorkProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

interface ExportFlags extends CommonOptions, Omit<ExportEmbeddingsOptions, 'onProgress' | 'signal'> {
  out: string;
}

export function define(command: Command, terminal: Terminal): void {
  command.argument('<model>', 'model folder').requiredOption('-o, --out <path>', 'output folder or file');
  addDeclaredFlags(command, exportOptions, {}, (option) => {
    const flag = asFlag(option);
    command.addOption(option.path === 'format' ? flag.makeOptionMandatory() : flag);
  });
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
