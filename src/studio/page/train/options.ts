import type { TrainConfigInput } from '../../../training/config.ts';

/** A value of an option; words stand for numbers where the option takes some: `auto`, `off`, `all`, `inf`. */
export type Value = number | string | boolean;

/** The options that a person changed, by their path in the configuration: `loss.options.tau`. What is not here has its default. */
export type Values = Readonly<Record<string, Value>>;

/** An option as a form shows it. */
export interface FormField {
  readonly path: string;
  readonly title: string;
  /** One sentence. */
  readonly help?: string;
  readonly kind: 'number' | 'choice' | 'switch';
  readonly choices?: readonly string[];
  /** Words that may stand in place of a number. */
  readonly words?: readonly string[];
  readonly whole?: boolean;
  readonly least?: number;
  readonly most?: number;
  /** True where the value must be above `least`, not equal to it. */
  readonly above?: boolean;
  /** True where the value must be below `most`. */
  readonly below?: boolean;
  /** The heading under which it stands among the others. */
  readonly group?: string;
  /** True for an option whose values cannot be compared: it changes no result, or what results are measured by. */
  readonly fixed?: boolean;
  readonly usual?: Value;
  /** True where `usual` stands in the default configuration, rather than being the option's own default. */
  readonly stated?: true;
  /** The built-in loss or backbone that the option belongs to. */
  readonly of?: { readonly kind: 'loss' | 'backbone'; readonly name: string };
}

/** The configuration that a form shows: the changed options, and what its defaults state besides. */
export function configOf(values: Values, fields: readonly FormField[]): TrainConfigInput {
  const config: Record<string, unknown> = {};
  for (const [path, value] of Object.entries({ ...statedBeside(values, fields), ...values })) {
    const keys = path.split('.');
    let group = config;
    for (const key of keys.slice(0, -1)) {
      group[key] ??= {};
      group = group[key] as Record<string, unknown>;
    }
    group[keys.at(-1)!] = value;
  }
  return config as TrainConfigInput;
}

/** What the defaults state, and the name of the default loss or backbone where one of its options is given. */
function statedBeside(values: Values, fields: readonly FormField[]): Values {
  const stated = usualOf(fieldsInForce(values, fields).filter((field) => field.stated));
  const given = Object.keys({ ...values, ...stated });
  const names = fields.filter(
    ({ path }) =>
      /^(loss|backbone)\.name$/.test(path) && given.some((one) => one.startsWith(path.replace(/name$/, 'options.'))),
  );
  return { ...usualOf(names), ...stated };
}

/** The changed options of a configuration. Options of a loss or backbone may stand beside its name or under `options`; a name may stand alone. */
export function valuesOf(config: TrainConfigInput): Values {
  const values: Record<string, Value> = {};
  const visit = (prefix: string, value: unknown): void => {
    if (value === undefined || value === null) return;
    if (typeof value !== 'object') {
      const named = prefix === 'loss' || prefix === 'backbone';
      values[named ? `${prefix}.name` : prefix] = value as Value;
      return;
    }
    for (const [key, inner] of Object.entries(value)) {
      const beside = /^(loss|backbone)$/.test(prefix) && key !== 'name' && key !== 'options';
      visit([prefix, beside ? 'options' : '', key].filter(Boolean).join('.'), inner);
    }
  };
  visit('', config);
  return values;
}

/** Reads what a person typed or an address holds; undefined for an empty text, a `fault` in words for what the option does not take. */
export function readValue(field: FormField, text: string): { readonly value?: Value; readonly fault?: string } {
  const given = text.trim();
  if (given === '') return {};
  if (field.kind === 'switch')
    return given === 'true' || given === 'false' ? { value: given === 'true' } : { fault: 'true or false' };
  if (field.kind === 'choice')
    return field.choices?.includes(given) ? { value: given } : { fault: `one of ${field.choices?.join(', ')}` };
  if (field.words?.includes(given)) return { value: given };
  const value = Number(given.replace(',', '.').replace('−', '-'));
  return takes(field, value) ? { value } : { fault: expected(field) };
}

/** The changed options that an address names. What cannot be read is left out. */
export function valuesOfOptions(options: Readonly<Record<string, string>>, fields: readonly FormField[]): Values {
  const values: Record<string, Value> = {};
  const usual = usualOf(fields);
  for (const field of fields) {
    const { value } = readValue(field, options[field.path] ?? '');
    if (value !== undefined && isInForce(field, named(options), usual)) values[field.path] = value;
  }
  return values;
}

/** The values that have a part and differ from the defaults: what is left of changes when the defaults become others. */
export function changedOf(values: Values, fields: readonly FormField[]): Values {
  const usual = new Map(fieldsInForce(values, fields).map((field) => [field.path, field.usual]));
  return Object.fromEntries(
    Object.entries(values).filter(([path, value]) => usual.has(path) && value !== usual.get(path)),
  );
}

/** The defaults by path. */
export function usualOf(fields: readonly FormField[]): Values {
  return Object.fromEntries(fields.flatMap(({ path, usual }) => (usual === undefined ? [] : [[path, usual]])));
}

/** The changed options as texts of an address. */
export function optionsOfValues(values: Values): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values).map(([path, value]) => [path, String(value)]));
}

/** The fields without options of a loss or backbone that is not the chosen one. */
export function fieldsInForce(values: Values, fields: readonly FormField[]): readonly FormField[] {
  const usual = usualOf(fields);
  return fields.filter((field) => isInForce(field, values, usual));
}

/** False for an option of a loss or backbone that is not the chosen one. */
export function isInForce({ of }: FormField, values: Values, usual: Values): boolean {
  if (!of) return true;
  const path = `${of.kind}.name`;
  return (values[path] ?? usual[path]) === of.name;
}

/** Changes one option; a value that is the default, or undefined, removes it. A new loss or backbone takes the options of the old one away, but for those that both have. */
export function withValue(
  values: Values,
  field: FormField,
  value: Value | undefined,
  fields: readonly FormField[],
): Values {
  const next: Record<string, Value> = { ...values };
  if (value === undefined || value === field.usual) delete next[field.path];
  else next[field.path] = value;
  const [kind] = /^(loss|backbone)(?=\.name$)/.exec(field.path) ?? [];
  if (kind)
    for (const path of Object.keys(next)) {
      if (!path.startsWith(`${kind}.options.`)) continue;
      const own = fields.find((one) => one.path === path && one.of?.name === value);
      if (!own || readValue(own, String(next[path])).fault !== undefined) delete next[path];
    }
  return next;
}

/** What an option takes, in words: `a whole number of at least 1, all`. */
export function expected({ whole, least, most, above, below, words = [] }: FormField): string {
  const low = least === undefined ? '' : above ? ` above ${least}` : ` of at least ${least}`;
  const high = most === undefined ? '' : `${low && ' and'} ${below ? 'below' : 'of at most'} ${most}`;
  const all = [`${whole ? 'a whole number' : 'a number'}${low}${high}`, ...words];
  return all.length === 1 ? all[0]! : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`;
}

function takes({ whole, least = -Infinity, most = Infinity, above, below }: FormField, value: number): boolean {
  return (
    Number.isFinite(value) &&
    (above ? value > least : value >= least) &&
    (below ? value < most : value <= most) &&
    (!whole || Number.isInteger(value))
  );
}

/** The names of loss and backbone that an address has. */
function named(options: Readonly<Record<string, string>>): Values {
  return Object.fromEntries(
    ['loss.name', 'backbone.name'].flatMap((path) => (options[path] === undefined ? [] : [[path, options[path]]])),
  );
}
