import type { TrainConfigInput } from '../../../training/config.ts';
import { type FormField, type Value, type Values, valuesOf } from './options.ts';

/** The parts of a JSON schema that forms need. */
interface Schema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly 'x-taurec'?: { readonly group?: string; readonly fixed?: boolean; readonly compared?: boolean };
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** The options that a form shows first, in this order, under the names that people use. */
const firstTitles: Readonly<Record<string, string>> = {
  'loss.options.tau': 'Temperature τ',
  'loss.options.tau1': 'Temperature of positives τ₁',
  'loss.options.negativeWeight': 'Weight of negatives λ',
  neighbors: 'Neighbours',
  dimension: 'Dimension',
  'batch.negatives': 'Negatives',
  learningRate: 'Learning rate',
  epochs: 'Epochs',
};

/** What an option is, where its line of the help speaks of the flag that turns it off. */
const helps: Readonly<Record<string, string>> = {
  'batch.maskPositives': "Keep a user's own positives out of the negatives.",
};

/** The paths of the options that a form shows first. */
export const firstPaths: readonly string[] = Object.keys(firstTitles);

/** Options about the machine, which the session decides. */
const ofTheMachine = new Set(['threads', 'engine', 'build', 'checkpointEvery']);

/**
 * The fields of a training configuration from its JSON schema, in the order of the schema. Options that take objects, such as custom losses, have no field.
 * @param objective defaults that stand before those of the schema (`DataSummary.objective`)
 */
export function fieldsOf(
  schema: Readonly<Record<string, unknown>>,
  objective: TrainConfigInput = {},
): readonly FormField[] {
  return groupFields((schema as Schema).properties ?? {}, '', valuesOf(objective));
}

/** The built-in names of a loss or backbone. */
export function namesOf(fields: readonly FormField[], kind: 'loss' | 'backbone'): readonly string[] {
  return fields.find(({ path }) => path === `${kind}.name`)?.choices ?? [];
}

function groupFields(properties: Readonly<Record<string, Schema>>, prefix: string, stated: Values): FormField[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const path = `${prefix}${name}`;
    if (path === 'loss' || path === 'backbone') return namedFields(path, schema, stated);
    if (schema.properties) return groupFields(schema.properties, `${path}.`, stated);
    const field = ofTheMachine.has(path) ? undefined : fieldOf(path, schema);
    return field ? [withUsual(field, stated[path])] : [];
  });
}

/** The fields of what is given by a name with options: the name, then the options of each built-in. */
function namedFields(kind: 'loss' | 'backbone', schema: Schema, stated: Values): FormField[] {
  const variants = alternatives(schema).filter(({ properties }) => properties?.name?.const !== undefined);
  const names = variants.map(({ properties }) => String(properties!.name!.const));
  const declared = valuesOf({ [kind]: schema.default });
  // A loss or backbone is stated as a whole: another one's options are its own.
  const usual = stated[`${kind}.name`] === undefined ? declared : stated;
  const name: FormField = {
    path: `${kind}.name`,
    title: kind === 'loss' ? 'Loss' : 'Backbone',
    kind: 'choice',
    choices: names,
    usual: usual[`${kind}.name`] as string | undefined,
  };
  const options = variants.flatMap(({ properties = {} }, at) => {
    const { name: _name, options, ...beside } = properties;
    return Object.entries({ ...beside, ...options?.properties }).flatMap(([option, inner]) => {
      const field = fieldOf(`${kind}.options.${option}`, inner);
      const own = name.usual === names[at] ? usual[`${kind}.options.${option}`] : undefined;
      return field ? [{ ...withUsual(field, own), of: { kind, name: names[at]! } }] : [];
    });
  });
  return names.length > 0 ? [name, ...options] : [];
}

/** A field whose default is stated, if it is. */
function withUsual(field: FormField, usual: Value | undefined): FormField {
  return usual === undefined ? field : { ...field, usual, stated: true };
}

function fieldOf(path: string, schema: Schema): FormField | undefined {
  const kinds = alternatives(schema);
  const words = kinds
    .flatMap(({ const: one, enum: many }) => (one !== undefined ? [one] : (many ?? [])))
    .filter((word) => typeof word === 'string');
  const number = kinds.find(({ type }) => type === 'number' || type === 'integer');
  const { group, fixed, compared } = schema['x-taurec'] ?? {};
  const common = {
    path,
    title: firstTitles[path] ?? titleOf(path, schema.title),
    ...(schema.description && { help: helps[path] ?? sentence(schema.description) }),
    ...(group && { group }),
    ...(fixed && !compared && { fixed }),
    ...(isValue(schema.default) && { usual: schema.default }),
  };
  if (number) {
    // Every safe integer is no bound that a person needs to hear of.
    const bound = (value: number | undefined) =>
      Math.abs(value ?? Infinity) < Number.MAX_SAFE_INTEGER ? value : undefined;
    const least = bound(number.minimum) ?? bound(number.exclusiveMinimum);
    const most = bound(number.maximum) ?? bound(number.exclusiveMaximum);
    return {
      ...common,
      kind: 'number',
      ...(words.length > 0 && { words }),
      whole: number.type === 'integer',
      ...(least !== undefined && { least, above: number.minimum === undefined }),
      ...(most !== undefined && { most, ...(number.maximum === undefined && { below: true }) }),
    };
  }
  if (words.length > 1) return { ...common, kind: 'choice', choices: words };
  return kinds.some(({ type }) => type === 'boolean') ? { ...common, kind: 'switch' } : undefined;
}

function alternatives(schema: Schema): readonly Schema[] {
  return schema.anyOf ?? schema.oneOf ?? [schema];
}

function isValue(value: unknown): value is Value {
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean';
}

/** A line of the help as a sentence about options, not flags. */
function sentence(text: string): string {
  const words = text.replace(/--([a-z-]+)/g, (_, flag: string) => `the ${flag.replaceAll('-', ' ')}`);
  return `${words[0]!.toUpperCase()}${words.slice(1).replace(/\.$/, '')}.`;
}

/** An option in words, with the group that its own name needs to be understood: `validation.every` is "Validation: every". */
function titleOf(path: string, title: string | undefined): string {
  const [group, name] = path.replace(/^(loss|backbone)\.options\./, '').split('.') as [string, string?];
  if (name === undefined) return title ?? words(group);
  return `${words(group)}: ${(title ?? words(name)).toLowerCase()}`;
}

/** `embeddingDropout`: "Embedding dropout" */
function words(name: string): string {
  const text = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return `${text[0]!.toUpperCase()}${text.slice(1)}`;
}
