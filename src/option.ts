import * as z from 'zod';
import { TaurecError } from './errors.ts';

/** Options as given in a configuration, a program or JSON, before any check. */
export type RawOptions = Readonly<Record<string, unknown>>;

/** The range that `taurec tune` searches by default: a dimension of a search space, or a function that makes it from the option's value without tuning. */
export type DefaultSearch = DefaultRange | ((untuned: number) => DefaultRange);
/** A list of choices, or an interval on a linear or logarithmic scale. `start` is the first value to try. */
type DefaultRange =
  | { readonly choice: readonly unknown[] }
  | ({ readonly [kind in 'uniform' | 'logUniform']?: readonly [least: number, most: number] } & {
      readonly start?: number;
    });

/** The facts of an option that its schema does not hold. The schema holds type, bounds and default. */
export interface OptionFacts {
  /** The line in `--help` and docs/command-line.md. Choices and default are appended automatically. */
  readonly help: string;
  /** The flag on the command line, such as `--rows <number>`. Absent: the option can be set only in configuration files and programs. */
  readonly flag?: string;
  /** The value of a flag that is given without its number: `--explain` is `--explain 3`. */
  readonly bare?: number;
  /** The heading of the help section that lists the flag. */
  readonly group?: string;
  /** True for the most used options, which the short `--help` lists. */
  readonly common?: boolean;
  /** The value that a flag without an argument sets; its negation, `--no-…`, sets the opposite. */
  readonly sets?: boolean;
  /** The help line of the negation. */
  readonly opposite?: string;
  /** True when all commands share the flag, as with `--seed`; training then does not declare it a second time. */
  readonly shared?: boolean;
  /** Present when the value `auto` lets training choose the option by validation: the search that it does. */
  readonly automatic?: AutomaticSearch;
  /** What `taurec tune` searches when no space is given. */
  readonly search?: DefaultSearch;
  /** True when this range comes after those of the training options. A seeded search draws its dimensions in order, so the order is part of the result. */
  readonly searchLast?: boolean;
  /** The range by the score that the loss is trained with. */
  readonly searchByScore?: { readonly [score in 'cosine' | 'dot']?: DefaultSearch };
  /** The range when the popularity prior is given as a number and therefore not searched. */
  readonly searchWithoutPrior?: DefaultSearch;
  /** True when a search space must not name the option: different values could not be compared on validation, or do not change the result. */
  readonly fixed?: boolean;
  /** True of a `fixed` option whose values a person may compare, run by run (a sweep of the studio): a search must not choose a seed, but its spread can be looked at. */
  readonly compared?: boolean;
  /** True for a secret: errors tell its length only. */
  readonly secret?: boolean;
  /** For what is given by name, module or object (a loss): its kind, and the options of each built-in. */
  readonly source?: SourceFacts;
}

/** The facts of an option that takes a name, a module or an object. */
export interface SourceFacts {
  readonly kind: 'loss' | 'backbone' | 'pool' | 'sampler';
  /** The method by which an object of this kind is recognised. */
  readonly method: string;
  /** The options of each built-in, by its name. Their flags become flags of training. */
  readonly builtIn: Readonly<Record<string, OptionSet>>;
}

/** The lattice on which training searches an option that is `auto`: start · factor^k, or start + k · step, for whole k, within least … most. */
export interface AutomaticSearch {
  /** The start, for a catalogue of `items` and the aim of the training. */
  readonly start: (run: { readonly items: number; readonly aim: 'accuracy' | 'discovery' }) => number;
  readonly stride: { readonly factor: number } | { readonly step: number };
  readonly least: number;
  readonly most: number;
}

const factsBySchema = new WeakMap<z.ZodType, OptionFacts>();

/**
 * Declares an option: `schema` says what it accepts, with its default; `facts` says the rest. Returns the schema.
 *
 * The facts belong to this very schema object: a schema derived from it, such as `.optional()`, has none.
 */
export function option<T extends z.ZodType>(schema: T, facts: OptionFacts): T {
  factsBySchema.set(schema, facts);
  return schema;
}

/** The facts that an option was declared with; undefined for other schemas. */
export function optionFacts(schema: z.ZodType): OptionFacts | undefined {
  return factsBySchema.get(schema);
}

/** A finite number for which `holds` is true; `expected` describes the condition in errors. */
export const numberWhere = (expected: string, holds: (x: number) => boolean) =>
  z.number({ error: expected }).refine(holds, { error: expected });
/** A text for which `holds` is true; `expected` says so in words. */
export const textWhere = (expected: string, holds: (x: string) => boolean) =>
  z.string({ error: expected }).refine(holds, { error: expected });
/** A whole number of at least `least`, and at most `most` where that is given. */
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER) => {
  const expected =
    most === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${least}`
      : `a whole number from ${least} to ${most}`;
  return z.int({ error: expected }).min(least, { error: expected }).max(most, { error: expected });
};
/** A declared whole number with an upper bound, for a server. */
export const upTo = (declared: z.ZodDefault<z.ZodInt>, most: number) => whole(declared.unwrap().minValue!, most);
/** A finite number of at least `least`. */
export const atLeast = (least: number) => {
  const expected = `a number of at least ${least}`;
  return z.number({ error: expected }).min(least, { error: expected });
};
/** A number in [least, most]. */
export const within = (least: number, most: number) => {
  const expected = `a number from ${least} to ${most}`;
  return z.number({ error: expected }).min(least, { error: expected }).max(most, { error: expected });
};
/** Any finite number. */
export const finite = z.number({ error: 'a number' });
/** A finite number above 0. */
export const positive = z.number({ error: 'a number above 0' }).gt(0, { error: 'a number above 0' });
/** A finite number of at least 0. */
export const notNegative = atLeast(0);
/** A number within bounds, named as in JSON Schema, which `trainConfigJsonSchema` writes them to. `expected` says so in words. */
const bounded = (
  expected: string,
  bounds: { readonly [bound in 'minimum' | 'exclusiveMinimum' | 'maximum' | 'exclusiveMaximum']?: number },
) => {
  const { minimum = -Infinity, exclusiveMinimum = -Infinity, maximum = Infinity, exclusiveMaximum = Infinity } = bounds;
  const holds = (x: number) => x >= minimum && x > exclusiveMinimum && x <= maximum && x < exclusiveMaximum;
  return numberWhere(expected, holds).meta(bounds);
};
/** A number in [0, 1). */
export const fraction = bounded('a number in [0, 1)', { minimum: 0, exclusiveMaximum: 1 });
/** A number between 0 and 1, both excluded. */
export const properFraction = bounded('a number between 0 and 1, both excluded', {
  exclusiveMinimum: 0,
  exclusiveMaximum: 1,
});
/** A number in (0, 1]. */
export const share = bounded('a number in (0, 1]', { exclusiveMinimum: 0, maximum: 1 });
/** A number above 0; `word` names the alternative in errors. */
const positiveOr = (word: string) => {
  const error = `a number above 0 or ${word}`;
  return z.number({ error }).gt(0, { error });
};
/** A temperature: above 0, or Infinity, which JSON writes as "inf". */
export const temperature = z
  .union([z.literal('inf').transform(() => Infinity), z.literal(Infinity), positiveOr('"inf"')], {
    error: 'a number above 0 or "inf"',
  })
  .transform((tau): number => tau);
/** True or false. */
export const yesOrNo = z.boolean({ error: 'true or false' });
/** One of the names. */
export const oneOf = <const T extends readonly [string, ...string[]]>(names: T) =>
  z.enum(names, { error: `one of ${names.join(', ')}` });

/** An object of options that rejects unknown keys. */
export const optionGroup = <T extends z.ZodRawShape>(shape: T) =>
  z.strictObject(shape, { error: (issue) => (issue.code === 'invalid_type' ? 'an object' : undefined) });

/**
 * The options with their defaults. Names that are not declared are left out.
 * @param kinds what an option names, by the option, where the error of an unknown name lists the known ones: `{ engine: 'engine' }`
 * @throws TaurecError `bad-option` for a value out of bounds, `unknown-name` for an option of `kinds`
 */
export function checkOptions<T extends z.ZodRawShape>(
  schema: z.ZodObject<T>,
  given: object,
  kinds: Readonly<Record<string, string>> = {},
): z.output<z.ZodObject<T>> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const { path, message: expected } = parsed.error.issues[0]!;
  const option = String(path[0]);
  const declared = schema.shape[option] as z.ZodType;
  const value = path.reduce((of: unknown, key) => (of as Record<PropertyKey, unknown> | null)?.[key], given);
  const kind = kinds[option];
  if (kind !== undefined)
    throw new TaurecError('unknown-name', { kind, got: value, known: accepted(declared).choices });
  const got = optionFacts(declared)?.secret ? `${String(value).length} characters` : value;
  throw new TaurecError('bad-option', { option, got, expected });
}

/** The options of one loss or backbone: declared once, read and checked by the constructor, listed by the command line. */
export class OptionSet<S extends z.ZodRawShape = z.ZodRawShape> {
  /** The kind of thing that `name` names, for errors: `loss`. */
  readonly kind: string;
  /** The name of the loss or backbone; errors write an option as `<name>.<option>`. */
  readonly name: string;
  /** The declaration of each option. */
  readonly shape: S;
  readonly #schema: z.ZodObject<S>;

  /** @param kind the kind of thing that `name` names, for errors: `loss` */
  constructor(kind: string, name: string, shape: S) {
    this.kind = kind;
    this.name = name;
    this.shape = shape;
    this.#schema = z.object(shape);
  }

  /**
   * Returns the options, checked and complete with defaults.
   * @throws TaurecError `unknown-name` for an undeclared option, `bad-option` (`<name>.<option>`) for a value out of bounds
   */
  read(given: RawOptions): z.output<z.ZodObject<S>> {
    const known = Object.keys(this.shape);
    for (const option of Object.keys(given)) {
      if (!known.includes(option)) {
        throw new TaurecError('unknown-name', { kind: `option of ${this.kind} ${this.name}`, got: option, known });
      }
    }
    // null and undefined both mean "not given": JSON files may contain null.
    const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value != null));
    const parsed = this.#schema.safeParse(stated);
    if (parsed.success) return parsed.data;
    const { path, message } = parsed.error.issues[0]!;
    return this.fail(given, String(path[0]), message);
  }

  /**
   * Rejects the value of an option, named as `<name>.<option>`.
   * @throws TaurecError `bad-option`, always
   */
  fail(given: RawOptions, option: string, expected: string, remedy?: string): never {
    throw new TaurecError('bad-option', { option: `${this.name}.${option}`, got: given[option], expected, remedy });
  }
}

/** The options of a set as a program writes them: everything may be omitted. */
export type OptionsOf<T> = T extends OptionSet<infer S> ? Readonly<z.input<z.ZodObject<S>>> : never;

/** Option values as JSON can hold them: "inf" for Infinity. Undefined values are dropped. */
export function writtenOptions<T extends Readonly<Record<string, number | string | undefined>>>(
  values: T,
): Readonly<Record<string, number | string>> {
  const stated = Object.entries(values).filter((entry): entry is [string, number | string] => entry[1] !== undefined);
  return Object.fromEntries(stated.map(([name, value]) => [name, value === Infinity ? 'inf' : value]));
}

/** A declared option with its path in the configuration. */
export interface DeclaredOption {
  /** The keys from the root of the configuration, joined by dots: `batch.rows`. */
  readonly path: string;
  readonly schema: z.ZodType;
  /** Undefined for a schema that was declared without facts. */
  readonly facts: OptionFacts | undefined;
}

/** All options of a table of declarations, in order, including those inside groups. */
export function declaredOptions(shape: z.ZodRawShape, prefix = ''): DeclaredOption[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`;
    const facts = optionFacts(schema as z.ZodType);
    // A schema with facts is one option, even when it is an object (a loss).
    const inner = facts ? undefined : shapeWithin(schema as z.ZodType);
    return inner ? declaredOptions(inner, `${path}.`) : [{ path, schema: schema as z.ZodType, facts }];
  });
}

/** The names of the options at a path of a table; `[]` is the table itself. Empty for a path that is no group. */
export function optionNames(shape: z.ZodRawShape, path: readonly PropertyKey[] = []): string[] {
  const [first, ...rest] = path;
  if (first === undefined) return Object.keys(shape);
  const inner = Object.hasOwn(shape, first) ? shapeWithin(shape[first as string] as z.ZodType) : undefined;
  return inner ? optionNames(inner, rest) : [];
}

/** The values that an option accepts, as the command line needs them. */
export interface Accepted {
  /** The names to choose from. */
  readonly choices: readonly string[];
  /** Words that are allowed in place of a number: `auto`, `all`, `inf`. */
  readonly words: readonly string[];
  /** Present for an option that takes a number: whether it must be an integer, and its bounds. */
  readonly number?: { readonly whole: boolean; readonly least: number; readonly most: number };
  /** True when a list is taken. */
  readonly list?: boolean;
}

/** The values that a schema accepts. Reading them from the schema keeps it the only place that states choices and bounds. */
export function accepted(schema: z.ZodType): Accepted {
  const inner = innerOf(schema);
  // Defaults, optionals and transformations do not change the accepted values.
  if (inner) return accepted(inner);
  if (schema instanceof z.ZodArray) return { ...accepted(schema.element as z.ZodType), list: true };
  if (schema instanceof z.ZodUnion) {
    // Any text is taken: nothing to choose from.
    if (schema.options.some((one) => one instanceof z.ZodString)) return { choices: [], words: [] };
    return (schema.options as z.ZodType[]).map(accepted).reduce((all, one) => ({
      choices: [...all.choices, ...one.choices],
      words: [...all.words, ...one.words],
      number: all.number ?? one.number,
    }));
  }
  if (schema instanceof z.ZodEnum) return { choices: schema.options.map(String), words: [] };
  if (schema instanceof z.ZodLiteral)
    return { choices: [], words: [...schema.values].filter((value) => typeof value === 'string') };
  if (schema instanceof z.ZodNumber)
    return {
      choices: [],
      words: [],
      number: { whole: schema.isInt, least: schema.minValue ?? -Infinity, most: schema.maxValue ?? Infinity },
    };
  return { choices: [], words: [] };
}

/** The default of an option; undefined if there is none. */
export function defaultOf(schema: z.ZodType): unknown {
  return schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
}

/** The declarations inside a group; undefined for a schema that is no group. */
function shapeWithin(schema: z.ZodType): z.ZodRawShape | undefined {
  if (schema instanceof z.ZodObject) return schema.shape;
  // Of a preprocessing pipe (`named`) the object is the output side.
  if (schema instanceof z.ZodPipe && !(schema.in instanceof z.ZodObject)) return shapeWithin(schema.out as z.ZodType);
  const inner = innerOf(schema);
  return inner && shapeWithin(inner);
}

/** The schema inside a default, an optional or a transformation; undefined for a plain schema. */
function innerOf(schema: z.ZodType): z.ZodType | undefined {
  if (
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault ||
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodReadonly
  ) {
    return schema.unwrap() as z.ZodType;
  }
  return schema instanceof z.ZodPipe ? (schema.in as z.ZodType) : undefined;
}

/** A loss or backbone in a configuration: by name, by module, or as an object. */
export type NamedSource<T extends object> = { readonly name: string; readonly options?: RawOptions } | ModuleSource | T;

/** A module with the export to use (default `default`) and the options for its class or factory. */
export interface ModuleSource {
  /** A path (relative to the working directory), a URL or a package. */
  readonly module: string;
  /** Name of the export. Default 'default'. */
  readonly export?: string;
  /** Argument of the exported class or factory. */
  readonly options?: RawOptions;
}

/**
 * Reads a source: a name, {name, …options}, {module, export, options}, or an object with the function `method`, a name and parameters. Undefined for anything else.
 *
 * Options may be written next to the name or under `options`. "inf", as JSON writes it, becomes Infinity.
 */
export function namedSource<T extends object>(value: unknown, method: keyof T & string): NamedSource<T> | undefined {
  if (typeof value === 'string') return { name: value, options: {} };
  if (typeof value !== 'object' || value === null) return undefined;
  // An object with the method is meant as the object itself: it is never read as {name, …options}.
  if (method in value) {
    const { name, parameters, [method]: called } = value as Record<string, unknown>;
    const whole = typeof called === 'function' && typeof name === 'string' && typeof parameters === 'object';
    return whole ? (value as T) : undefined;
  }
  const { name, module, export: exported, options, ...rest } = value as Record<string, unknown>;
  if (options !== undefined && (typeof options !== 'object' || options === null)) return undefined;
  const all = withInfinity({ ...rest, ...options });
  if (typeof module === 'string' && name === undefined && (exported === undefined || typeof exported === 'string')) {
    return exported === undefined ? { module, options: all } : { module, export: exported, options: all };
  }
  return typeof name === 'string' && module === undefined && exported === undefined
    ? { name, options: all }
    : undefined;
}

/** A source as JSON can hold it; an object is reduced to its name and parameters. */
export function writtenSource(
  source: NamedSource<{ readonly name: string; readonly parameters: object }>,
): Exclude<NamedSource<never>, never> {
  return 'parameters' in source
    ? { name: source.name, options: source.parameters as Readonly<Record<string, unknown>> }
    : source;
}

/** The options with every "inf" replaced by Infinity. */
function withInfinity(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([key, x]) => [key, x === 'inf' ? Infinity : x]));
}

/** A source without a built-in name: a module, or the object itself. */
export type CustomSource<T extends object> = ModuleSource | T;

/** The schema of a custom pool or sampler: a module, or an object with the function `method`, a name and parameters. */
export function customSource<T extends object>(method: keyof T & string) {
  return z.unknown().transform((value, context): CustomSource<T> => {
    const source = typeof value === 'object' && value !== null ? namedSource<T>(value, method) : undefined;
    if (source && (method in source || 'module' in source)) return source as CustomSource<T>;
    context.addIssue({
      code: 'custom',
      message: `{module, export, options}, or an object with name, parameters and ${method}`,
    });
    return z.NEVER;
  });
}
