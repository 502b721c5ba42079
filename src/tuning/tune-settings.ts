import { z } from 'zod';
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

/** Every setting of a study, declared once. */
export const tuneShape = {
  /** The search space; absent: the default space of the loss. */
  space: option(z.unknown().optional(), { help: 'search space' }),
  /** The search: `tpe` learns from earlier trials, `random` does not, `grid` tries all combinations. */
  search: option(oneOf(searchNames).default('tpe'), {
    group,
    flag: '--search <name>',
    help: 'search algorithm',
    common: true,
  }),
  /** Number of trials; absent: 24, with a time budget 64, in a grid all. */
  trials: option(whole(1).optional(), {
    group,
    flag: '--trials <number>',
    help: 'number of trials (default: 24; with a time budget 64; grid: all)',
    common: true,
  }),
  /** Lengths of the trainings, and how many trials reach each. */
  halving: optionGroup(halvingShape).prefault({}),
  /** The metric that compares trials, larger is better; absent: the metric of `validation`. */
  metric: option(metricName.optional(), {
    group,
    flag: '--metric <name@k>',
    help: 'metric to compare trials by (default: as in the configuration file, else ndcg@20)',
  }),
  /** Seconds for the whole study: a training that would not end in time does not start. */
  timeBudget: option(positive.optional(), {
    group,
    flag: '--time-budget <seconds>',
    help: 'seconds for the whole study, including full trainings of the best trials',
    common: true,
  }),
};

const schema = optionGroup(tuneShape);

/** Every setting with its path. */
export const tuneOptions: readonly DeclaredOption[] = declaredOptions(tuneShape);

/** The part `tune` of a configuration file. */
export interface TuneSettings extends Omit<z.input<typeof schema>, 'space'> {
  /** Dimensions by the path of the training option: `{ 'loss.tau': { logUniform: [0.05, 0.5] } }`. */
  readonly space?: Space;
}

/** Checked settings, with defaults. */
type CheckedTuneSettings = Omit<z.output<typeof schema>, 'space'> & { readonly space?: Space };

/**
 * @param shape the declarations, when they are not all of them
 * @throws TaurecError `bad-option`, naming `tune.…`; an unknown option names the nearest known one
 */
export function parseTuneSettings(input: unknown, shape: z.ZodRawShape = tuneShape): CheckedTuneSettings {
  const parsed = shape === tuneShape ? schema.safeParse(input) : (optionGroup(shape) as typeof schema).safeParse(input);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => ({ ...issue, path: ['tune', ...issue.path] }));
    throw optionError({ issues } as z.ZodError, { tune: input }, (path) => optionNames(shape, path.slice(1)));
  }
  const { space, ...rest } = parsed.data;
  return { ...rest, ...(space !== undefined && { space: parseSpace(space) }) };
}
