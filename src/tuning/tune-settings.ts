import { z } from 'zod';
import type { DatasetOptions } from '../data/dataset.ts';
import { rankMetricNames } from '../evaluation/metrics.ts';
import { halvingSchema } from '../search/halving.ts';
import { parseSpace, type Space } from '../search/space.ts';
import { searchNames } from '../search/space-searches.ts';
import type { TrainConfigInput } from '../training/config.ts';
import { optionError } from '../training/option-errors.ts';

const metric = `a metric as 'ndcg@20'; metrics: ${rankMetricNames.join(', ')}`;

const shape = {
  /** The search space; absent: the default space of the loss. */
  space: z.unknown().optional(),
  /** The search: `tpe` learns from earlier trials, `random` does not, `grid` tries all combinations. */
  search: z.enum(searchNames, { error: `one of ${searchNames.join(', ')}` }).default('tpe'),
  /** Number of trials; absent: 24, with a time budget 64, in a grid all. */
  trials: z.int({ error: 'a whole number of at least 1' }).min(1, { error: 'a whole number of at least 1' }).optional(),
  /** Lengths of the trainings, and how many trials reach each. */
  halving: halvingSchema.prefault({}),
  /** The metric that compares trials, larger is better; absent: the metric of `validation`. */
  metric: z
    .string({ error: metric })
    .regex(new RegExp(`^(${rankMetricNames.join('|')})@[1-9]\\d*$`), { error: metric })
    .optional(),
  /** Seconds for the whole study: a training that would not end in time does not start. */
  timeBudget: z.number({ error: 'a number above 0' }).gt(0, { error: 'a number above 0' }).optional(),
};

const schema = z.strictObject(shape, {
  error: (issue) => (issue.code === 'invalid_type' ? 'an object' : undefined),
});

/** The part `tune` of a configuration file. */
export interface TuneSettings extends Omit<z.input<typeof schema>, 'space'> {
  /** Dimensions by the path of the training option: `{ 'loss.tau': { logUniform: [0.05, 0.5] } }`. */
  readonly space?: Space;
}

/** Checked settings, with defaults. */
type CheckedTuneSettings = Omit<z.output<typeof schema>, 'space'> & { readonly space?: Space };

/** @throws TaurecError `bad-option`, naming `tune.…`; an unknown option names the nearest known one */
export function parseTuneSettings(input: unknown): CheckedTuneSettings {
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    const known: Record<string, string[]> = { tune: Object.keys(shape), 'tune.halving': ['rungs', 'factor'] };
    const issues = parsed.error.issues.map((issue) => ({ ...issue, path: ['tune', ...issue.path] }));
    throw optionError({ issues } as z.ZodError, { tune: input }, (path) => known[path.join('.')] ?? []);
  }
  const { space, ...rest } = parsed.data;
  return { ...rest, ...(space !== undefined && { space: parseSpace(space) }) };
}

/** A configuration file of the command line: training options, the data, the model's folder, and the search of `taurec tune`. */
export type ConfigFile = TrainConfigInput & {
  /** The source of the interactions, and how they are read and split. */
  data?: Partial<DatasetOptions>;
  /** The model's folder. */
  out?: string;
  /** The search of `taurec tune`. */
  tune?: TuneSettings;
};

/** For configuration files: returns its argument, so that an editor knows the types and marks unknown options. */
export function defineConfig(config: ConfigFile): ConfigFile {
  return config;
}
