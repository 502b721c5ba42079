import { TaurecError } from '../errors.ts';
import type { ItemOrder } from '../recommender/item-lists.ts';
import type { Endpoint } from './endpoint.ts';
import { ListMaker } from './list-maker.ts';
import { parsed, queryOptions } from './parse-request.ts';
import type { RecommendationParts } from './recommendation-endpoints.ts';

/** Endpoints of lists for everybody: popular, latest and trending items. */
export function itemListEndpoints(parts: RecommendationParts): readonly Endpoint[] {
  const { variants, metrics, shadow, schemas, seen } = parts;
  const maker = new ListMaker(metrics, shadow);
  const list = (by: ItemOrder): Endpoint => ({
    method: 'GET',
    path: `/v1/${by}`,
    scopes: ['public'],
    async handle(context) {
      if (by === 'trending' && !seen) throw new TaurecError('feedback-off');
      const { place, visitor, ...options } = parsed(schemas[by], queryOptions(context.req.queries()));
      const [body] = await maker.lists(context, variants.of(visitor), { type: 'items', by, options }, place);
      return { body: body! };
    },
  });
  return [list('popular'), list('latest'), list('trending')];
}
