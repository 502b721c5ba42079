// The baselines of `taurec evaluate`: which to evaluate, with which options, and their evaluation.
import { type Command, InvalidArgumentError, Option } from 'commander';
import * as z from 'zod';
import type { Csr } from '../array/csr.ts';
import { TaurecError } from '../errors.ts';
import { itemKnnRanker, popularRanker, randomRanker } from '../evaluation/baselines.ts';
import { type EaseOptions, easeRanker, easeRefusal, easeShape } from '../evaluation/ease.ts';
import type { Evaluation } from '../evaluation/evaluator.ts';
import type { WorkOptions } from '../evaluation/in-slices.ts';
import type { UserRanker } from '../evaluation/rankers.ts';
import { type SlimOptions, slimRanker, slimShape } from '../evaluation/slim.ts';
import { checkOptions, declaredOptions } from '../option.ts';
import { addDeclaredFlags, declaredValues } from './declared-flags.ts';
import { type EvaluationRequest, evaluateRanker, type Watch } from './evaluate-model.ts';
import { UsageError } from './failure.ts';
import { words } from './parse.ts';

/** Builds each baseline, in the order of reports. */
const rankers = {
  random: ({ train, seed }) => randomRanker(seed, train.columns),
  popular: ({ train }) => popularRanker(train),
  'item-knn': ({ train }) => itemKnnRanker(train),
  ease: ({ train, options, work }) => easeRanker(train, { ...options.ease, ...work }),
  slim: ({ train, options, work }) => slimRanker(train, { ...options.slim, ...work }),
} satisfies Record<string, (source: BaselineSource) => UserRanker | Promise<UserRanker>>;

type BaselineName = keyof typeof rankers;
const names = Object.keys(rankers) as BaselineName[];

/** What a baseline is built from. `seed` is of the random one. */
interface BaselineSource {
  readonly train: Csr;
  readonly seed: number;
  readonly options: BaselineOptions;
  readonly work: WorkOptions;
}

/** The options of the baselines that have flags. */
interface BaselineOptions {
  readonly ease?: EaseOptions;
  readonly slim?: SlimOptions;
}

const shapes = { ease: z.object(easeShape), slim: z.object(slimShape) };
const declared = declaredOptions(shapes);

/** The flags of baselines. `true` means all of them. */
export interface BaselineFlags {
  baselines?: true | BaselineName[];
}

/** The baselines to evaluate, in the order of reports, and their options. */
interface ChosenBaselines {
  readonly names: readonly BaselineName[];
  readonly options: BaselineOptions;
}

/** The evaluations of baselines by name, and the errors of those that would take too much memory. */
export interface BaselineEvaluations {
  readonly evaluations: Readonly<Record<string, Evaluation>>;
  readonly refused: Readonly<Record<string, TaurecError>>;
}

/** Adds `--baselines` and the flags of the baselines' options. */
export function addBaselineFlags(command: Command): void {
  command.optionsGroup('Baselines:');
  const help = `also evaluate simple rankers: all of them, or those named (${names.join(', ')})`;
  command.addOption(new Option('--baselines [names]', help).argParser(baselineNames));
  addDeclaredFlags(command, declared);
}

/** Parses names of baselines separated by commas. */
function baselineNames(text: string): BaselineName[] {
  const given = words(text);
  const unknown = given.find((name) => !(names as string[]).includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`Known baselines: ${names.join(', ')}.`);
  return names.filter((name) => given.includes(name));
}

/**
 * The baselines that the flags ask for, with checked options.
 * @throws UsageError for an option of a baseline that is not asked for; TaurecError `bad-option`; the refusal of a baseline that is the only one
 */
export function chosenBaselines(flags: BaselineFlags, items: number): ChosenBaselines {
  const asked = flags.baselines === true ? names : (flags.baselines ?? []);
  const options: BaselineOptions = declaredValues(declared, flags);
  for (const name of ['ease', 'slim'] as const) {
    if (options[name] && !asked.includes(name))
      throw new UsageError(`The options of ${name} need --baselines ${name}, or --baselines for all.`);
  }
  checkFlags('ease', shapes.ease, options.ease);
  checkFlags('slim', shapes.slim, options.slim);
  const refusal = easeRefusal(items, options.ease);
  if (refusal && asked.join() === 'ease') throw refusal;
  return { names: asked, options };
}

/** Checks the options of a baseline. @throws TaurecError `bad-option`, whose option is the attribute of the flag: `easeRidge` for `ridge` */
function checkFlags(name: string, schema: z.ZodObject, options: object = {}): void {
  try {
    checkOptions(schema, options);
  } catch (error) {
    if (!(error instanceof TaurecError && error.code === 'bad-option')) throw error;
    const option = String(error.facts.option);
    const attribute = `${name}${option[0]!.toUpperCase()}${option.slice(1)}`;
    throw new TaurecError('bad-option', { ...error.facts, option: attribute });
  }
}

/**
 * Builds and evaluates the chosen baselines under the first protocol only. A baseline that would take too much memory is said and left out.
 * @param say receives the messages of refusals.
 */
export async function evaluateBaselines(
  chosen: ChosenBaselines,
  data: { train: Csr; valid?: Csr },
  test: Csr,
  { protocols, ks }: EvaluationRequest,
  seed: number,
  watch: Watch,
  say: (text: string) => void,
): Promise<BaselineEvaluations> {
  const first = { protocols: protocols.slice(0, 1), ks };
  const evaluations: Record<string, Evaluation> = {};
  const refused: Record<string, TaurecError> = {};
  for (const name of chosen.names) {
    try {
      const ranker = await built(name, data.train, chosen.options, seed, watch);
      // One protocol gives one evaluation.
      [evaluations[name]] = (await evaluateRanker(name, ranker, data, test, first, watch)) as [Evaluation];
    } catch (error) {
      if (!(error instanceof TaurecError && error.code === 'baseline-memory')) throw error;
      refused[name] = error;
      say(error.message);
    }
  }
  return { evaluations, refused };
}

/** Builds a baseline, with a progress display. */
async function built(
  name: BaselineName,
  train: Csr,
  options: BaselineOptions,
  seed: number,
  { signal, progress }: Watch,
): Promise<UserRanker> {
  progress?.start(`Building ${name}`, 'items');
  const onProgress = ({ part }: { part: number }) =>
    progress?.update(Math.max(1, Math.round(part * train.columns)), train.columns);
  try {
    return await rankers[name]({ train, seed, options, work: { signal, onProgress } });
  } finally {
    progress?.close();
  }
}
