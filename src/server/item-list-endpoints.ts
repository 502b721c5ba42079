import { TaurecError } from '../errors.ts';
import type { ItemOrder } from '../recommender/item-lists.ts';
import type { Endpoint } from './endpoint.ts';
import { parsed, queryOptions } from './parse-request.ts';
import type { RecommendationParts } from './recommendation-endpoints.ts';

/** Endpoints of lists for everybody: popular, latest and trending items. */
export function itemListEndpoints({ host, schemas, seen }: RecommendationParts): readonly Endpoint[] {
  const list = (by: ItemOrder): Endpoint => ({
    method: 'GET',
    path: `/v1/${by}`,
    scopes: ['public'],
    async handle({ req, env }) {
      if (by === 'trending' && !seen) throw new TaurecError('feedback-off');
      const options = parsed(schemas[by], queryOptions(req.queries()));
      // A request whose client has disconnected is dropped from the queue unscored.
      const [body] = await host.scorer.submit({ type: 'items', by, options }, () => env.outgoing.destroyed);
      return { body: body! };
    },
  });
  return [list('popular'), list('latest'), list('trending')];
}
