import * as z from 'zod';
import { TaurecError } from './errors.ts';

/** Options as a configuration, a program or JSON gives them. */
export type RawOptions = Readonly<Record<string, unknown>>;

/** The range that `taurec tune` searches by default: a dimension of a search space, or a function that makes it from the value the option has without tuning. */
export type DefaultSearch = DefaultRange | ((untuned: number) => DefaultRange);
type DefaultRange =
  | { readonly choice: readonly unknown[] }
  | ({ readonly [kind in 'uniform' | 'logUniform']?: readonly [least: number, most: number] } & {
      readonly start?: number;
    });

/** What the declaration of an option says beside its type, bounds and default. */
export interface OptionFacts {
  /** The line of `--help` and of docs/command-line.md; choices and default are added to it. */
  readonly help: string;
  /** The flag of the command line: `--rows <number>`. Absent: the option is set in configuration files and programs only. */
  readonly flag?: string;
  /** Heading of the help under which the flag is listed. */
  readonly group?: string;
  /** True for the most used options, which `--help` shows without `--help-all`. */
  readonly common?: boolean;
  /** What a flag without a value sets; its negation, `--no-…`, sets the opposite. */
  readonly sets?: boolean;
  /** The help of that negation. */
  readonly opposite?: string;
  /** True when other commands have the flag too: `--seed`. Training adds no second one. */
  readonly shared?: boolean;
  /** Present when the value `auto` lets training choose the option by validation: the search that it does. */
  readonly automatic?: AutomaticSearch;
  /** What `taurec tune` searches when no space is given. */
  readonly search?: DefaultSearch;
  /** True when the range comes after those of training options: a seeded search draws its dimensions in order. */
  readonly searchLast?: boolean;
  /** The same, by the score that the loss is trained with. */
  readonly searchByScore?: { readonly [score in 'cosine' | 'dot']?: DefaultSearch };
  /** The same, in place of the popularity prior, where that is given as a number. */
  readonly searchWithoutPrior?: DefaultSearch;
  /** True when an option with another value could not be compared on validation, or changes no result: no space may name it. */
  readonly fixed?: boolean;
  /** True for a secret: errors tell its length only. */
  readonly secret?: boolean;
  /** For what is given by name, module or object (a loss): its kind, and the options of each built-in. */
  readonly source?: SourceFacts;
}

/** How something that is given by name, by module or as an object is recognised. */
export interface SourceFacts {
  readonly kind: 'loss' | 'backbone' | 'pool' | 'sampler';
  /** The function that an object of this kind has. */
  readonly method: string;
  /** The options of each built-in by its name; their flags are flags of training. */
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

/** Declares an option: what it accepts, with its default, by zod, and the rest by its facts. Gives the schema back. */
export function option<T extends z.ZodType>(schema: T, facts: OptionFacts): T {
  factsBySchema.set(schema, facts);
  return schema;
}

/** The facts that an option was declared with. */
export function optionFacts(schema: z.ZodType): OptionFacts | undefined {
  return factsBySchema.get(schema);
}

/** A number for which `holds` is true; `expected` says so in words. NaN and Infinity are refused. */
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
/** A number of at least `least`, and at most `most` where that is given. */
export const atLeast = (least: number) => {
  const expected = `a number of at least ${least}`;
  return z.number({ error: expected }).min(least, { error: expected });
};
/** A number from `least` to `most`. */
export const within = (least: number, most: number) => {
  const expected = `a number in [${least}, ${most}]`;
  return z.number({ error: expected }).min(least, { error: expected }).max(most, { error: expected });
};
/** Any finite number. */
export const finite = z.number({ error: 'a number' });
/** A finite number above 0. */
export const positive = z.number({ error: 'a number above 0' }).gt(0, { error: 'a number above 0' });
/** A finite number of at least 0. */
export const notNegative = atLeast(0);
/** A number in [0, 1). */
export const fraction = numberWhere('a number in [0, 1)', (x) => x >= 0 && x < 1);
/** A number in (0, 1]. */
export const share = numberWhere('a number in (0, 1]', (x) => x > 0 && x <= 1);
const positiveOr = (word: string) => {
  const error = `a number above 0 or ${word}`;
  return z.number({ error }).gt(0, { error });
};
/** A temperature: above 0; Infinity, which JSON writes "inf", is legal. */
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

/** An object of options that refuses keys it does not know. */
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
  readonly kind: string;
  readonly name: string;
  readonly shape: S;
  readonly #schema: z.ZodObject<S>;

  /** @param kind what `name` is, in errors: `loss` */
  constructor(kind: string, name: string, shape: S) {
    this.kind = kind;
    this.name = name;
    this.shape = shape;
    this.#schema = z.object(shape);
  }

  /**
   * The options with their defaults.
   * @throws TaurecError `unknown-name` for an option that is not declared, `bad-option` (`<name>.<option>`) for a value out of bounds
   */
  read(given: RawOptions): z.output<z.ZodObject<S>> {
    const known = Object.keys(this.shape);
    for (const option of Object.keys(given)) {
      if (!known.includes(option)) {
        throw new TaurecError('unknown-name', { kind: `option of ${this.kind} ${this.name}`, got: option, known });
      }
    }
    // null, as JSON may have it, is no value
    const stated = Object.fromEntries(Object.entries(given).filter(([, value]) => value != null));
    const parsed = this.#schema.safeParse(stated);
    if (parsed.success) return parsed.data;
    const { path, message } = parsed.error.issues[0]!;
    return this.fail(given, String(path[0]), message);
  }

  /** Refuses the value of an option: the error names it as `<name>.<option>`. */
  fail(given: RawOptions, option: string, expected: string, remedy?: string): never {
    throw new TaurecError('bad-option', { option: `${this.name}.${option}`, got: given[option], expected, remedy });
  }
}

/** What a program writes for the options of a set. */
export type OptionsOf<T> = T extends OptionSet<infer S> ? Readonly<z.input<z.ZodObject<S>>> : never;

/** Values as JSON holds them: "inf" for Infinity; what is undefined is left out. */
export function writtenOptions<T extends Readonly<Record<string, number | string | undefined>>>(
  values: T,
): Readonly<Record<string, number | string>> {
  const stated = Object.entries(values).filter((entry): entry is [string, number | string] => entry[1] !== undefined);
  return Object.fromEntries(stated.map(([name, value]) => [name, value === Infinity ? 'inf' : value]));
}

/** One declared option with its place in the configuration. */
export interface DeclaredOption {
  /** `batch.rows` */
  readonly path: string;
  readonly schema: z.ZodType;
  /** Undefined when the declaration registers none. */
  readonly facts: OptionFacts | undefined;
}

/** Every option of a table of declarations, in order; groups of options are entered. */
export function declaredOptions(shape: z.ZodRawShape, prefix = ''): DeclaredOption[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`;
    const facts = optionFacts(schema as z.ZodType);
    const inner = facts ? undefined : shapeWithin(schema as z.ZodType);
    return inner ? declaredOptions(inner, `${path}.`) : [{ path, schema: schema as z.ZodType, facts }];
  });
}

/** The names of the options at a path of a table, `[]` for its own. */
export function optionNames(shape: z.ZodRawShape, path: readonly PropertyKey[] = []): string[] {
  const [first, ...rest] = path;
  if (first === undefined) return Object.keys(shape);
  const inner = Object.hasOwn(shape, first) ? shapeWithin(shape[first as string] as z.ZodType) : undefined;
  return inner ? optionNames(inner, rest) : [];
}

/** What an option takes, as the command line needs to know it. */
export interface Accepted {
  /** Names to choose from. */
  readonly choices: readonly string[];
  /** Words that stand for a number: `auto`, `all`, `inf`. */
  readonly words: readonly string[];
  readonly number?: { readonly whole: boolean; readonly least: number };
  /** True when a list is taken. */
  readonly list?: boolean;
}

/** What a declaration accepts: its choices and bounds are written nowhere else. */
export function accepted(schema: z.ZodType): Accepted {
  const inner = innerOf(schema);
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
    return { choices: [], words: [], number: { whole: schema.isInt, least: schema.minValue ?? -Infinity } };
  return { choices: [], words: [] };
}

/** The default of an option; undefined without one. */
export function defaultOf(schema: z.ZodType): unknown {
  return schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined;
}

/** The options inside a group. */
function shapeWithin(schema: z.ZodType): z.ZodRawShape | undefined {
  if (schema instanceof z.ZodObject) return schema.shape;
  if (schema instanceof z.ZodPipe && !(schema.in instanceof z.ZodObject)) return shapeWithin(schema.out as z.ZodType);
  const inner = innerOf(schema);
  return inner && shapeWithin(inner);
}

/** What a default, an absence or a transformation is put around. */
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

/** What a configuration names by name, by module, or gives as the object itself: a loss, a backbone. */
export type NamedSource<T extends object> = { readonly name: string; readonly options?: RawOptions } | ModuleSource | T;

/** A module and what of it is meant. */
export interface ModuleSource {
  readonly module: string;
  readonly export?: string;
  readonly options?: RawOptions;
}

/**
 * Reads a source: a name, {name, …options}, {module, export, options}, or an object that has the function `method`, name and parameters. Undefined when it is none
 * of them. "inf" among the options, JSON's way to write it, becomes Infinity.
 */
export function namedSource<T extends object>(value: unknown, method: keyof T & string): NamedSource<T> | undefined {
  if (typeof value === 'string') return { name: value, options: {} };
  if (typeof value !== 'object' || value === null) return undefined;
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

/** The source as JSON can hold it: an object is its name and parameters. */
export function writtenSource(
  source: NamedSource<{ readonly name: string; readonly parameters: object }>,
): Exclude<NamedSource<never>, never> {
  return 'parameters' in source
    ? { name: source.name, options: source.parameters as Readonly<Record<string, unknown>> }
    : source;
}

function withInfinity(options: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([key, x]) => [key, x === 'inf' ? Infinity : x]));
}

/** What has no built-in name: a module, or the object itself. */
export type CustomSource<T extends object> = ModuleSource | T;

/** A custom pool or sampler as a configuration gives it: by module, or as an object that has the function `method`, name and parameters. */
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
