import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { TaurecError } from '../errors.ts';
import { checkModelTarget, isSameModel, modelStamp, openToChange, saveModel } from '../model/model-directory.ts';
import { isIndexName } from '../model/model-files.ts';
import { files } from '../model/read-model.ts';
import { buildIndex } from '../recommender/index-file.ts';
import { addCommonOptions, addExamples, type CommonOptions } from './common-options.ts';
import { count } from './output.ts';
import type { Terminal } from './terminal.ts';

interface CompressFlags extends Pick<CommonOptions, 'json'> {
  out?: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<model>', 'model folder')
    .option('-o, --out <folder>', 'folder of the compressed model (default: replace the old one)');
  addCommonOptions(command, 'json');
  addExamples(command, 'taurec compress models/ratings', 'taurec compress models/ratings --out models/small --json');
  command.action((model: string, flags: CompressFlags) => run(terminal, model, flags));
}

async function run(terminal: Terminal, directory: string, { out = directory, json }: CompressFlags): Promise<void> {
  const { model, stamp } = await openToChange(directory);
  const isInPlace = await isSameModel(out, directory);
  await checkModelTarget(out);
  const indexed = isInPlace && (await readdir(out)).some(isIndexName);
  if (isInPlace && (await modelStamp(directory)) !== stamp) throw new TaurecError('model-changed', { directory });
  await saveModel(out, model, { precision: 'f16' });
  // An index belongs to the embeddings that it was built from.
  if (indexed) await buildIndex(out);
  const before = model.config.files?.[files.embeddings]?.bytes;
  const after = (await stat(join(out, files.embeddings))).size;
  if (json) terminal.printJson({ model: out, precision: 'f16', before, after });
  else
    terminal.print(
      `Model ${out}: embeddings of 16 bits, ${count(after)} bytes${before === undefined ? '' : ` instead of ${count(before)}`}.`,
    );
}
