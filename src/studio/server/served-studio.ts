import * as z from 'zod';
import type { Model } from '../../model/model.ts';
import { openModel } from '../../model/model-directory.ts';
import type { AppParts } from '../../server/app.ts';
import type { Endpoint, RequestContext } from '../../server/endpoint.ts';
import { parsed } from '../../server/parse-request.ts';
import { jsonReply } from '../../server/reply.ts';
import { Site, siteHeaders } from '../../server/site.ts';
import type { MoreEndpoints } from '../../server/start-server.ts';
import type { Variant } from '../../server/variants.ts';
import { filterAttributes, find, person } from '../workbench/people.ts';

const variant = z.string({ error: 'the name of a model' }).optional();
const id = z
  .string({ error: 'an id' })
  .min(1, { error: 'an id' })
  .max(512, { error: 'an id of at most 512 characters' });
const requests = {
  find: z.strictObject({
    variant,
    what: z.enum(['user', 'item'], { error: 'user or item' }),
    text: z.string({ error: 'a text' }).max(512, { error: 'a text of at most 512 characters' }),
    k: z.coerce.number().int().min(1).max(1000).optional(),
  }),
  person: z.strictObject({ variant, user: id }),
  attributes: z.strictObject({ variant }),
};

/**
 * The studio of a running server: the page, which holds nothing and is open to all, and what its screens ask besides the server's own interface, for tokens with the scope `read`. The model of a search is read from its
 * folder at the first one, into memory of its own.
 * @param folder the folder of the built page; default: that of the package
 * @throws TaurecError `no-studio-site`
 */
export async function servedStudio(folder?: string): Promise<MoreEndpoints> {
  const site = await Site.open('serve', folder);
  return ({ variants }: AppParts): readonly Endpoint[] => {
    const models = new OpenModels();
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
