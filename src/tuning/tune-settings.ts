import * as z from 'zod';
import {
  type DeclaredOption,
  declaredOptions,
  oneOf,
  option,
  optionGroup,
  optionNames,
  positive,
  whole,
} from '../option.ts';
import { halvingShape } from '../search/halving.ts';
import { parseSpace, type Space } from '../search/space.ts';
import { searchNames } from '../search/space-searches.ts';
import { metricName } from '../training/config.ts';
import { optionError } from '../training/option-errors.ts';

const group = 'Search:';

/** The declarations of all settings of a study. */
export const tuneShape = {
  /** Search space. Default: the space that the loss and the training options declare. */
  space: option(z.unknown().optional(), { help: 'search space' }),
  /** Search algorithm: `tpe` learns from earlier trials, `random` draws each trial independently, `grid` tries all combinations. Default `tpe`. */
  search: option(oneOf(searchNames).default('tpe'), {
    group,
    flag: '--search <name>',
    help: 'search algorithm',
    common: true,
  }),
  /** Number of trials, ≥ 1. Default: 24; 64 with a time budget; all combinations in a grid. */
  trials: option(whole(1).optional(), {
    group,
    flag: '--trials <number>',
    help: 'number of trials (default: 24; with a time budget 64; grid: all)',
    common: true,
  }),
  /** Successive halving: the lengths of the trainings, and the fraction of trials that reach each length. */
  halving: optionGroup(halvingShape).prefault({}),
  /** Validation metric that compares trials; larger is better. Default: `validation.metric` of the training options. */
  metric: option(metricName.optional(), {
    group,
    flag: '--metric <name@k>',
    help: 'metric that compares trials (default: that of the configuration file, else ndcg@20)',
  }),
  /** Seconds for the whole study, > 0. A training that would not end in time does not start. Default: no limit. */
  timeBudget: option(positive.optional(), {
    group,
    flag: '--time-budget <seconds>',
    help: 'seconds for the whole study, including full trainings of the best trials',
    common: true,
  }),
};

/** The declarations of how a study runs. They are no part of its identity: a study may be continued with others. */
export const studyShape = {
  /** Folder of the study, with `trials.db` and checkpoints. An existing study is continued. Default: tuning. */
  folder: option(z.string().optional(), {
    group,
    flag: '--folder <folder>',
    help: 'folder of the study (default: tuning/<name of the data>); an existing study is continued',
  }),
  /** Number of trainings at a time, ≥ 1. Default: one per thread, at most 8. With `queue`, the number of trainings in it; default 8. */
  jobs: option(whole(1).optional(), {
    group,
    flag: '--jobs <number>',
    help: 'trainings at a time, sharing the threads (default: all cores, at most 8)',
    common: true,
  }),
  /** URL of a queue, `redis://…` or `postgres://…`, whose workers (`runWorker`, `taurec worker`) do the trainings. */
  queue: option(z.string().optional(), {
    group,
    flag: '--queue <url>',
    help: 'run trials by `taurec worker` on any machine: redis://… or postgres://…',
    common: true,
  }),
  /** Which checkpoints of finished trainings to keep; `best`: only that of the best training. Default `all`. */
  keep: option(oneOf(['all', 'best']).default('all'), {
    group,
    flag: '--keep <which>',
    help: 'checkpoints of finished trials to keep',
  }),
};

const schema = optionGroup(tuneShape);

/** All settings with their paths. */
export const tuneOptions: readonly DeclaredOption[] = declaredOptions(tuneShape);

const studySchema = z.object(studyShape);
/** How a study runs, with the paths of the options. */
export const studyOptions: readonly DeclaredOption[] = declaredOptions(studyShape);
/** How a study runs: its folder, its parallel trainings, its queue, the checkpoints it keeps. */
export type StudyOptions = Readonly<z.input<typeof studySchema>>;

/** The settings of a study: the part `tune` of a configuration file. All are optional. */
export interface TuneSettings extends Omit<z.input<typeof schema>, 'space'> {
  /** Dimensions of the search space by the path of the training option: `{ 'loss.tau': { logUniform: [0.05, 0.5] } }`. */
  readonly space?: Space;
}

/** Checked settings with their defaults. */
type CheckedTuneSettings = Omit<z.output<typeof schema>, 'space'> & { readonly space?: Space };

/**
 * Checks the settings of a study and fills in the defaults.
 * @param shape the declarations. Default: all settings
 * @throws TaurecError `bad-option`, naming the option as `tune.…`; for an unknown option it names the nearest known one
 */
export function parseTuneSettings(input: unknown, shape: z.ZodRawShape = tuneShape): CheckedTuneSettings {
  const parsed = shape === tuneShape ? schema.safeParse(input) : (optionGroup(shape) as typeof schema).safeParse(input);
  if (!parsed.success) {
    // The paths get the prefix under which the configuration file has them.
    const issues = parsed.error.issues.map((issue) => ({ ...issue, path: ['tune', ...issue.path] }));
    throw optionError({ issues } as z.ZodError, { tune: input }, (path) => optionNames(shape, path.slice(1)));
  }
  const { space, ...rest } = parsed.data;
  return { ...rest, ...(space !== undefined && { space: parseSpace(space) }) };
}
