import { type ListOrigin, listId } from '../feedback/list-id.ts';
import type { RequestContext } from './endpoint.ts';
import type { ScoringJob } from './scoring-protocol.ts';
import type { Metrics } from './server-metrics.ts';
import type { Shadow } from './shadow.ts';
import type { Variant } from './variants.ts';

/** The JSON of a list with its variant, where it has a name, and a new id as its first fields. The texts are joined: parsing a list would cost more than all else that the main thread does for it. */
export function withListId(json: string, origin: ListOrigin): string {
  return withVariant(`{"list":"${listId(origin)}",${json.slice(1)}`, origin.variant);
}

/** The JSON of an object with the variant that made it as its first field; unchanged for a model without a name. */
export function withVariant(json: string, variant: string): string {
  // A name needs no escapes.
  return variant === '' ? json : `{"variant":"${variant}",${json.slice(1)}`;
}

/** Hands jobs to the model of a variant. */
export class ListMaker {
  readonly #metrics: Metrics;
  readonly #shadow: Shadow | undefined;

  /** @param shadow makes the lists once more; absent: none does */
  constructor(metrics: Metrics, shadow?: Shadow) {
    this.#metrics = metrics;
    this.#shadow = shadow;
  }

  /** The answers of the model as JSON texts, as `Scorer.submit` has them. */
  submit({ env: { outgoing } }: RequestContext, { host }: Variant, job: ScoringJob): Promise<readonly string[]> {
    // A request whose client has disconnected is dropped from the queue unscored.
    return host.scorer.submit(job, () => outgoing.destroyed);
  }

  /** The lists of a job as JSON texts, each with an id. @param place where they will be shown */
  async lists(context: RequestContext, variant: Variant, job: ScoringJob, place = ''): Promise<string[]> {
    // The model that is served now answers the job, even if another one is served by then.
    const { version } = variant.host;
    const made = await this.submit(context, variant, job);
    this.#metrics.lists(variant.name, made.length);
    // Lists for everybody say nothing about a model.
    if (job.type !== 'items') this.#shadow?.follow(context.env.outgoing, variant.name, job, made);
    return made.map((json) => withListId(json, { variant: variant.name, version, place }));
  }
}
