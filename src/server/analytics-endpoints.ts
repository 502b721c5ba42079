import * as z from 'zod';
import { groupingShape, groupings, periodShape, testShape } from '../analytics/options.ts';
import { TaurecError } from '../errors.ts';
import type { Endpoint } from './endpoint.ts';
import { parsed, queryOptions } from './parse-request.ts';
import { jsonReply } from './reply.ts';
import type { ServedAnalytics } from './served-analytics.ts';

/** The parts that these endpoints use. */
export interface AnalyticsParts {
  /** Absent: the server stores no feedback. */
  readonly analytics?: ServedAnalytics;
}

const name = z.string({ error: 'the name of a variant' }).min(1, { error: 'the name of a variant' });

/** Schemas of the requests. */
export const analyticsRequests = {
  analytics: z.strictObject({ ...groupingShape, ...periodShape }),
  comparison: z.strictObject({ a: name, b: name, ...periodShape, ...testShape }),
};

const share = z.number().min(0).max(1);
const count = z.number().min(0);
const rate = z.object({ count, rate: share, low: share.optional(), high: share.optional() }).meta({
  id: 'Rate',
  description: 'A share with its 95% interval; without ends where fewer than two people were shown anything.',
});
const row = z
  .object({
    name: z.string(),
    impressions: count,
    people: count,
    answered: z.record(z.string(), rate).meta({ description: 'By kind of success.' }),
    items: count.meta({ description: 'Distinct items shown.' }),
    coverage: share.optional().meta({ description: 'Share of the items of the model that were shown.' }),
    popular: share
      .optional()
      .meta({ description: 'Share of impressions of the tenth of the items that most users have.' }),
    repeated: share.meta({ description: 'Share of impressions whose item the person had been shown before.' }),
  })
  .meta({ id: 'AnalyticsRow' });
const side = z.object({ people: count, rate: share });
const bound = z.number().nullable();

/** Schemas of the answers. */
export const analyticsAnswers = {
  analytics: z
    .object({
      by: z.enum(groupings),
      events: count,
      people: count,
      from: z.iso.datetime().optional(),
      to: z.iso.datetime().optional(),
      total: row,
      rows: z.array(row),
      bounded: z
        .object({ impressions: count, people: count })
        .meta({ description: 'Left out, as beyond the most of a person on a day.' }),
      drift: z
        .array(z.object({ day: z.string(), events: count, unknownUsers: share, unknownItems: share }))
        .optional()
        .meta({
          description: 'By day, the events that are no impressions, and how many of them the model cannot know.',
        }),
    })
    .meta({ id: 'Analytics' }),
  comparison: z
    .object({
      comparisons: z.array(
        z.object({
          kind: z.string(),
          a: side,
          b: side,
          difference: z.number(),
          low: bound.meta({ description: 'null: unbounded, for too few people.' }),
          high: bound,
          p: share,
          verdict: z.enum(['better', 'worse', 'undecided']),
        }),
      ),
      inBoth: count.meta({ description: 'People who were shown lists of both, and are left out.' }),
    })
    .meta({ id: 'VariantComparison' }),
};

/** What came of the lists: figures by day, version, variant, place or position, and the comparison of two variants. */
export function analyticsEndpoints({ analytics }: AnalyticsParts): readonly Endpoint[] {
  const opened = () => {
    if (!analytics) throw new TaurecError('feedback-off');
    return analytics;
  };
  return [
    {
      method: 'GET',
      path: '/v1/analytics',
      scopes: ['admin'],
      handle: async ({ req }) =>
        jsonReply(await opened().analyze(parsed(analyticsRequests.analytics, queryOptions(req.queries())))),
    },
    {
      method: 'GET',
      path: '/v1/analytics/comparison',
      scopes: ['admin'],
      async handle({ req }) {
        const analyses = opened();
        return jsonReply(await analyses.compare(parsed(analyticsRequests.comparison, queryOptions(req.queries()))));
      },
    },
  ];
}
