import * as z from 'zod';
import type { Model } from '../../model/model.ts';
import { openModel } from '../../model/model-directory.ts';
import type { AppParts } from '../../server/app.ts';
import type { Endpoint, RequestContext } from '../../server/endpoint.ts';
import { parsed, readJson } from '../../server/parse-request.ts';
import { withSeenEvents } from '../../server/recommendation-endpoints.ts';
import { jsonReply } from '../../server/reply.ts';
import type { ParsedOptions } from '../../server/schemas.ts';
import type { ScoringJob } from '../../server/scoring-protocol.ts';
import { Site, siteHeaders } from '../../server/site.ts';
import type { MoreEndpoints } from '../../server/start-server.ts';
import type { Variant } from '../../server/variants.ts';
import { filterAttributes, find, person } from '../workbench/people.ts';

const variant = z.string({ error: 'the name of a model' }).optional();
const prior = z.number({ error: 'a number' }).optional();
/** The options are those of the server's own interface. */
const options = z.unknown().optional();

/** What the page asks, with the ids and lists of the server's own interface. */
function requestsOf({ id, forItems }: AppParts['schemas']) {
  const { items } = forItems.shape;
  const who = z.union([z.strictObject({ user: id }), z.strictObject({ items })], {
    error: 'an object with user, or with items',
  });
  return {
    find: z.strictObject({
      variant,
      what: z.enum(['user', 'item'], { error: 'user or item' }),
      text: z.string({ error: 'a text' }).max(512, { error: 'a text of at most 512 characters' }),
      k: z.coerce.number().int().min(1).max(1000).optional(),
    }),
    person: z.strictObject({ variant, user: id }),
    attributes: z.strictObject({ variant }),
    list: z.strictObject({ variant, who, prior, options }),
    explanation: z.strictObject({ variant, who, item: id, prior, options }),
    similar: z.strictObject({ variant, item: id, options }),
  };
}

/**
 * The studio of a running server: the page, which holds nothing and is open to all, and what its screens ask besides the server's own interface, for tokens with the scope `read`. Lists and reasons
 * are made by the scoring threads, with feedback and edits of items as always, by the model that is named; they are no lists for people, which metrics and shadows count. The model of a search is read from its folder at the first
 * one, into memory of its own.
 * @param folder the folder of the built page; default: that of the package
 * @throws TaurecError `no-studio-site`
 */
export async function servedStudio(folder?: string): Promise<MoreEndpoints> {
  const site = await Site.open('serve', folder);
  return ({ variants, schemas, bodyLimit, seen }: AppParts): readonly Endpoint[] => {
    const models = new OpenModels();
    const requests = requestsOf(schemas);
    const page = async ({ req }: RequestContext) => {
      const path = new URL(req.url).pathname.replace(/^\/studio\//, '');
      const file = (await site.file(path))!;
      return { type: file.type, body: file.body, headers: { ...siteHeaders, 'Cache-Control': 'no-cache' } };
    };
    const asked = <S extends z.ZodType<{ readonly variant?: string }>>(
      path: string,
      schema: S,
      answer: (model: Model, request: z.infer<S>) => unknown,
    ): Endpoint => ({
      method: 'GET',
      path: `/studio/api/${path}`,
      scopes: ['read'],
      async handle({ req }) {
        const request = parsed(schema, req.query());
        const model = await models.of(variants.byName(request.variant, variants.first));
        return jsonReply(answer(model, request));
      },
    });
    const scored = <S extends z.ZodType<{ readonly variant?: string }>>(
      path: string,
      schema: S,
      answer: (score: (job: ScoringJob) => Promise<string>, request: z.infer<S>) => Promise<string>,
    ): Endpoint => ({
      method: 'POST',
      path: `/studio/api/${path}`,
      scopes: ['read'],
      async handle({ env: { incoming, outgoing } }) {
        const request = parsed(schema, await readJson(incoming, bodyLimit));
        const { host } = variants.byName(request.variant, variants.first);
        const score = async (job: ScoringJob) => (await host.scorer.submit(job, () => outgoing.destroyed))[0]!;
        return { body: await answer(score, request) };
      },
    });
    const listOptions = (given: unknown): ParsedOptions => {
      const { place: _, ...parsedOptions } = parsed(schemas.options, given ?? {});
      return parsedOptions;
    };
    return [
      // Names in the page are relative to this folder.
      { method: 'GET', path: '/studio', access: 'everybody', handle: () => redirect('studio/') },
      { method: 'GET', path: '/studio/', access: 'everybody', handle: page },
      ...site.names.map(
        (name): Endpoint => ({ method: 'GET', path: `/studio/${name}`, access: 'everybody', handle: page }),
      ),
      asked('find', requests.find, (model, { what, text, k }) => find(model, what, text, k)),
      asked('person', requests.person, (model, { user }) => person(model, user)),
      asked('attributes', requests.attributes, (model) => filterAttributes(model)),
      scored('list', requests.list, (score, { who, prior, options: given }) => {
        const options = listOptions(given);
        if ('items' in who) return score({ type: 'for-items', items: who.items, prior, request: options });
        const key = JSON.stringify([options, prior]);
        return score({ type: 'recommend', users: [who.user], prior, options, key });
      }),
      scored('explanation', requests.explanation, async (score, { who, item, prior, options: given }) => {
        const options = listOptions(given);
        if ('items' in who)
          return score({ type: 'for-items', items: who.items, explained: item, prior, request: options });
        const { user } = who;
        return withSeenEvents(await score({ type: 'explain', user, item, prior, options }), user, item, seen);
      }),
      scored('similar', requests.similar, (score, { item, options: given }) => {
        const { place: _, visitor: __, ...options } = parsed(schemas.similar, given ?? {});
        return score({ type: 'similar', item, ...options });
      }),
    ];
  };
}

const redirect = (Location: string) => ({ status: 308, body: null, headers: { Location } });

/** The models of a server, opened from their folders: one of each, that which is served. */
class OpenModels {
  readonly #opened = new Map<string, { readonly revision: number; readonly model: Promise<Model> }>();

  of({ name, folder, host: { revision } }: Variant): Promise<Model> {
    const opened = this.#opened.get(name);
    if (opened?.revision === revision) return opened.model;
    const model = openModel(folder);
    this.#opened.set(name, { revision, model });
    // A failure, such as a folder that is being written, may not come again.
    model.catch(() => this.#opened.delete(name));
    return model;
  }
}
