import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import type { Explanation } from '../../../recommender/explanation.ts';
import type { RecommendedItem } from '../../../recommender/recommendation.ts';
import type { Found, Person, RunInfo, Session, Who } from '../../session.ts';
import { Answer } from '../state/answer.ts';
import type { Studio } from '../state/studio.ts';
import { Task } from '../state/task.ts';
import { type DialValues, dialsOf, moved, optionsOf, priorMost, requestOf } from './dials.ts';
import { type AttributeControl, type AttributeFacts, atMostOf, type Controls, whereOf } from './filters.ts';
import { type Moves, movesBetween } from './moves.ts';

/** What the room can be asked about. */
export const subjects = ['person', 'likes', 'item'] as const;
/** A subject. */
export type Subject = (typeof subjects)[number];

/** Why an item is in a list or not, with the length of that list: the dials may have moved since. */
export interface Verdict extends Explanation {
  readonly k: number;
}

/** Milliseconds that a dial rests before a list is asked for. */
const WAIT = 60;
/** Liked items that each place of a list names. */
const REASONS = 5;

/** The questions of the room and their answers. People and items that are asked about stay here, and never get into the address. */
export class Exploration {
  readonly subject: Signal<Subject> = signal('person');
  readonly person: Signal<Found | undefined> = signal(undefined);
  readonly likes: Signal<readonly Found[]> = signal([]);
  readonly item: Signal<Found | undefined> = signal(undefined);
  /** The item of "Why not …?". */
  readonly missed: Signal<Found | undefined> = signal(undefined);
  readonly dials: Signal<DialValues> = signal({});
  readonly controls: Signal<Controls> = signal({});
  readonly attributes = new Task<readonly AttributeFacts[]>();
  readonly history = new Answer<Person>();
  readonly list = new Answer<readonly RecommendedItem[]>();
  readonly explanation = new Answer<Verdict>();
  readonly similar = new Answer<readonly RecommendedItem[]>();
  readonly together = new Answer<readonly RecommendedItem[]>();
  /** For whom lists are; undefined while no one is chosen. */
  readonly who: ReadonlySignal<Who | undefined> = computed(() => {
    if (this.subject.value === 'item') return undefined;
    if (this.subject.value === 'person') return this.person.value && { user: this.person.value.id };
    const items = this.likes.value.map(({ id }) => id);
    return items.length > 0 ? { items } : undefined;
  });
  readonly #studio: Studio;
  /** The list as it was before the dial that moved last. */
  readonly #before: Signal<readonly RecommendedItem[] | undefined> = signal(undefined);
  /** False while a slider is held. */
  readonly settled: Signal<boolean> = signal(true);
  readonly #priors = new Map<string, number>();
  /** What the last dial changed in the list; undefined before any moved. */
  readonly moves: ReadonlySignal<Moves | undefined> = computed(() => {
    const [before, now] = [this.#before.value, this.list.shown.value];
    return before && now && movesBetween(before, now);
  });

  constructor(studio: Studio) {
    this.#studio = studio;
  }

  /** Takes the subject and the dials from the address. */
  read(options: Readonly<Record<string, string>>): void {
    const asked = subjects.find((subject) => subject === options.ask);
    if (asked !== undefined && asked !== this.subject.peek()) this.#turn(asked);
    const dials = dialsOf(options);
    if (JSON.stringify(optionsOf(dials)) !== JSON.stringify(optionsOf(this.dials.peek()))) this.dials.value = dials;
  }

  /** Writes the subject and the dials into the address. */
  write(): void {
    this.#studio.setOptions({ ask: this.subject.peek(), ...optionsOf(this.dials.peek()) });
  }

  /** Asks about something else. */
  turnTo(subject: Subject): void {
    this.#turn(subject);
    this.write();
  }

  choosePerson(person: Found): void {
    this.#newList();
    this.history.reset();
    this.person.value = person;
  }

  chooseLikes(likes: readonly Found[]): void {
    this.#newList();
    this.likes.value = likes;
  }

  chooseItem(item: Found): void {
    this.similar.reset();
    this.together.reset();
    this.item.value = item;
  }

  chooseMissed(item: Found): void {
    this.explanation.reset();
    this.missed.value = item;
  }

  /** Moves a dial. `held`: the person has not let go of it, so the address and the list to compare with stay. */
  turn(name: keyof DialValues, value: number | undefined, held = false): void {
    this.#compare();
    this.dials.value = moved(this.dials.peek(), name, value);
    this.settled.value = !held;
    if (!held) this.write();
  }

  /** Puts all dials and filters back. */
  resetAll(): void {
    this.#compare();
    this.dials.value = {};
    this.controls.value = {};
    this.write();
  }

  /** Changes the controls of one attribute. */
  filter(attribute: string, change: AttributeControl): void {
    this.#compare();
    this.controls.value = { ...this.controls.peek(), [attribute]: { ...this.controls.peek()[attribute], ...change } };
  }

  /** The options of the list that is asked for. */
  request(): ReturnType<typeof requestOf> {
    const where = whereOf(this.attributes.value ?? [], this.controls.value);
    const atMost = atMostOf(this.controls.value);
    return { ...requestOf(this.dials.value), ...(where && { where }), ...(atMost && { atMost }) };
  }

  /** Asks for everything that a run answers about what is chosen. It reads signals, and belongs into an effect. */
  follow(run: RunInfo): void {
    const { session } = this.#studio;
    const [who, request] = [this.who.value, this.request()];
    if (!who) return;
    this.list.ask(() => session.recommend(run.id, who, { ...request, explain: REASONS }), WAIT);
    const missed = this.missed.value;
    if (!missed) return;
    this.explanation.ask(async () => {
      const explanation = await session.explain(run.id, who, missed.id, request);
      return { ...explanation, k: request.k };
    }, WAIT);
  }

  /** Asks for a person's history. Belongs into an effect. */
  followPerson(run: RunInfo): void {
    const person = this.person.value;
    if (person && this.subject.value === 'person')
      this.history.ask(() => this.#studio.session.person(run.id, person.id));
  }

  /** Asks for the neighbours of the item. Belongs into an effect. */
  followItem(run: RunInfo): void {
    const item = this.item.value;
    if (!item || this.subject.value !== 'item') return;
    const { session } = this.#studio;
    const { k, where, atMost } = this.request();
    const options = { k, ...(where && { where }), ...(atMost && { atMost }) };
    this.similar.ask(() => session.similar(run.id, item.id, options), WAIT);
    this.together.ask(() => session.similar(run.id, item.id, { ...options, by: 'together' }), WAIT);
  }

  /** The model's own popularity prior. */
  ownPrior(run: RunInfo): number {
    const own = run.chosen?.popularityPrior ?? run.config.popularityPrior;
    return typeof own === 'number' ? own : 0;
  }

  /** The largest prior of the dial: settled by the first list of a model, so that the dial keeps its ends. */
  priorMost(run: RunInfo): number {
    const known = this.#priors.get(run.id);
    if (known !== undefined) return known;
    const best = this.list.shown.value?.[0]?.score;
    if (best === undefined) return priorMost(1, this.ownPrior(run));
    const most = priorMost(best, this.ownPrior(run));
    this.#priors.set(run.id, most);
    return most;
  }

  /** Finds people or items of a run. */
  find(run: RunInfo, what: 'user' | 'item'): (text: string) => ReturnType<Session['find']> {
    return (text) => this.#studio.session.find(run.id, what, text, 8);
  }

  #turn(subject: Subject): void {
    this.#newList();
    this.subject.value = subject;
  }

  /** Another person's list is not compared with the one before. */
  #newList(): void {
    this.list.reset();
    this.explanation.reset();
    this.#before.value = undefined;
  }

  /** Keeps the list in sight as the one to compare with, unless a slider is being held. */
  #compare(): void {
    const shown = this.list.shown.peek();
    if (this.settled.peek() && shown) this.#before.value = shown;
  }
}

const explorations = new WeakMap<Studio, Exploration>();

/** The exploration of a studio: what is chosen stays when a person looks into another room and comes back. */
export function explorationOf(studio: Studio): Exploration {
  const known = explorations.get(studio) ?? new Exploration(studio);
  explorations.set(studio, known);
  return known;
}
