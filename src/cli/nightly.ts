import type { Command } from 'commander';
import { TaurecError } from '../errors.ts';
import type { ModelVersion } from '../model/current-version.ts';
import { modelStamp, openToChange } from '../model/model-directory.ts';
import { listVersions, type PublishOptions, publishModel, publishOptions } from '../model/versions.ts';
import {
  type Judgement,
  judgementOptions,
  type NightlyOptions,
  type NightlyResult,
  nightlyUpdate,
} from '../training/update/nightly-update.ts';
import { updateOptions } from '../training/update/update-model.ts';
import { addCommonOptions, addExamples, type CommonOptions, engineOptions } from './common-options.ts';
import { addReadOptions, type ReadFlags } from './data-options.ts';
import { addDeclaredFlags } from './declared-flags.ts';
import { count, decimal } from './output.ts';
import type { Terminal } from './terminal.ts';
import { TrainProgress } from './train-progress.ts';
import { addModuleFlags, inFlags } from './training-flags.ts';
import { readNews, sourceKinds, sourcesOf } from './update.ts';

interface NightlyFlags
  extends Omit<CommonOptions, 'seed'>,
    ReadFlags,
    Pick<NightlyOptions, 'epochs' | 'learningRate' | 'holdOut' | 'metric'>,
    Pick<PublishOptions, 'keep'> {
  data: string;
}

export function define(command: Command, terminal: Terminal): void {
  command
    .argument('<folder>', 'folder of versions')
    .requiredOption('--data <file>', 'interactions with times; those the current version already has are ignored');
  addDeclaredFlags(command, judgementOptions);
  addDeclaredFlags(command, updateOptions);
  addDeclaredFlags(
    command,
    publishOptions.filter(({ path }) => path === 'keep'),
  );
  for (const kind of sourceKinds) addModuleFlags(command, kind);
  addReadOptions(command);
  addCommonOptions(command, 'threads', 'engine', 'json', 'quiet');
  addExamples(
    command,
    'taurec publish models/ratings --to published',
    'taurec nightly published --data events.csv',
    "taurec nightly published --data 'sqlite:feedback.db?table=feedback' --json",
  );
  command.action((folder: string, flags: NightlyFlags) => run(terminal, folder, flags));
}

/** What the command did, for `--json`. */
interface Report extends Partial<Pick<NightlyResult, 'judgement'>> {
  readonly folder: string;
  readonly outcome: 'published' | 'worse' | 'unchanged';
  readonly read: number;
  readonly added?: object;
  readonly version?: ModelVersion;
}

async function run(terminal: Terminal, folder: string, flags: NightlyFlags): Promise<void> {
  await listVersions(folder);
  const { model, stamp } = await openToChange(folder);
  const log = await readNews(model, flags, terminal.notes(flags.quiet));
  if (!log) return report(terminal, flags, { folder, outcome: 'unchanged', read: 0 });
  const progress = flags.quiet ? undefined : new TrainProgress(terminal.stderr);
  const { epochs, learningRate, holdOut, metric } = flags;
  const { outcome, judgement, update } = await terminal
    .interruptible((signal) =>
      nightlyUpdate(model, log, {
        ...engineOptions(flags),
        ...{ epochs, learningRate, holdOut, metric },
        ...sourcesOf(flags),
        signal,
        onProgress: (event) => progress?.handle(event),
      }),
    )
    .catch((error) => {
      throw inFlags(error);
    })
    .finally(() => progress?.close());
  const shared = { folder, read: log.users.length, ...(judgement && { judgement }) };
  if (!update) {
    if (outcome === 'worse') terminal.exitCode = 1;
    return report(terminal, flags, { ...shared, outcome: outcome === 'worse' ? 'worse' : 'unchanged' });
  }
  const note = judgement ? `nightly: ${judgementText(judgement)}` : 'nightly: too few held-out users to compare';
  // Another version, or this one without a person who asked to be forgotten.
  if ((await modelStamp(folder)) !== stamp) throw new TaurecError('model-changed', { directory: folder });
  const version = await publishModel(update.model, folder, { keep: flags.keep, note });
  report(terminal, flags, { ...shared, outcome: 'published', added: update.added, version });
}

/** Prints the outcome: a sentence or two, or JSON. */
function report(terminal: Terminal, { json, data }: NightlyFlags, done: Report): void {
  const { folder, outcome, judgement, version } = done;
  if (json) {
    terminal.printJson(done);
    return;
  }
  if (judgement) terminal.print(`${judgementText(judgement)}.`);
  if (outcome === 'unchanged') terminal.print(`Nothing is new in ${data}: ${folder} is unchanged.`);
  else if (outcome === 'worse') terminal.print(`The update is worse: nothing is published, ${folder} is unchanged.`);
  else terminal.print(`Published ${version!.name} of ${folder}.`);
}

/** Both models on the held-out events, in one sentence. */
function judgementText({ metric, users, a, b, low, high }: Judgement): string {
  const interval = [low, high].map((x) => `${x < 0 ? '−' : '+'}${decimal(Math.abs(x))}`).join(' to ');
  return `${metric} of ${count(users)} users on the latest events ${decimal(a)} before, ${decimal(b)} after (${interval})`;
}
