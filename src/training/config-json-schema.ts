/** The options of training as JSON Schema, for forms: written from their declarations. */

import * as z from 'zod';
import { infinityAsText } from '../array/infinity-as-text.ts';
import { type LossName, lossDeclarations } from '../loss/losses.ts';
import {
  type DeclaredOption,
  type DefaultSearch,
  declaredOptions,
  defaultOf,
  type OptionFacts,
  type SourceFacts,
} from '../option.ts';
import { longFlag, negation } from './command-line.ts';
import { trainOptions } from './config.ts';

/** A node of `trainConfigJsonSchema`: JSON Schema (draft 2020-12) with taurec's own facts under `x-taurec`. */
export interface OptionSchema {
  readonly type?: string;
  /** The name in words: `Learning rate`. */
  readonly title?: string;
  /** What `--help` says. */
  readonly description?: string;
  /** Absent where the default depends on the data, the loss or the machine. */
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly pattern?: string;
  /** A number, or words in its place. */
  readonly anyOf?: readonly OptionSchema[];
  /** The losses, the backbones or the pools, each with its own options. */
  readonly oneOf?: readonly OptionSchema[];
  readonly properties?: Readonly<Record<string, OptionSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly 'x-taurec'?: OptionHints;
}

/** What JSON Schema has no word for. */
export interface OptionHints {
  /** The flag of `taurec train`, such as `--rows`; absent: none of its own (`--loss-option name=value`). */
  readonly flag?: string;
  /** Of a switch: the value that the flag sets, and the flag that sets the opposite. */
  readonly sets?: boolean;
  readonly opposite?: string;
  /** The heading under which `--help` has it. */
  readonly group?: string;
  /** One of the most used options. */
  readonly common?: boolean;
  /** A search space must not name it. */
  readonly fixed?: boolean;
  /** Of a fixed option: a person may compare runs of several values. */
  readonly compared?: boolean;
  /** The range that `taurec tune` searches by default; `byScore`: by the score of the loss; `withoutPrior`: when the popularity prior is not searched. */
  readonly search?: unknown;
  readonly searchByScore?: Readonly<Record<string, unknown>>;
  readonly searchWithoutPrior?: unknown;
  /** Present where `auto` lets training choose by validation: the bounds and the stride of its search. */
  readonly automatic?: {
    readonly stride: { readonly factor: number } | { readonly step: number };
    readonly least: number;
    readonly most: number;
  };
  /** Its default depends on the number of items. */
  readonly byCatalogue?: boolean;
  /** Of a loss: the score that it trains with by default. */
  readonly score?: string;
}

/**
 * The JSON Schema of a training configuration, for a page that draws a form: type, bounds, choices, default, and in words title and description of every option; its flag and the
 * range that is searched under `x-taurec`. Each loss and backbone has its own options. It describes the form that `configToJson` writes; `parseTrainConfig` also takes shorter ones, such
 * as the name of a loss alone, and checks in addition how options fit together. `commandLineOf` turns a configuration into flags.
 */
export function trainConfigJsonSchema(): OptionSchema {
  const properties: Record<string, unknown> = {};
  const groups: Record<string, Record<string, unknown>> = {};
  for (const option of trainOptions) {
    const [first, second] = option.path.split('.') as [string, string?];
    if (second === undefined) properties[first] = schemaOf(option);
    else {
      groups[first] ??= {};
      groups[first][second] = schemaOf(option);
      properties[first] ??= object(groups[first], { title: titleOf(first) });
    }
  }
  const whole = object(properties, { title: 'Training' });
  return JSON.parse(
    JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...whole }, infinityAsText),
  );
}

const object = (properties: object, more: object = {}) => ({
  ...{ type: 'object', ...more, properties, additionalProperties: false },
});

/** One option. `byCatalogue`: its default depends on the number of items. */
function schemaOf({ path, schema, facts }: DeclaredOption, byCatalogue = false): object {
  const named = { title: titleOf(path.split('.').at(-1)!), ...(facts && { description: facts.help }) };
  const hints = hintsOf(facts, defaultOf(schema), byCatalogue);
  const own = { ...named, ...(hints && { 'x-taurec': hints }) };
  if (facts?.source) return { ...own, ...sourceSchema(facts.source, schema) };
  const { $schema: _, default: given, ...plain } = withoutInfinity(z.toJSONSchema(schema, { io: 'input' }));
  const accepts = facts?.automatic ? { anyOf: [...(plain.anyOf ?? [plain]), { const: 'auto' }] } : plain;
  const byDefault = given ?? defaultOf(schema);
  return { ...own, ...accepts, ...(byDefault !== undefined && !byCatalogue && { default: byDefault }) };
}

function hintsOf(facts: OptionFacts | undefined, byDefault: unknown, byCatalogue: boolean): OptionHints | undefined {
  const { flag, sets, automatic, search, searchByScore, searchWithoutPrior } = facts ?? {};
  const range = (given: DefaultSearch | undefined) => (typeof given === 'function' ? given(Number(byDefault)) : given);
  const byScore = Object.entries(searchByScore ?? {}).map(([score, given]) => [score, range(given)] as const);
  const hints: OptionHints = {
    flag: flag && longFlag(flag),
    sets,
    opposite: sets === undefined ? undefined : negation(flag!),
    group: facts?.group?.replace(/:$/, ''),
    common: facts?.common,
    fixed: facts?.fixed,
    compared: facts?.compared,
    search: range(search),
    searchByScore: byScore.length > 0 ? Object.fromEntries(byScore) : undefined,
    searchWithoutPrior: range(searchWithoutPrior),
    automatic: automatic && { stride: automatic.stride, least: automatic.least, most: automatic.most },
    byCatalogue: byCatalogue || undefined,
  };
  return Object.values(hints).some((hint) => hint !== undefined) ? hints : undefined;
}

/** A loss, backbone, pool or sampler: one of the built-in ones with its options, or a module. */
function sourceSchema({ kind, builtIn }: SourceFacts, schema: z.ZodType): object {
  const module = object(
    { module: { type: 'string' }, export: { type: 'string' }, options: { type: 'object' } },
    { title: 'Module', description: `the address of a module that exports a ${kind}`, required: ['module'] },
  );
  const named = Object.entries(builtIn).map(([name, { shape }]) => {
    const declaration = kind === 'loss' ? lossDeclarations[name as LossName] : undefined;
    const fitted = declaration?.byCatalogue?.(1000, {}) ?? {};
    const options = declaredOptions(shape).map((option) => [
      option.path,
      schemaOf(option, Object.hasOwn(fitted, option.path)),
    ]);
    return object(
      { name: { const: name }, options: object(Object.fromEntries(options)) },
      { title: name, required: ['name'], ...(declaration && { 'x-taurec': { score: declaration.score } }) },
    );
  });
  const byDefault = defaultOf(schema);
  return { ...(byDefault !== undefined && { default: byDefault }), oneOf: [...named, ...namesOf(schema), module] };
}

/** The built-in names that a source is given by alone (pools), as a schema. */
function namesOf(schema: z.ZodType): object[] {
  const union = schema instanceof z.ZodDefault ? schema.unwrap() : schema;
  const names = union instanceof z.ZodUnion ? union.options.filter((one) => one instanceof z.ZodEnum) : [];
  return names.map((one) => ({ type: 'string', enum: one.options }));
}

type PlainSchema = z.core.JSONSchema.BaseSchema;

/** The schema without what JSON cannot hold: the number Infinity, which is "inf" there, and bounds that every whole number keeps. */
function withoutInfinity(schema: PlainSchema): PlainSchema {
  const { maximum, minimum, anyOf, ...rest } = schema;
  const alternatives = anyOf?.filter((one) => (one as PlainSchema).const !== Infinity);
  return {
    ...rest,
    ...(minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER && { minimum }),
    ...(maximum !== undefined && maximum !== Number.MAX_SAFE_INTEGER && { maximum }),
    ...(alternatives && { anyOf: alternatives.map((one) => withoutInfinity(one as PlainSchema)) }),
  };
}

/** `learningRate` → `Learning rate` */
function titleOf(name: string): string {
  const words = name.replace(/(?<=[a-z\d])(?=[A-Z])/g, ' ').toLowerCase();
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
