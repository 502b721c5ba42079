/**
 * What the studio's screen Operate asks of a running server: versions, requests, analytics and feedback, and the two acts that change what is served.
 * Every argument and result can be written as JSON. Failures are `TaurecError`s.
 */

import type { Analytics } from '../analytics/analytics.ts';
import type { AnalyticsOptions } from '../analytics/options.ts';
import type { StoredFeedback } from '../feedback/feedback-log.ts';
import type { ModelVersion, Versions } from '../model/current-version.ts';
import type { ModelStatus } from '../server/model-host.ts';

/** The served model, and the versions of its folder. */
export interface ServedVersions {
  readonly model: ModelStatus;
  /** Absent where a model folder without versions is served: nothing can be published or rolled back. */
  readonly versions?: Versions;
}

/** The requests of one route since the server started. */
export interface RouteRequests {
  /** `/v1/users/:user/recommendations` */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly count: number;
  /** Mean time until the response, in milliseconds. */
  readonly mean: number;
  /** Upper ends of the histogram's bars that hold the median and the 99th percentile, in milliseconds; Infinity beyond the last bar, 10 s. */
  readonly p50: number;
  readonly p99: number;
}

/** What a server has measured about itself since it started. */
export interface ServedRequests {
  /** Unix time of the measurement, in seconds: the difference of two of them gives rates. */
  readonly at: number;
  readonly ready: boolean;
  /** Requests since the start, and those that failed by the server's fault (5xx). */
  readonly requests: number;
  readonly faults: number;
  /** Lists made for requests. */
  readonly lists: number;
  /** Requests that wait for scoring. */
  readonly waiting: number;
  /** Resident memory in bytes. */
  readonly memory: number;
  /** Seconds of processor time since the start. */
  readonly processor: number;
  /** By route, method and status, most requests first. */
  readonly routes: readonly RouteRequests[];
}

/** Feedback in the order in which it was stored. */
export interface FeedbackPage {
  readonly events: readonly StoredFeedback[];
  /** Position of the last event in the log: pass it to get what comes after. */
  readonly last: number;
}

/** A running server, as a person with its token sees it. */
export interface Operations {
  /** @throws TaurecError `no-token`, `no-scope` */
  versions(): Promise<ServedVersions>;
  /** @throws TaurecError `no-token`, `no-scope` */
  requests(): Promise<ServedRequests>;
  /** What came of the lists. @throws TaurecError `feedback-off` for a server without feedback, `bad-request` */
  analytics(options?: Omit<AnalyticsOptions, 'events'>): Promise<Analytics>;
  /**
   * Feedback that was stored after position `after` of the log, at most 100 events, oldest first; without `after` the newest 100. Pages ask again, with `last`, every few seconds.
   * @throws TaurecError `feedback-off`, `no-token`, `no-scope`
   */
  feedback(after?: number): Promise<FeedbackPage>;
  /** Serves another version. @throws TaurecError `reload-closed` for a server without a token, `no-versions`, `reload-failed` */
  publish(version: string): Promise<ModelVersion>;
  /** Serves the version that was current before. @throws TaurecError as `publish`; `no-earlier-version` */
  rollback(): Promise<ModelVersion>;
}
