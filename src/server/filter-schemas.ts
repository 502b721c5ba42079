import * as z from 'zod';
import { isShallow, type Where } from '../catalogue/where.ts';
import { whole } from '../option.ts';

/** Filters of a server. */
export interface ServerFilters {
  /** The filter of every list. */
  readonly where?: Where;
  /** Filters that requests may name. */
  readonly filters?: Readonly<Record<string, Where>>;
}

/** The schemas of a list's filter and limits. A filter that the server has for every list is added to that of the request; names stand for filters of the server. */
export function filterSchemas({ where: always, filters = {} }: ServerFilters) {
  const filterError = `an object of attributes, such as {"price":{"lte":50}}${Object.keys(filters)
    .map((name) => `, or ${name}`)
    .join('')}`;
  return {
    where: z
      .union([z.record(z.string(), z.unknown()), z.string()], { error: filterError })
      .refine((given) => typeof given !== 'string' || Object.hasOwn(filters, given), { error: filterError })
      .refine((given) => isShallow(given), { error: 'a filter that is not nested so deep' })
      .optional()
      .transform((given): Where | undefined => {
        const own = typeof given === 'string' ? filters[given]! : (given as Where | undefined);
        return always && own ? { and: [always, own] } : (own ?? always);
      })
      .meta({
        description:
          'The name of a filter of the server, or only items with these attributes of the catalogue, as a JSON object: `{"category":{"any":["shoes"]},"price":{"lte":50},"available":true}`. A name is an attribute with a value or with tests (`in`, `any`, `all`, `none`, `lt`, `lte`, `gt`, `gte`, `exists`), or `and`, `or`, `not`.',
      }),
    atMost: z
      .record(z.string(), whole(1), { error: 'an object of numbers by attribute, such as {"brand":2}' })
      .optional()
      .meta({ description: 'At most this many items with one value of an attribute: `{"brand":2}`.' }),
  };
}
