import { basename } from 'node:path';
import type { Command } from 'commander';
import { buildIndex, indexRecall, openIndex } from '../recommender/index-file.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptions } from './common-options.ts';
import { withModel } from './evaluate-model.ts';
import { count, decimal, duration, timed } from './output.ts';
import { WorkProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

export function define(command: Command, terminal: Terminal): void {
  command.argument('<model>', 'model folder');
  addCommonOptions(command, 'seed', 'threads', 'engine', 'json', 'quiet');
  addExamples(command, 'taurec index model', 'taurec recommend model --user 42 --index approximate');
  command.action((model: string, flags: CommonOptions) => run(terminal, model, flags));
}

async function run(terminal: Terminal, directory: string, flags: CommonOptions): Promise<void> {
  const progress = flags.quiet ? undefined : new WorkProgress(terminal.stderr);
  const { threads, seed } = flags;
  progress?.start('Indexing', 'items');
  const onProgress = progress?.update.bind(progress);
  const [index, seconds] = await timed(() =>
    terminal
      .interruptible((signal) => buildIndex(directory, { threads, signal, onProgress }))
      .finally(() => progress?.close()),
  );
  // Compares the lists of the approximate index with the exact ones, on a sample of users drawn by the seed.
  const recall = await withModel(directory, engineOptions(flags), async (model, engine) =>
    indexRecall(model, engine, await openIndex(directory, model), { seed }),
  );
  if (flags.json) {
    terminal.printJson({ ...index, seconds, ...recall });
    return;
  }
  const name = basename(index.file);
  const what = `${count(index.items)} items, ${count(Math.ceil(index.bytes / 1e6))} MB`;
  terminal.print(index.built ? `Built ${name}: ${what}, in ${duration(seconds)}.` : `${name} is up to date: ${what}.`);
  terminal.print(
    `Lists of ${recall.k} for ${count(recall.users)} users contain ${decimal(recall.recall)} of the items in the exact lists.`,
  );
}
