import fc from 'fast-check';
import type { Where, WhereTest, WhereValue } from '../../src/catalogue/where.ts';
import type { AttributeValue } from '../../src/data/attribute-columns.ts';
import { arbitraryTypes, arbitraryValues } from './random-catalogue.ts';

type Name = keyof typeof arbitraryTypes;
const names = Object.keys(arbitraryTypes) as Name[];

/** A single value of an attribute; of a list one of its texts. */
const singleOf = (name: Name): fc.Arbitrary<WhereValue> =>
  (name === 'category' ? arbitraryValues.brand : arbitraryValues[name]) as fc.Arbitrary<WhereValue>;

const testOf = (name: Name): fc.Arbitrary<WhereTest> => {
  const values = fc.array(singleOf(name), { maxLength: 3 });
  const tests: Record<string, fc.Arbitrary<unknown>> = { in: values, any: values, none: values, exists: fc.boolean() };
  if (name === 'category') tests.all = values;
  if (name === 'price' || name === 'released') {
    for (const test of ['lt', 'lte', 'gt', 'gte']) tests[test] = singleOf(name);
  }
  return fc.record(tests, { requiredKeys: [] }) as fc.Arbitrary<WhereTest>;
};

const conditions = fc.record(Object.fromEntries(names.map((name) => [name, fc.oneof(singleOf(name), testOf(name))])), {
  requiredKeys: [],
});

/** Filters over the attributes of `plainCatalogues`, nested at random; short ones, since a filter has at most 200 conditions, of five characters and more. */
export const wheres: fc.Arbitrary<Where> = fc
  .letrec<{ where: Where; list: Where[] }>((tie) => ({
    list: fc.array(tie('where'), { maxLength: 3 }),
    where: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.oneof(...names.map((name) => fc.record({ [name]: fc.oneof(singleOf(name), testOf(name)) }))),
      conditions,
      fc.record({ and: tie('list'), or: tie('list'), not: tie('where') }, { requiredKeys: [] }),
    ) as fc.Arbitrary<Where>,
  }))
  .where.filter((where) => JSON.stringify(where).length < 1000);

/** Whether the values of an item pass a filter: the definition, value by value. */
export function passes(values: Readonly<Record<string, AttributeValue>>, where: Where): boolean {
  return Object.entries(where).every(([name, given]) => {
    if (name === 'and') return (given as Where[]).every((part) => passes(values, part));
    if (name === 'or') return (given as Where[]).some((part) => passes(values, part));
    if (name === 'not') return !passes(values, given as Where);
    const own = values[name];
    const has = (value: unknown) => (Array.isArray(own) ? own.includes(value) : own === value);
    if (typeof given !== 'object') return has(given);
    return Object.entries(given as WhereTest).every(([test, operand]) => {
      switch (test) {
        case 'in':
        case 'any':
          return operand.some(has);
        case 'all':
          return operand.every(has);
        case 'none':
          return !operand.some(has);
        case 'exists':
          return (own !== undefined) === operand;
        case 'lt':
          return own !== undefined && own < operand;
        case 'lte':
          return own !== undefined && own <= operand;
        case 'gt':
          return own !== undefined && own > operand;
        default:
          return own !== undefined && own >= operand;
      }
    });
  });
}
