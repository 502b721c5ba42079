import type { createRoute } from '@hono/zod-openapi';
import * as z from 'zod';
import { responseSchemas as answers } from './response-schemas.ts';

/** A route of the API document. */
export type Route = Parameters<typeof createRoute>[0];

// Two alternatives, the token or nothing: the document cannot know whether the server has a token.
export const closed: Record<string, string[]>[] = [{ token: [] }, {}];
const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema } } });
export const body = (schema: z.ZodType) => ({ body: { ...json(schema), required: true } });
export const ok = (description: string, schema: z.ZodType) => ({ description, ...json(schema) });
export const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: answers.problem } },
});
// Groups of error responses that several routes share.
export const busy = {
  503: problem('The queue is full, or the scoring thread is restarting. Retry after `Retry-After` seconds'),
  504: problem('Timed out'),
};
export const foreign = {
  421: problem('The server has no token and does not accept the `Host` of the request'),
};
export const denied = {
  401: problem('The token is missing, wrong or expired'),
  403: problem('The token does not have the scope of this operation'),
  ...foreign,
};
export const slow = { 408: problem('The request body did not arrive in time') };
export const wrong = { 400: problem('A parameter or field is invalid; `errors` lists them'), ...denied };
export const wrongBody = {
  ...wrong,
  ...slow,
  413: problem('The body is too large'),
  415: problem('The body is not JSON'),
};
export const edits = {
  404: problem('The server keeps no feedback, and so no edits'),
  501: problem('The feedback log cannot keep edits of items'),
  503: problem('The feedback database cannot be written'),
};
export const noLog = {
  404: problem('The server keeps no feedback'),
  503: problem('The feedback database cannot be read'),
};
export const unknown = { 404: problem('An id is unknown to the model') };
export const text = (description: string, type: string) => ({
  description,
  content: { [type]: { schema: z.string() } },
});
export const variantQuery = z.object({
  variant: z.string().optional().meta({ description: 'Of a server of several models, the one that is meant.' }),
});
