import { type AttributeColumn, hasValue } from '../data/attribute-columns.ts';
import { TaurecError } from '../errors.ts';
import type { Catalogue } from './catalogue.ts';
import { ItemSet } from './item-set.ts';

/** A value that an attribute is compared with. A time is a number of seconds since 1970-01-01 UTC, or a text in ISO 8601. */
export type WhereValue = string | number | boolean;

/** What an attribute must fulfil; all of what is given. An item without a value fulfils only `none` and `exists: false`. */
export interface WhereTest {
  /** Its value is one of these; of a list, as `any`. */
  readonly in?: readonly WhereValue[];
  /** One of a list's texts is among these; of other attributes, as `in`. */
  readonly any?: readonly WhereValue[];
  /** All of these are in the list. */
  readonly all?: readonly WhereValue[];
  /** Its value, or each of a list's texts, is none of these. */
  readonly none?: readonly WhereValue[];
  /** Numbers and times. */
  readonly lt?: WhereValue;
  readonly lte?: WhereValue;
  readonly gt?: WhereValue;
  readonly gte?: WhereValue;
  /** Whether the item has a value. */
  readonly exists?: boolean;
}

/**
 * A filter of items by their attributes: what each named attribute must be, or fulfil; of a list, `'shoes'` says that it has this text. All names together must hold; `and`, `or` and `not` combine filters:
 * `{ category: { any: ['shoes'] }, price: { lte: 50 }, or: [{ brand: 'Kestrow' }, { available: true }] }`.
 */
export interface Where {
  readonly [name: string]: WhereValue | WhereTest | Where | readonly Where[] | undefined;
}

/** The most conditions of a filter, and the deepest nesting: they bound the work of a request. */
const MOST_CONDITIONS = 200;
const DEEPEST = 16;

/** Whether a filter is nested no deeper than one that compiles may be, its lists and tests included: to check before anything walks through it. */
export function isShallow(value: unknown, left = 2 * DEEPEST + 4): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return left > 0 && Object.values(value).every((inner) => isShallow(inner, left - 1));
}

/** Attribute types that `lt`, `lte`, `gt` and `gte` compare. */
const ordered: readonly string[] = ['number', 'time'];
const comparisons = {
  lt: (a: number, b: number) => a < b,
  lte: (a: number, b: number) => a <= b,
  gt: (a: number, b: number) => a > b,
  gte: (a: number, b: number) => a >= b,
};
const tests = ['in', 'any', 'all', 'none', 'lt', 'lte', 'gt', 'gte', 'exists'];

/**
 * The model's items that a filter lets pass, as a set; yields between conditions.
 * @param given a filter as JSON, not yet checked
 * @throws TaurecError `unknown-name` for an attribute that the catalogue does not have, with those that it has; `bad-option` for a value of another type, naming the attribute, its type and the place in the filter
 */
export function* compileWhere(catalogue: Catalogue, given: unknown): Generator<void, ItemSet> {
  return yield* new Compiler(catalogue).filter(given, 'where', 0);
}

class Compiler {
  readonly #catalogue: Catalogue;
  #conditions = 0;

  constructor(catalogue: Catalogue) {
    this.#catalogue = catalogue;
  }

  *filter(given: unknown, place: string, depth: number): Generator<void, ItemSet> {
    const { items } = this.#catalogue;
    if (depth === 0 && !isShallow(given))
      fail(place, 'deeper nesting', `at most ${DEEPEST} filters within one another`);
    if (!isObject(given)) fail(place, given, 'an object of attributes, such as {"price": {"lte": 50}}');
    if (depth > DEEPEST) fail(place, 'deeper nesting', `at most ${DEEPEST} filters within one another`);
    const sets: ItemSet[] = [];
    for (const [name, value] of Object.entries(given)) {
      // As in JSON, which has no undefined.
      if (value === undefined) continue;
      const at = `${place}.${name}`;
      if (++this.#conditions > MOST_CONDITIONS) fail(place, 'more conditions', `at most ${MOST_CONDITIONS}`);
      if (name === 'not') {
        sets.push((yield* this.filter(value, at, depth + 1)).not());
      } else if (name === 'and' || name === 'or') {
        if (!Array.isArray(value)) fail(at, value, 'a list of filters');
        const parts: ItemSet[] = [];
        for (const [n, part] of value.entries()) parts.push(yield* this.filter(part, `${at}[${n}]`, depth + 1));
        sets.push(name === 'and' ? ItemSet.all(items, parts) : ItemSet.any(items, parts));
      } else {
        sets.push(yield* this.#condition(name, value, at));
      }
    }
    return ItemSet.all(items, sets);
  }

  *#condition(name: string, value: unknown, place: string): Generator<void, ItemSet> {
    const { items } = this.#catalogue;
    const column = this.#catalogue.column(name);
    if (!isObject(value)) return ItemSet.where(items, oneOf(column, [valueFor(column, name, value, place)]));
    const sets: ItemSet[] = [];
    for (const [test, operand] of Object.entries(value)) {
      if (operand === undefined) continue;
      if (++this.#conditions > MOST_CONDITIONS) fail(place, 'more conditions', `at most ${MOST_CONDITIONS}`);
      const holds = testOf(column, name, test, operand, `${place}.${test}`);
      sets.push(ItemSet.where(items, holds));
      yield;
    }
    return ItemSet.all(items, sets);
  }
}

/** The test of a row that an operator and its operand mean. */
function testOf(
  column: AttributeColumn,
  name: string,
  test: string,
  operand: unknown,
  place: string,
): (row: number) => boolean {
  if (!tests.includes(test)) fail(place, 'an unknown test', `one of ${tests.join(', ')}`);
  if (test === 'exists') {
    if (typeof operand !== 'boolean') fail(place, operand, 'true or false');
    return (row) => hasValue(column, row) === operand;
  }
  if (Object.hasOwn(comparisons, test)) {
    if (!ordered.includes(column.type)) fail(place, operand, `no comparison: ${name} is ${article(column.type)}`);
    const { values } = column as { readonly values: Float64Array };
    const bound = valueFor(column, name, operand, place) as number;
    const compare = comparisons[test as keyof typeof comparisons];
    // NaN, no value, compares as false.
    return (row) => compare(values[row]!, bound);
  }
  if (!Array.isArray(operand)) fail(place, operand, 'a list of values');
  const wanted = operand.map((value, n) => valueFor(column, name, value, `${place}[${n}]`));
  if (test === 'all') {
    if (column.type !== 'list') fail(place, 'all', `in: ${name} is ${article(column.type)}, which has one value`);
    const each = wanted.map((value) => oneOf(column, [value]));
    return (row) => each.every((has) => has(row));
  }
  const has = oneOf(column, wanted);
  return test === 'none' ? (row) => !has(row) : has;
}

/** True for a row whose value, or one of whose texts, is wanted. */
function oneOf(column: AttributeColumn, wanted: readonly WhereValue[]): (row: number) => boolean {
  if ('terms' in column) {
    const isWanted = new Uint8Array(column.terms.size);
    for (const text of wanted) {
      const term = column.terms.indexOf(text as string);
      if (term >= 0) isWanted[term] = 1;
    }
    const { values } = column;
    if (column.type === 'text') return (row) => values[row]! >= 0 && isWanted[values[row]!] === 1;
    const { offsets } = column;
    return (row) => {
      for (let e = offsets[row]!; e < offsets[row + 1]!; e++) if (isWanted[values[e]!] === 1) return true;
      return false;
    };
  }
  const numbers = new Set(wanted.map(Number));
  const { values } = column;
  return (row) => numbers.has(values[row]!);
}

/** A value of a filter as that of an attribute; a time as seconds. Fails for another type. */
function valueFor(column: AttributeColumn, name: string, value: unknown, place: string): WhereValue {
  const { type } = column;
  const isText = type === 'text' || type === 'list';
  if (isText && typeof value === 'string') return value;
  if (type === 'boolean' && typeof value === 'boolean') return value;
  if (ordered.includes(type) && typeof value === 'number' && Number.isFinite(value)) return value;
  const time = type === 'time' && typeof value === 'string' ? secondsOf(value) : undefined;
  if (time !== undefined) return time;
  const expected = {
    text: 'a text',
    list: 'a text',
    number: 'a number',
    boolean: 'true or false',
    time: 'seconds since 1970, or a time such as 2026-05-31T12:00:00Z',
  }[type];
  return fail(place, value, `${expected}: ${name} is ${article(type)}`);
}

/** A time in ISO 8601 as seconds since 1970-01-01 UTC; without an offset it is in UTC. Undefined for another text. */
export function secondsOf(text: string): number | undefined {
  const found = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.exec(text);
  if (!found) return undefined;
  const isDate = text.length === 10;
  const time = Date.parse(isDate || found[1] !== undefined ? text.replace(' ', 'T') : `${text.replace(' ', 'T')}Z`);
  return Number.isNaN(time) ? undefined : time / 1000;
}

const article = (type: string) => `a ${type}`;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fail(option: string, got: unknown, expected: string): never {
  throw new TaurecError('bad-option', { option, got: shown(got), expected });
}

/** A value of a filter in a message: as JSON, cut after 100 characters. */
function shown(value: unknown): unknown {
  if (typeof value === 'string') return value.slice(0, 100);
  return typeof value === 'object' && value !== null ? JSON.stringify(value).slice(0, 100) : value;
}
