import type { Command } from 'commander';
import type { BackboneSource } from '../backbone/backbone.ts';
import { readingNotes } from '../catalogue/reading-notes.ts';
import { idFormHints } from '../data/id-forms.ts';
import type { Interactions } from '../data/interactions.ts';
import { readInteractions } from '../data/read.ts';
import { readTitles } from '../data/read-titles.ts';
import { extendIds } from '../data/union-ids.ts';
import { TaurecError } from '../errors.ts';
import type { LossSource } from '../loss/loss.ts';
import type { Model } from '../model/model.ts';
import { checkModelTarget, isSameModel, modelStamp, openToChange, saveModel } from '../model/model-directory.ts';
import type { SourceFacts } from '../option.ts';
import type { PoolSource, SamplerSource } from '../sampler/sampler-options.ts';
import { newInteractions } from '../training/update/new-rows.ts';
import { type UpdateOptions, type UpdateResult, updateModel, updateOptions } from '../training/update/update-model.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptions } from './common-options.ts';
import { addReadOptions, type ReadFlags, readOptionsOf } from './data-options.ts';
import { addDeclaredFlags } from './declared-flags.ts';
import { count, decimal, duration } from './output.ts';
import { sourceOf } from './source-flags.ts';
import type { Terminal } from './terminal.ts';
import { TrainProgress } from './train-progress.ts';
import { addModuleFlags, inFlags } from './training-flags.ts';

interface UpdateFlags extends Omit<CommonOptions, 'seed'>, ReadFlags, Pick<UpdateOptions, 'epochs' | 'learningRate'> {
  data: string;
  out?: string;
  titles?: string;
  dryRun?: boolean;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<model>', 'model folder')
    .requiredOption('--data <file>', 'new interactions; interactions the model already has are ignored')
    .option('-o, --out <folder>', 'folder of the updated model (default: replace the old one)');
  addDeclaredFlags(command, updateOptions);
  command
    .option('--titles <file>', 'file of item titles, for new items and to replace existing titles')
    .option('--dry-run', 'report the new users, items and interactions without training');
  for (const kind of sourceKinds) addModuleFlags(command, kind);
  addReadOptions(command);
  addCommonOptions(command, 'threads', 'engine', 'json', 'quiet');
  addExamples(
    command,
    'taurec update model --data today.csv',
    'taurec update model --data today.csv --dry-run',
    'taurec update model --data ratings.csv --titles movies.csv --out model-new --json',
  );
  command.action((model: string, flags: UpdateFlags) => run(terminal, model, flags));
}

async function run(terminal: Terminal, directory: string, flags: UpdateFlags): Promise<void> {
  const engine = engineOptions(flags);
  const say = terminal.notes(flags.quiet);
  const out = flags.out ?? directory;
  const sources = sourcesOf(flags);
  const { model, stamp } = await openToChange(directory);
  const isInPlace = await isSameModel(out, directory);
  if (!flags.dryRun) await checkModelTarget(out);
  const log = await readNews(model, flags, say);
  if (!log) {
    const copied = !flags.dryRun && !isInPlace;
    if (copied) await saveModel(out, model);
    const added = { users: 0, items: 0, interactions: 0 };
    if (flags.json) terminal.printJson({ model: out, added, read: 0, updated: false });
    else {
      const unchanged = flags.dryRun || copied ? '' : ` ${directory} is unchanged.`;
      terminal.print(`Nothing is new: ${flags.data} holds no interactions.${unchanged}`);
    }
    return;
  }
  const { users, items, pairs } = newInteractions(model, log);
  const added = { users: users.added, items: items.added, interactions: pairs.indices.length };
  if (flags.dryRun || added.interactions === 0) {
    // With another --out, a copy is written even where nothing is new.
    const copied = !flags.dryRun && !isInPlace;
    if (copied) await saveModel(out, model);
    const facts = { model: out, added, read: log.users.length, updated: false, columns: log.report.columns };
    if (flags.json) terminal.printJson(facts);
    else terminal.print(`${foundText(added, log)}${flags.dryRun || copied ? '' : ` ${directory} is unchanged.`}`);
    return;
  }
  say(foundText(added, log));
  const titles = flags.titles === undefined ? undefined : await titlesOf(flags.titles, model, log);
  const progress = flags.quiet ? undefined : new TrainProgress(terminal.stderr);
  const { epochs, learningRate } = flags;
  const result = await terminal
    .interruptible((signal) =>
      updateModel(model, log, {
        ...engine,
        epochs,
        learningRate,
        titles,
        ...sources,
        signal,
        onProgress: (event) => progress?.handle(event),
      }),
    )
    .catch((error) => {
      throw inFlags(error);
    })
    .finally(() => progress?.close());
  if (isInPlace && (await modelStamp(directory)) !== stamp) throw new TaurecError('model-changed', { directory });
  await saveModel(out, result.model);
  if (flags.json) terminal.printJson(jsonOf(out, log, result));
  else printSummary(terminal, out, result);
}

/** The interactions of `--data`, with what there is to say about them; undefined where there are none. */
export async function readNews(
  model: Model,
  flags: ReadFlags & { readonly data: string },
  say: (note: string) => void,
): Promise<Interactions | undefined> {
  const log = await readInteractions(flags.data, readOptionsOf(flags)).catch((error) => {
    // A night without feedback is no failure: cron would report it.
    if (error instanceof TaurecError && error.code === 'empty-data') return undefined;
    throw error;
  });
  if (!log) return undefined;
  for (const note of readingNotes(log.source, log.report)) say(note);
  for (const hint of idFormHints(model, log)) say(hint);
  return log;
}

/** The parts of a model that a user may have written. */
export const sourceKinds = ['loss', 'backbone', 'pool', 'sampler'] as const;

/** The user's own parts of the model, which it does not load by itself. */
export function sourcesOf(flags: object): Pick<UpdateOptions, (typeof sourceKinds)[number]> {
  return {
    loss: moduleOf<LossSource>('loss', 'evaluate', flags),
    backbone: moduleOf<BackboneSource>('backbone', 'forward', flags),
    pool: moduleOf<PoolSource>('pool', 'openPool', flags),
    sampler: moduleOf<SamplerSource>('sampler', 'openSampler', flags),
  };
}

/** `{module, export, options}` from the flags; undefined where none is given. */
function moduleOf<T>(kind: SourceFacts['kind'], method: string, flags: object): T | undefined {
  return sourceOf({ kind, method, optionFlags: {} }, { ...flags }, undefined, {}) as T | undefined;
}

/** Titles in the file for the model's items and the new items, by id. */
async function titlesOf(file: string, model: Model, log: Interactions): Promise<Map<string, string>> {
  const { ids } = extendIds(model.itemIds, log.itemIds);
  const titles = await readTitles(file, ids);
  return new Map(titles.flatMap((title, i) => (title === '' ? [] : [[ids.idOf(i), title] as const])));
}

function foundText({ users, items, interactions }: UpdateResult['added'], log: Interactions): string {
  const all = count(log.users.length);
  if (interactions === 0) return `Nothing is new: the model already has all ${all} interactions of ${log.source}.`;
  return `New in ${log.source}: ${count(interactions)} of ${all} interactions, ${count(users)} users, ${count(items)} items.`;
}

/** The machine interface of `update --json`. */
function jsonOf(out: string, log: Interactions, result: UpdateResult): object {
  const { model, added, epochs, steps, seconds, learningRate, forgetting } = result;
  const { source, sha256 } = log;
  return {
    model: out,
    added,
    read: log.users.length,
    updated: true,
    epochs,
    steps,
    learningRate,
    ...(forgetting && { forgetting }),
    seconds,
    users: model.users.rows,
    items: model.items.rows,
    interactions: model.seen.indices.length,
    columns: log.report.columns,
    data: { source, sha256 },
  };
}

function printSummary(terminal: Terminal, out: string, { model, epochs, seconds, forgetting }: UpdateResult): void {
  terminal.print(
    `Model ${out}: ${count(model.users.rows)} users, ${count(model.items.rows)} items, ${count(model.seen.indices.length)} interactions; ${count(epochs)} epochs, ${duration(seconds)}.`,
  );
  if (forgetting) {
    const { metric, users, before, after } = forgetting;
    terminal.print(
      `Held-out interactions of ${count(users)} users: ${metric} ${decimal(before)} before, ${decimal(after)} after.`,
    );
  }
  terminal.print(
    `Recommend:  ${terminal.commandLine('recommend', out, '--user', model.userIds.idOf(model.users.rows - 1), '-k', '10')}`,
  );
}
