import type { TrainConfigInput } from '../../../training/config.ts';
import { number } from '../parts/figures.ts';
import { type FormField, isInForce, type Value, type Values, valuesOf } from '../train/options.ts';

/** An option in which configurations differ. */
export interface Difference {
  readonly path: string;
  readonly title: string;
  /** [configurations] undefined where the option has no part: that of another loss, or one whose default is not known. */
  readonly values: readonly (Value | undefined)[];
}

/** The options in which configurations differ, in the order of the form; what a configuration does not state has its default. */
export function differences(configs: readonly TrainConfigInput[], fields: readonly FormField[]): readonly Difference[] {
  const stated = configs.map((config) => valuesOf(config));
  const known = fields.map(({ path }) => path);
  const paths = new Set([...known, ...stated.flatMap((values) => Object.keys(values))]);
  return [...paths].flatMap((path) => {
    const values = stated.map((own) => valueIn(own, path, fields));
    if (new Set(values).size < 2) return [];
    const title = fields.find((field) => field.path === path)?.title ?? path;
    return [{ path, title, values }];
  });
}

/** The value that an option has in a configuration. */
function valueIn(own: Values, path: string, fields: readonly FormField[]): Value | undefined {
  if (own[path] !== undefined) return own[path];
  const usual = Object.fromEntries(
    fields.flatMap((field) =>
      /^(loss|backbone)\.name$/.test(field.path) && field.usual !== undefined ? [[field.path, field.usual]] : [],
    ),
  );
  const field = fields.find((one) => one.path === path && isInForce(one, own, usual));
  // The default configuration states options of its loss; a loss that is named has its own defaults.
  const named = field?.of && own[`${field.of.kind}.name`] !== undefined;
  return field && !(field.stated && named) ? field.usual : undefined;
}

/** A value of an option as a text. */
export function shownValue(value: Value | undefined): string {
  if (value === undefined) return '–';
  return typeof value === 'number' ? number(value, 6) : typeof value === 'boolean' ? (value ? 'yes' : 'no') : value;
}
