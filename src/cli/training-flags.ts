import { type Command, Option } from 'commander';
import { backboneNames } from '../backbone/backbones.ts';
import { TaurecError } from '../errors.ts';
import { lossNames } from '../loss/losses.ts';
import { aims } from '../training/aim.ts';
import { parseTrainConfig, type TrainConfig, type TrainConfigInput } from '../training/config.ts';
import { number, numberOr, pair, temperature, whole, wholeOr } from './parse.ts';
import { sourceOf } from './source-flags.ts';

/** One flag of `train` that sets one option of the training configuration. */
export interface TrainingFlag {
  /** Path in the configuration: 'batch.rows'. */
  readonly path: string;
  readonly flags: string;
  readonly help: string;
  readonly read?: (text: string) => unknown;
  readonly choices?: readonly string[];
  /** What a flag without a value sets; its negation, `--no-…`, sets the other. */
  readonly sets?: boolean;
}

/** By heading of the help. */
export const trainingFlags: Readonly<Record<string, readonly TrainingFlag[]>> = {
  'Model:': [
    {
      path: 'aim',
      flags: '--aim <name>',
      help: 'what it is for: a future like the data, or the whole catalogue; decides how validation is held out',
      choices: aims,
    },
    {
      path: 'score',
      flags: '--score <name>',
      help: 'what a score is; bpr, bce, gbce, mse: dot',
      choices: ['cosine', 'dot'],
    },
    {
      path: 'popularityPrior',
      flags: '--popularity-prior <number>',
      help: 'what popularity adds to a score: number · log(1 + interactions of the item); below 0 for the long tail; auto: by validation',
      read: numberOr('auto'),
    },
    { path: 'dimension', flags: '--dimension <number>', help: 'length of the embeddings', read: whole(1) },
    {
      path: 'initialDeviation',
      flags: '--initial-deviation <number>',
      help: 'spread of the first embeddings',
      read: number,
    },
  ],
  'Length of training:': [
    { path: 'epochs', flags: '--epochs <number>', help: 'epochs at most', read: whole(1) },
    { path: 'timeBudget', flags: '--time-budget <seconds>', help: 'seconds at most', read: number },
    { path: 'validation.metric', flags: '--metric <name@k>', help: 'what the best epoch is chosen by' },
    {
      path: 'validation.every',
      flags: '--validate-every <epochs>',
      help: 'epochs between validations',
      read: whole(1),
    },
    {
      path: 'validation.patience',
      flags: '--patience <number>',
      help: 'stop after so many validations without a better one',
      read: whole(1),
    },
    {
      path: 'validation.users',
      flags: '--validation-users <number>',
      help: 'validate on so many users at most',
      read: whole(1),
    },
    {
      path: 'refit',
      flags: '--refit',
      help: 'then train once more on train and validation together, as long as was best',
      sets: true,
    },
    {
      path: 'checkpointEvery',
      flags: '--checkpoint-every <epochs>',
      help: 'default: every epoch, at most every ten seconds',
      read: whole(1),
    },
  ],
  'Optimiser:': [
    { path: 'learningRate', flags: '--learning-rate <number>', help: 'at its highest', read: number },
    {
      path: 'schedule.name',
      flags: '--schedule <name>',
      help: 'how the learning rate goes on',
      choices: ['constant', 'cosine'],
    },
    { path: 'schedule.warmup', flags: '--warmup <number>', help: 'part of the run in which it rises', read: number },
    { path: 'schedule.final', flags: '--final <number>', help: 'part of it that is left at the end', read: number },
    { path: 'optimizer.name', flags: '--optimizer <name>', help: 'which', choices: ['adam', 'sgd'] },
    { path: 'optimizer.beta1', flags: '--beta1 <number>', help: "Adam's first decay", read: number },
    { path: 'optimizer.beta2', flags: '--beta2 <number>', help: "Adam's second decay", read: number },
    { path: 'optimizer.epsilon', flags: '--epsilon <number>', help: "Adam's epsilon", read: number },
    { path: 'l2', flags: '--l2 <number>', help: 'L2 penalty of the embeddings in a batch', read: number },
    {
      path: 'decoupledWeightDecay',
      flags: '--weight-decay <number>',
      help: 'decoupled weight decay of all embeddings',
      read: number,
    },
    { path: 'embeddingDropout', flags: '--dropout <number>', help: 'dropout of embedding elements', read: number },
  ],
  'Batches:': [
    {
      path: 'batch.kind',
      flags: '--batch <kind>',
      help: 'rows are users with all their positives, or pairs with negatives of their own',
      choices: ['user', 'pair'],
    },
    { path: 'batch.rows', flags: '--rows <number>', help: 'rows a step, or auto', read: wholeOr('auto') },
    {
      path: 'batch.negatives',
      flags: '--negatives <number>',
      help: 'negatives a row sees, or all',
      read: wholeOr('all'),
    },
    {
      path: 'batch.pool',
      flags: '--pool <name>',
      help: 'where negatives come from',
      choices: ['uniform', 'popularity', 'in-batch', 'all'],
    },
    { path: 'batch.alpha', flags: '--alpha <number>', help: 'exponent of the popularity pool', read: number },
    { path: 'batch.logQ', flags: '--log-q', help: 'correct the scores of a pool that is not uniform', sets: true },
    {
      path: 'batch.maskPositives',
      flags: '--allow-positives',
      help: "let a user's own positives stand among the negatives",
      sets: false,
    },
    {
      path: 'rowWeight',
      flags: '--row-weight <name>',
      help: "a user's weight, by the number of positives",
      choices: ['count', 'sqrt', 'one'],
    },
  ],
  'Engine:': [
    {
      path: 'build',
      flags: '--build <name>',
      help: 'arithmetic of the wasm engine',
      choices: ['auto', 'simd', 'simd-fma'],
    },
  ],
};

/** Flags that set an option of the loss, by the option's name. */
export const lossFlags = { tau: 'tau', tau1: 'tau1', negativeWeight: 'negativeWeight', form: 'form' } as const;

export const backboneFlags = { layers: 'layers' } as const;

/** Flags as commander gives them. */
export type TrainingFlags = Record<string, unknown>;

/** Adds a flag for every option of the training configuration but the paths of `without`; the help states the defaults. */
export function addTrainingFlags(command: Command, without: readonly string[] = []): void {
  const defaults = parseTrainConfig({});
  command
    .optionsGroup('Loss:')
    .option('--loss <name>', `${lossNames.join(', ')}${stated((defaults.loss as { name: string }).name)}`)
    .option(
      '--tau <number>',
      'temperature of the negatives (softmax family), inf, or auto: chosen by validation',
      temperature,
    )
    .option('--tau1 <number>', 'temperature of the positives (bsl), or inf', temperature)
    .option(
      '--negative-weight <number>',
      'weight of the negatives: above 1 favours popular items; or auto',
      numberOr('auto'),
    )
    .option('--form <name>', 'paper, multi or reweight (bsl)')
    .option('--loss-module <path>', 'a module that exports a loss of your own')
    .option('--loss-export <name>', 'its export (default: default)')
    .option('--loss-option <name=value>', 'an option of the loss; may be repeated', pair)
    .optionsGroup('Backbone:')
    .option('--backbone <name>', `${backboneNames.join(', ')}${stated((defaults.backbone as { name: string }).name)}`)
    .option('--layers <number>', 'layers of a graph backbone', whole(1))
    .option('--backbone-module <path>', 'a module that exports a backbone of your own')
    .option('--backbone-export <name>', 'its export (default: default)')
    .option('--backbone-option <name=value>', 'an option of the backbone; may be repeated', pair);
  for (const [group, flags] of Object.entries(trainingFlags)) {
    command.optionsGroup(group);
    for (const { path, flags: text, help, read, choices, sets } of flags) {
      if (without.includes(path)) continue;
      const option = new Option(text, `${help}${stated(valueAt(defaults, path))}`);
      if (choices) option.choices(choices);
      else if (read) option.argParser(read);
      command.addOption(option);
      if (sets !== undefined) command.option(negation(text), 'the opposite, over a configuration file');
    }
  }
}

/**
 * The training configuration: that of the configuration file with the flags over it, checked, with defaults.
 * @throws TaurecError `bad-option`, which names the flag where there is one
 */
export function trainConfigOf(flags: TrainingFlags, file: TrainConfigInput = {}): TrainConfig {
  try {
    return parseTrainConfig(trainInputOf(flags, file));
  } catch (error) {
    throw inFlags(error);
  }
}

/** The same as it was given: without defaults, not checked. Flags of `without` are another command's own. */
export function trainInputOf(
  flags: TrainingFlags,
  file: TrainConfigInput = {},
  without: readonly string[] = [],
): TrainConfigInput {
  const config: Record<string, unknown> = { ...file };
  for (const { path, flags: text, sets } of Object.values(trainingFlags).flat()) {
    if (without.includes(path)) continue;
    const given = flags[new Option(text).attributeName()];
    if (given !== undefined) setAt(config, path, sets === undefined ? given : sets === given);
  }
  for (const name of ['seed', 'threads', 'engine']) if (flags[name] !== undefined) config[name] = flags[name];
  config.loss = lossOf(flags, file.loss);
  if (config.loss === undefined) delete config.loss;
  config.backbone = backboneOf(flags, file.backbone);
  if (config.backbone === undefined) delete config.backbone;
  return config as TrainConfigInput;
}

/** The loss of the file, or that of the flags; --tau and the like change one option of either. */
function lossOf(flags: TrainingFlags, file: unknown): unknown {
  const { loss } = parseTrainConfig({}) as { loss: { name: string } };
  // The default's own options fit its default form alone.
  const byDefault = flags.form === undefined ? loss : { name: loss.name };
  return sourceOf({ kind: 'loss', method: 'evaluate', optionFlags: lossFlags }, flags, file, byDefault);
}

function backboneOf(flags: TrainingFlags, file: unknown): unknown {
  const { backbone } = parseTrainConfig({});
  return sourceOf({ kind: 'backbone', method: 'forward', optionFlags: backboneFlags }, flags, file, backbone);
}

/** A wrong option under the name that a person gave it: `--rows` for `batch.rows`. */
export function inFlags(error: unknown): unknown {
  if (!(error instanceof TaurecError) || error.code !== 'bad-option') return error;
  const flag = Object.values(trainingFlags)
    .flat()
    .find(({ path }) => path === error.facts.option);
  const option = flag && new Option(flag.flags).long;
  return option ? new TaurecError('bad-option', { ...error.facts, option }, { cause: error }) : error;
}

/** `--refit` → `--no-refit` */
export function negation(flags: string): string {
  return flags.replace(/^--/, '--no-');
}

function stated(value: unknown): string {
  return value === undefined || typeof value === 'boolean' ? '' : ` (default: ${value})`;
}

export function valueAt(config: object, path: string): unknown {
  return path.split('.').reduce((value: unknown, key) => (value as Record<string, unknown> | undefined)?.[key], config);
}

/** Sets config.a.b; `a: 'cosine'` in a file stands for `a: {name: 'cosine'}`. */
function setAt(config: Record<string, unknown>, path: string, value: unknown): void {
  const [first, second] = path.split('.') as [string, string?];
  if (second === undefined) {
    config[first] = value;
    return;
  }
  const group = config[first];
  config[first] = { ...(typeof group === 'string' ? { name: group } : (group as object | undefined)), [second]: value };
}
