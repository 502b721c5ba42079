import { basename } from 'node:path';
import type { Command } from 'commander';
import { buildIndex, indexRecall, openIndex } from '../recommender/index-file.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { engineOptions } from './engine-options.ts';
import { interruptible } from './interrupt.ts';
import { withModel } from './model-session.ts';
import { count, decimal, duration, print, printJson, timed } from './output.ts';
import { WorkProgress } from './work-progress.ts';

export function define(command: Command): void {
  command.argument('<model>', 'the folder of a model');
  addCommonOptions(command, 'seed', 'threads', 'engine', 'json', 'quiet');
  addExamples(command, 'taurec index model', 'taurec recommend model --user 42 --index approximate');
  command.action((model: string, flags: CommonOptions) => run(model, flags));
}

async function run(directory: string, flags: CommonOptions): Promise<void> {
  const progress = flags.quiet ? undefined : new WorkProgress(process.stderr);
  const { threads, seed } = flags;
  progress?.start('Indexing', 'items');
  const onProgress = progress?.update.bind(progress);
  const [index, seconds] = await timed(() =>
    interruptible((signal) => buildIndex(directory, { threads, signal, onProgress })).finally(() => progress?.close()),
  );
  const recall = await withModel(directory, engineOptions(flags), async (model, engine) =>
    indexRecall(model, engine, await openIndex(directory, model), { seed }),
  );
  if (flags.json) {
    printJson({ ...index, seconds, ...recall });
    return;
  }
  const name = basename(index.file);
  const what = `${count(index.items)} items, ${count(Math.ceil(index.bytes / 1e6))} MB`;
  print(index.built ? `Built ${name}: ${what}, in ${duration(seconds)}.` : `${name} is of these embeddings: ${what}.`);
  print(
    `Lists of ${recall.k} for ${count(recall.users)} users hold ${decimal(recall.recall)} of the exact ones' items.`,
  );
}
