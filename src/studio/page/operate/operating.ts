import { computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Analytics } from '../../../analytics/analytics.ts';
import type { AnalyticsOptions } from '../../../analytics/options.ts';
import type { ModelVersion } from '../../../model/current-version.ts';
import type { FeedbackPage, Operations, ServedRequests, ServedVersions } from '../../operations.ts';
import { Answer } from '../state/answer.ts';
import type { Studio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import { type RequestRates, ratesBetween, withPage } from './measures.ts';

/** Two measurements of a server: the newest, and the rates since the one before. */
export interface Measured {
  readonly now: ServedRequests;
  readonly rates?: RequestRates;
}

/** Options of the analytics that the room sets. */
export type Figures = Pick<AnalyticsOptions, 'by' | 'from' | 'to'>;

/** What is told of a server without feedback. */
export const withoutFeedback = { 'feedback-off': 'This server stores no feedback: it was started without --feedback.' };

/** What the page knows of the server that it operates. The token is kept in memory: no address, no storage. */
export class Operating {
  readonly token: Signal<string | undefined> = signal(undefined);
  readonly operations: ReadonlySignal<Operations>;
  /** False while a person reads: nothing changes under their eyes. */
  readonly measuring: Signal<boolean> = signal(true);
  readonly reading: Signal<boolean> = signal(true);
  /** Whether the server asks for a token, or for another one. */
  readonly closed: Signal<boolean> = signal(false);
  readonly versions = new Answer<ServedVersions>();
  readonly measured = new Answer<Measured>();
  readonly analytics = new Answer<Analytics>();
  readonly feedback = new Answer<FeedbackPage>();
  /** Publishing or rolling back. */
  readonly change = new Task<ModelVersion>();

  readonly #studio: Studio;

  constructor(studio: Studio, operate: (token: string | undefined) => Operations) {
    this.#studio = studio;
    this.operations = computed(() => operate(this.token.value));
    // A server may ask before it says anything, or only before it is operated.
    for (const task of [studio.opening, this.versions.task])
      effect(() => {
        const now = task.state.value;
        if (now.state === 'failed') this.closed.value = ['no-token', 'no-scope'].includes(now.failure.code);
        else if (now.state === 'done') this.closed.value = false;
      });
  }

  /** Uses a token from now on; undefined forgets the one in use, and what was seen with it. */
  async use(token: string | undefined): Promise<void> {
    this.token.value = token;
    for (const answer of [this.versions, this.measured, this.analytics, this.feedback]) answer.reset();
    // The session of the page goes with the token of its operations, so they are made first.
    this.operations.peek();
    if (this.#studio.opening.state.peek().state === 'done' || (await this.#studio.open())) this.look();
  }

  look(): void {
    this.versions.ask(() => this.operations.peek().versions());
  }

  measure(): void {
    this.measured.ask(async () => {
      const before = this.measured.shown.peek()?.now;
      const now = await this.operations.peek().requests();
      const rates = before && ratesBetween(before, now);
      return { now, ...(rates && { rates }) };
    });
  }

  analyze(figures: Figures): void {
    this.analytics.ask(() => this.operations.peek().analytics(figures));
  }

  /** Gets the events after those in sight. */
  readOn(): void {
    this.feedback.ask(async () => {
      const shown = this.feedback.shown.peek();
      return withPage(shown, await this.operations.peek().feedback(shown?.last));
    });
  }
}

const operatings = new WeakMap<Studio, Operating>();

/** What a studio operates; the token lasts as long as the page. */
export function operatingOf(studio: Studio): Operating {
  const known = operatings.get(studio) ?? new Operating(studio, studio.operate!);
  operatings.set(studio, known);
  return known;
}
