import * as z from 'zod';
import type { Attribute } from '../catalogue/catalogue.ts';
import { fits } from '../catalogue/edited-catalogue.ts';
import { secondsOf } from '../catalogue/where.ts';
import { TaurecError } from '../errors.ts';
import { type EditValue, editActions, type ItemEdit } from '../feedback/item-edits.ts';
import type { Endpoint, RequestContext } from './endpoint.ts';
import { badFields, parsed, pathId, readJson, shown } from './parse-request.ts';
import type { RecommendationParts } from './recommendation-endpoints.ts';
import { type FieldError, jsonReply } from './reply.ts';

/** Maximum number of edits in a request. */
const MOST_EDITS = 1000;

const values = z
  .record(
    z.string().max(512),
    z.union([z.string(), z.number(), z.boolean(), z.array(z.string()).max(1000), z.null()]),
    {
      error: 'an object of attributes: texts, numbers, true or false, lists of texts, or null',
    },
  )
  .meta({
    description:
      'Title (`title`) and attributes by name, of the types that `GET /v1/model` lists. A time is a text in ISO 8601 or seconds since 1970. null: the item has none.',
    example: { price: 19.5, available: false },
  });

/** Schemas of the requests that edit items. */
export const itemSchemas = {
  values,
  edits: z
    .strictObject({
      edits: z
        .array(
          z.strictObject({
            item: z.union([z.string().min(1).max(512), z.int()], { error: 'an id' }).transform(String),
            action: z.enum(editActions, { error: `one of ${editActions.join(', ')}` }),
            values: values.optional(),
          }),
          { error: `a list of 1 to ${MOST_EDITS} edits` },
        )
        .min(1, { error: `a list of 1 to ${MOST_EDITS} edits` })
        .max(MOST_EDITS, { error: `a list of 1 to ${MOST_EDITS} edits` }),
    })
    .meta({ id: 'ItemEditsRequest' }),
  edited: z.object({ edited: z.int().min(0).meta({ description: 'Number of edits that were stored.' }) }),
};

/** Endpoints that change items while the server runs. An answer means that the edit is stored and that later lists follow it. */
export function itemEndpoints({ variants, schemas, bodyLimit, seen }: RecommendationParts): readonly Endpoint[] {
  const apply = async (edits: readonly ItemEdit[], placeOf: (at: number) => string) => {
    if (!seen) throw new TaurecError('feedback-off');
    const attributes = variants.answering.flatMap(({ host }) => host.status.attributes);
    const errors: FieldError[] = [];
    const checked = edits.map((edit, at) => checkedEdit(edit, attributes, placeOf(at), errors));
    if (errors.length > 0) throw badFields(errors);
    await seen.items.apply(checked);
    return jsonReply({ edited: edits.length });
  };
  const itemOf = ({ req }: RequestContext) => pathId(schemas.id, 'item', req.url, 2);
  const change = (method: 'PUT' | 'PATCH', action: 'put' | 'patch'): Endpoint => ({
    method,
    path: '/v1/items/:item',
    scopes: ['write'],
    async handle(context) {
      const item = itemOf(context);
      const given = parsed(values, await readJson(context.env.incoming, bodyLimit));
      return apply([{ item, action, values: given }], () => '');
    },
  });
  return [
    change('PUT', 'put'),
    change('PATCH', 'patch'),
    {
      method: 'DELETE',
      path: '/v1/items/:item',
      scopes: ['write'],
      handle: (context) => apply([{ item: itemOf(context), action: 'delete' }], () => ''),
    },
    {
      method: 'POST',
      path: '/v1/items',
      scopes: ['write'],
      async handle({ env }) {
        const { edits } = parsed(itemSchemas.edits, await readJson(env.incoming, bodyLimit));
        return apply(edits, (at) => `edits[${at}].values.`);
      },
    },
  ];
}

/** The edit with times as seconds; what does not fit the attributes of the models is added to `errors`. */
function checkedEdit(edit: ItemEdit, attributes: readonly Attribute[], place: string, errors: FieldError[]): ItemEdit {
  const checked: [string, EditValue][] = [];
  for (const [name, given] of Object.entries(edit.values ?? {})) {
    const found = attributes.filter((one) => one.name === name).map(({ type }) => type);
    // Each model whose catalogue has the attribute must take the value.
    const types = name === 'title' ? (['text'] as const) : [...new Set(found)];
    if (types.length === 0) {
      const known = [...new Set(['title', ...attributes.map((one) => one.name)])].join(', ');
      errors.push({ field: `${place}${name}`, got: 'an unknown attribute', expected: `one of ${known}` });
      continue;
    }
    const value = types.some((type) => type === 'time') && typeof given === 'string' ? secondsOf(given) : given;
    if (value !== undefined && (value === null || types.every((type) => fits(type, value))))
      checked.push([name, value]);
    else
      errors.push({
        field: `${place}${name}`,
        got: shown(given),
        expected: types.map((type) => `a ${type}`).join(' and '),
      });
  }
  return { ...edit, ...(edit.values && { values: Object.fromEntries(checked) }) };
}
