import { TaurecError } from '../errors.ts';
import type { Explanation } from '../recommender/explanation.ts';
import type { Id, RecommendedItem } from '../recommender/recommendation.ts';
import type { SimilarOptions } from '../recommender/similar-items.ts';
import type { ModelStatus } from '../server/model-host.ts';
import type { TrainConfigInput } from '../training/config.ts';
import type { ServedApi } from './served-api.ts';
import type { Found, ListRequest, Person, RunInfo, Session, SessionAbout, SourceList, Who } from './session.ts';

/** What `GET /v1/model` says about a server of several models. */
type ServerStatus = ModelStatus & {
  readonly variants?: readonly { readonly name: string; readonly shadow?: true }[];
};

/** The run of a server with one model, which has no name. */
const ONLY = 'served';

/**
 * The session of `taurec serve --studio`, over HTTP: each served model is a run that is done, and can be explored. Nothing is read, trained, judged or taken home here; those calls throw
 * `not-served`.
 */
export class ServedSession implements Session {
  readonly #api: ServedApi;

  constructor(api: ServedApi) {
    this.#api = api;
  }

  readonly add = notServed('add');
  readonly preview = notServed('preview');
  readonly measure = notServed('measure');
  readonly load = notServed('load');
  readonly start = notServed('start');
  readonly control = notServed('control');
  readonly discard = notServed('discard');
  readonly sweep = notServed('sweep');
  readonly mapItems = notServed('mapItems');
  readonly checkLoss = notServed('checkLoss');
  readonly judge = notServed('judge');
  readonly compare = notServed('compare');
  readonly archive = notServed('archive');
  readonly open = notServed('open');

  async about(): Promise<SessionAbout> {
    const { info } = await this.#api.get<{ info: { version: string } }>('openapi.json');
    return { kind: 'server', version: info.version, schema: {} };
  }

  async sources(): Promise<SourceList> {
    return { sources: [] };
  }

  async data(): Promise<undefined> {
    return undefined;
  }

  async follow(): Promise<void> {}

  watch(): () => void {
    return () => {};
  }

  async runs(): Promise<readonly RunInfo[]> {
    const first = await this.#api.get<ServerStatus>('v1/model');
    if (!first.variants) return [runOf(ONLY, first)];
    const names = first.variants.filter(({ shadow }) => !shadow).map(({ name }) => name);
    return Promise.all(
      names.map(async (name) => runOf(name, await this.#api.get<ServerStatus>('v1/model', { variant: name }))),
    );
  }

  find(run: string, what: 'user' | 'item', text: string, k?: number): Promise<readonly Found[]> {
    return this.#api.get('studio/api/find', { ...variantOf(run), what, text, k });
  }

  person(run: string, user: Id): Promise<Person> {
    return this.#api.get('studio/api/person', { ...variantOf(run), user });
  }

  attributes(run: string): ReturnType<Session['attributes']> {
    return this.#api.get('studio/api/attributes', variantOf(run));
  }

  async recommend(run: string, who: Who, options: ListRequest = {}): Promise<readonly RecommendedItem[]> {
    return (await this.#api.post<List>('studio/api/list', { ...variantOf(run), who, ...apart(options) })).items;
  }

  async explain(run: string, who: Who, item: Id, options: ListRequest = {}): Promise<Explanation> {
    return this.#api.post('studio/api/explanation', { ...variantOf(run), who, item, ...apart(options) });
  }

  async similar(run: string, item: Id, options: SimilarOptions = {}): Promise<readonly RecommendedItem[]> {
    return (await this.#api.post<List>('studio/api/similar', { ...variantOf(run), item, options })).items;
  }

  async close(): Promise<void> {}
}

/** A call that a server of models does not answer. */
function notServed(what: string): () => Promise<never> {
  return () => Promise.reject(new TaurecError('not-served', { what }));
}

type List = { readonly items: readonly RecommendedItem[] };

/** The prior and the options of a request apart. */
const apart = ({ prior, ...options }: ListRequest) => ({ prior, options });

const variantOf = (run: string) => (run === ONLY ? {} : { variant: run });

function runOf(id: string, status: ServerStatus): RunInfo {
  const { loss, epochs, seed, dimension, popularityPrior, metrics, users, items, version } = status;
  const valid = (metrics as Partial<Record<string, { readonly values: Readonly<Record<string, number>> }>>).valid;
  return {
    id,
    name: id === ONLY ? version : `${id} ${version}`,
    state: 'done',
    config: { loss, seed, dimension, popularityPrior } as TrainConfigInput,
    ...{ epoch: epochs, epochs, history: [], opened: 0, users, items },
    ...(valid && { valid: valid.values }),
  };
}
