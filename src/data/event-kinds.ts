// Kinds of events: a column that says what a row is (view, purchase …), and how much each kind counts.

import * as z from 'zod';
import { TaurecError } from '../errors.ts';
import { notNegative, option, yesOrNo } from '../option.ts';
import { duration } from './duration.ts';

/** What an event of a kind counts for. */
export interface EventKind {
  /** Weight of the interaction as a positive; 0 leaves rows of the kind out. */
  readonly weight: number;
  /** Whether an event of the kind hides its item from the user's lists. */
  readonly hides: boolean;
  /** Whether the event means that a list succeeded (`taurec analytics`). */
  readonly success: boolean;
  /** Whether the event says that the item was shown. */
  readonly impression: boolean;
  /** Seconds after which the event does not count any more; Infinity: never. */
  readonly expires: number;
}

/** The kinds that count, by name; rows of other kinds are left out, unless `*` gives the rest. Names are compared without blanks around them, case matters. */
export type EventTable = ReadonlyMap<string, EventKind>;

/** Rows of one kind, for reports. */
export interface KindCount {
  readonly kind: string;
  readonly rows: number;
  /** The weight that its rows got; 0: they were left out. */
  readonly weight: number;
  /** Rows among them that were left out because they are too old; absent: none. */
  readonly expired?: number;
}

/** Kinds that hide nothing by default: the item was shown, not chosen. */
const usuallyVisible: readonly string[] = ['view', 'impression', 'click'];
/** Kinds that are successes by default. */
const usuallySuccess: readonly string[] = ['click', 'purchase'];
/** The kind of an item that was shown. It is no positive. */
const IMPRESSION = 'impression';

const group = 'Reading data:';
const weightsExpected = 'kinds with weights of at least 0, such as view=0.2,purchase=1 (* stands for all other kinds)';
const kindsExpected = 'names of kinds, such as view,purchase';

/** What a kind of events may say; the rest follows from its name (`kindNamed`). */
const kindShape = z.strictObject(
  {
    weight: notNegative.optional(),
    hides: yesOrNo.optional(),
    success: yesOrNo.optional(),
    impression: yesOrNo.optional(),
    expires: duration.optional(),
  },
  { error: 'an object with some of weight, hides, success, impression and expires' },
);

/** The declarations of the options about kinds of events. */
export const eventShape = {
  /** Column of the kind of event. Default: none; where kinds are named, the first column with a usual name (event, event_type, kind, action, behavior …). */
  eventColumn: option(
    z.union([z.string(), z.number()], { error: 'a column: its name, or its position counted from 1' }).optional(),
    {
      group,
      flag: '--event-column <column>',
      help: 'column with the kind of event (default, where kinds are named: found by name)',
    },
  ),
  /**
   * The kinds of events, each with what it counts for: `{ click: { weight: 0.2, hides: false, success: true }, purchase: { success: true, expires: '180d' } }`. `weight` (default 1) is that of the interaction, 0 leaves its rows out; `hides` (default true, false for
   * view, click and impression): whether the item disappears from the user's lists; `success` (default false, true for click and purchase): whether a list succeeded; `impression` (default true for the kind of this name, whose weight is then 0): whether the item was
   * shown; `expires`: seconds, or a span such as `30d`, after which an event does not count, before the newest event in training and before now on a server. `*` stands for the kinds not named; without it their rows are left out.
   */
  events: option(z.record(z.string(), kindShape, { error: 'an object of kinds' }).optional(), {
    group,
    flag: '--events <file>',
    help: 'kinds of events with what each counts for: a JSON file, or JSON (docs/events.md)',
  }),
  /** Kinds that count, each with its weight: an object, or `view=0.2,purchase=1`. `*` stands for the kinds not named; without it their rows are left out. The weight multiplies that of a weight column. A short form of `events`. */
  eventWeights: option(
    z
      .union([z.string().refine((text) => parseWeights(text) !== undefined), z.record(z.string(), notNegative)], {
        error: weightsExpected,
      })
      .optional(),
    {
      group,
      flag: '--event-weights <kinds>',
      help: 'weight of each kind of event: view=0.2,purchase=1; others are left out, *=1 keeps them',
    },
  ),
  /** Kinds that count, all alike: a list, or `view,purchase`. Rows of other kinds are left out. A short form of `events`. */
  eventKinds: option(
    z
      .union([z.string().refine((text) => namesIn(text).length > 0), z.array(z.string()).min(1)], {
        error: kindsExpected,
      })
      .optional(),
    { group, flag: '--event-kinds <names>', help: 'keep only these kinds of events: view,purchase' },
  ),
};

/** The declaration of the kinds that hide nothing, for those who serve lists. */
export const visibleKinds = option(
  z
    .array(z.string({ error: 'a kind' }))
    .readonly()
    .optional(),
  {
    flag: '--visible-kinds <kind...>',
    help: 'kinds of feedback that do not hide their item (default: view, click, impression)',
  },
);

/** The declaration of `events` for those who read feedback: the same kinds, among other options. */
export const feedbackEvents = option(eventShape.events.unwrap().optional(), {
  flag: '--events <file>',
  help: 'kinds of feedback with what each counts for: a JSON file, or JSON (docs/events.md)',
});

/** Options about kinds of events. */
export type EventOptions = z.input<z.ZodObject<typeof eventShape>>;

/** The kinds of a feedback log for which no kinds are named: impressions are no positives, all others are. */
export const feedbackKinds: NonNullable<EventOptions['events']> = { [IMPRESSION]: {}, '*': {} };

/** Whether options name kinds. */
export const namesKinds = ({ events, eventWeights, eventKinds }: EventOptions): boolean =>
  events !== undefined || eventWeights !== undefined || eventKinds !== undefined;

/**
 * The table of kinds that options give; undefined where they name none: then all kinds count alike and hide their items.
 * @throws TaurecError `bad-option` for options that exclude each other
 */
export function eventTable({ events, eventWeights, eventKinds }: EventOptions): EventTable | undefined {
  const given = Object.entries({ events, eventWeights, eventKinds }).filter(([, value]) => value !== undefined);
  if (given.length > 1) {
    const [[conflict], [option, got]] = given as [[string, unknown], [string, unknown]];
    throw new TaurecError('bad-option', {
      option,
      got: typeof got === 'string' ? got : JSON.stringify(got),
      conflict,
      remedy: 'One of them says which kinds count.',
    });
  }
  if (events !== undefined) return tableOf(Object.entries(events));
  return tableOf(weightsOf(eventWeights, eventKinds)?.map(([name, weight]) => [name, { weight }]));
}

/**
 * The table for those who serve lists: that of `events`, otherwise all kinds count and those of `visible` hide nothing.
 * @throws TaurecError `bad-option` where both are given
 */
export function servedKinds(events: EventOptions['events'], visible?: readonly string[]): EventTable {
  if (events !== undefined && visible !== undefined) {
    throw new TaurecError('bad-option', {
      option: 'visibleKinds',
      got: visible.join(','),
      conflict: 'events',
      remedy: 'Say hides: false for these kinds.',
    });
  }
  if (events !== undefined) return tableOf(Object.entries(events));
  const shown = (visible ?? usuallyVisible).map((name): [string, KindFacts] => [name.trim(), { hides: false }]);
  // What was only shown hides nothing, whatever the others do.
  return tableOf([['*', { hides: true }], [IMPRESSION, { hides: false }], ...shown]);
}

type KindFacts = z.input<typeof kindShape>;

function tableOf(kinds: readonly (readonly [name: string, facts: KindFacts])[]): EventTable;
function tableOf(kinds: undefined | readonly (readonly [name: string, facts: KindFacts])[]): EventTable | undefined;
function tableOf(kinds: undefined | readonly (readonly [name: string, facts: KindFacts])[]): EventTable | undefined {
  if (!kinds) return undefined;
  const named = new Map(kinds.map(([name, facts]) => [name.trim(), facts]));
  // What follows from a usual name does so under `*` too.
  const rest = named.get('*');
  const usual = rest ? [...usuallyVisible, ...usuallySuccess].filter((name) => !named.has(name)) : [];
  for (const name of usual) named.set(name, rest!);
  return new Map([...named].map(([name, facts]) => [name, kindNamed(name, facts)]));
}

/** A kind with what follows from its name filled in. */
function kindNamed(name: string, facts: KindFacts): EventKind {
  const { impression = name === IMPRESSION, weight = impression ? 0 : 1, expires = Infinity } = facts;
  const { hides = !impression && !usuallyVisible.includes(name), success = usuallySuccess.includes(name) } = facts;
  return { weight, hides, success, impression, expires: expires === Infinity ? Infinity : duration.parse(expires) };
}

/** The weight of each kind that the short forms name; undefined where they name none. */
function weightsOf(
  eventWeights: EventOptions['eventWeights'],
  eventKinds: EventOptions['eventKinds'],
): readonly [string, number][] | undefined {
  if (eventKinds !== undefined)
    return (typeof eventKinds === 'string' ? namesIn(eventKinds) : eventKinds).map((name) => [name, 1]);
  if (eventWeights === undefined) return undefined;
  return typeof eventWeights === 'string' ? parseWeights(eventWeights)! : Object.entries(eventWeights);
}

/** The kind of an event in a table; undefined where the table does not have it. */
export function kindIn(kind: string, table: EventTable): EventKind | undefined {
  return table.get(kind) ?? table.get('*');
}

/** The weight of a kind in a table; without a table 1. */
export function weightOfKind(kind: string, table: EventTable | undefined): number {
  return table ? (kindIn(kind, table)?.weight ?? 0) : 1;
}

/** The kind of an event that counts for lists at the time `now`, in seconds: it hides its item or is a positive, and is not too old. Undefined for any other event. */
export function countsAt(kind: string, time: number, now: number, table: EventTable): EventKind | undefined {
  const found = kindIn(kind, table);
  if (!found || (found.weight === 0 && !found.hides)) return undefined;
  return time + found.expires > now ? found : undefined;
}

/** The weights of a table as options (`eventWeights`) state them. */
export function weightsByKind(table: EventTable | undefined): Record<string, number> | undefined {
  return table && Object.fromEntries([...table].map(([kind, { weight }]) => [kind, weight]));
}

/** Kinds with their rows and weights, the most frequent first, for messages. */
export function kindsText(kinds: readonly KindCount[]): string {
  const shown = kinds.slice(0, 10).map(({ kind, rows, weight, expired }) => {
    const name = kind === '' ? '(blank)' : kind;
    const old = expired ? ` (${expired.toLocaleString('en')} expired)` : '';
    return `${name} ${rows.toLocaleString('en')}${weight === 0 ? ' left out' : weight === 1 ? '' : ` × ${weight}`}${old}`;
  });
  return shown.join(', ') + (kinds.length > shown.length ? ' …' : '');
}

function namesIn(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

/** Parses `view=0.2,purchase=1`. The last `=` separates, because a kind may contain one. Undefined for another text. */
function parseWeights(text: string): [string, number][] | undefined {
  const parts = namesIn(text).map((part): [string, number] => {
    const at = part.lastIndexOf('=');
    const weight = part.slice(at + 1).trim();
    return [part.slice(0, Math.max(at, 0)).trim(), weight === '' ? Number.NaN : Number(weight)];
  });
  const good = parts.every(([name, weight]) => name !== '' && Number.isFinite(weight) && weight >= 0);
  return good && parts.length > 0 ? parts : undefined;
}
