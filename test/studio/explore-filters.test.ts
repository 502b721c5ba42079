import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Catalogue } from '../../src/catalogue/catalogue.ts';
import { compileWhere } from '../../src/catalogue/where.ts';
import { type AttributeColumn, type AttributeValue, columnOf } from '../../src/data/attribute-columns.ts';
import { IdMapBuilder } from '../../src/data/id-map.ts';
import {
  type AttributeFacts,
  atMostOf,
  type Controls,
  controlKind,
  controlsInUse,
  dayOf,
  whereOf,
} from '../../src/studio/page/explore/filters.ts';

const DAY = 86_400;
const days = ['2026-05-30', '2026-05-31', '2026-06-01'];
const attributes: readonly AttributeFacts[] = [
  { name: 'brand', type: 'text', values: ['Kestrow', 'Ulmen'] },
  { name: 'tags', type: 'list', values: ['new', 'red'] },
  { name: 'price', type: 'number', from: 1, to: 9 },
  { name: 'added', type: 'time', from: 0, to: 1 },
  { name: 'available', type: 'boolean' },
];
const seconds = (day: string) => Date.parse(day) / 1000;
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const item = fc.record({
  brand: maybe(fc.constantFrom('Kestrow', 'Ulmen')),
  tags: maybe(fc.uniqueArray(fc.constantFrom('new', 'red'), { minLength: 1 })),
  price: maybe(fc.integer({ min: 1, max: 9 })),
  added: maybe(
    fc.tuple(fc.constantFrom(...days), fc.constantFrom(0, 1, DAY / 2, DAY - 1)).map(([d, s]) => seconds(d) + s),
  ),
  available: maybe(fc.boolean()),
});
const range = <T>(value: fc.Arbitrary<T>) => fc.record({ from: maybe(value), to: maybe(value) });
const controls = fc.record({
  brand: fc.record({ value: maybe(fc.constantFrom('Kestrow', 'Ulmen')) }),
  tags: fc.record({ value: maybe(fc.constantFrom('new', 'red')) }),
  price: range(fc.integer({ min: 1, max: 9 }).map(String)),
  added: range(fc.constantFrom(...days)),
  available: fc.record({ value: maybe(fc.constantFrom('true', 'false')) }),
});

/** What the controls promise to a person, written out. */
function passes(one: Record<string, AttributeValue>, said: Controls): boolean {
  const within = (value: AttributeValue, low: number | undefined, high: number | undefined) =>
    (low === undefined && high === undefined) ||
    (typeof value === 'number' && (low === undefined || value >= low) && (high === undefined || value <= high));
  const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
  const start = said.added!.from === undefined ? undefined : seconds(said.added!.from);
  const end = said.added!.to === undefined ? undefined : seconds(said.added!.to) + DAY - 1;
  return (
    (said.brand!.value === undefined || one.brand === said.brand!.value) &&
    (said.tags!.value === undefined || ((one.tags ?? []) as string[]).includes(said.tags!.value)) &&
    within(one.price, number(said.price!.from), number(said.price!.to)) &&
    within(one.added, start, end) &&
    (said.available!.value === undefined || String(one.available) === said.available!.value)
  );
}

test('the filter of the controls lets through what the controls say, whatever the items', () => {
  fc.assert(
    fc.property(fc.array(item, { minLength: 1, maxLength: 6 }), controls, (items, said) => {
      const columns = attributes.map(({ name, type }): [string, AttributeColumn] => [
        name,
        columnOf(
          type as never,
          items.map((one) => (one as Record<string, AttributeValue>)[name]),
        ),
      ]);
      const catalogue = new Catalogue({
        source: 'test',
        items: items.length,
        others: new IdMapBuilder().build(),
        attributes: new Map(columns),
      });
      const where = whereOf(attributes, said);
      const wanted = items.map((one) => passes(one, said));
      if (where === undefined) return expect(wanted.every(Boolean)).toBe(true);
      const steps = compileWhere(catalogue, where);
      let step = steps.next();
      while (!step.done) step = steps.next();
      const set = step.value;
      expect(items.map((_, at) => set.has(at))).toEqual(wanted);
    }),
  );
});

test('an end that is no number yet has no effect, and nothing is no filter', () => {
  expect(whereOf(attributes, {})).toBeUndefined();
  expect(whereOf(attributes, { price: { from: '-' } })).toBeUndefined();
  expect(whereOf(attributes, { price: { from: '-', to: '5' } })).toEqual({ price: { lte: 5 } });
  expect(whereOf(attributes, { gone: { value: 'x' } })).toBeUndefined();
});

test('limits and controls in use', () => {
  expect(atMostOf({ brand: { most: 2, value: 'Ulmen' }, tags: {} })).toEqual({ brand: 2 });
  expect(atMostOf({ brand: { value: 'Ulmen' } })).toBeUndefined();
  expect(controlsInUse({ brand: { most: 2 }, tags: { value: undefined }, price: { from: '1' } })).toBe(2);
});

test('every type of attribute has its controls', () => {
  expect(attributes.map(controlKind)).toEqual(['menu', 'menu', 'numbers', 'dates', 'menu']);
  expect(dayOf(seconds('2026-05-31') + DAY - 1)).toBe('2026-05-31');
});
