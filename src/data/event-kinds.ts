// Kinds of events: a column that says what a row is (view, purchase …), and how much each kind counts.

import * as z from 'zod';
import { TaurecError } from '../errors.ts';
import { notNegative, option } from '../option.ts';

/** What an event of a kind counts for. */
export interface EventKind {
  /** Weight of the interaction as a positive; 0 leaves rows of the kind out. */
  readonly weight: number;
  /** Whether an event of the kind hides its item from the user's lists. */
  readonly hides: boolean;
}

/** The kinds that count, by name; rows of other kinds are left out, unless `*` gives the rest. Names are compared without blanks around them, case matters. */
export type EventTable = ReadonlyMap<string, EventKind>;

/** Rows of one kind, for reports. */
export interface KindCount {
  readonly kind: string;
  readonly rows: number;
  /** The weight that its rows got; 0: they were left out. */
  readonly weight: number;
}

/** Kinds that hide nothing by default: the item was shown, not chosen. */
const usuallyVisible: readonly string[] = ['view', 'impression'];

const group = 'Reading data:';
const weightsExpected = 'kinds with weights of at least 0, such as view=0.2,purchase=1 (* stands for all other kinds)';
const kindsExpected = 'names of kinds, such as view,purchase';

/** The declarations of the options about kinds of events. */
export const eventShape = {
  /** Column of the kind of event. Default: none; with `eventWeights` or `eventKinds` the first column with a usual name (event, event_type, kind, action, behavior …). */
  eventColumn: option(
    z.union([z.string(), z.number()], { error: 'a column: its name, or its position counted from 1' }).optional(),
    {
      group,
      flag: '--event-column <column>',
      help: 'column with the kind of event (default, where kinds are named: found by name)',
    },
  ),
  /** Kinds that count, each with its weight: an object, or `view=0.2,purchase=1`. `*` stands for the kinds not named; without it their rows are left out. The weight multiplies that of a weight column. */
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
  /** Kinds that count, all alike: a list, or `view,purchase`. Rows of other kinds are left out. Cannot be combined with `eventWeights`. */
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
    .default(usuallyVisible),
  {
    flag: '--visible-kinds <kind...>',
    help: 'kinds of feedback that do not hide their item (default: view, impression)',
  },
);

/** Options about kinds of events. */
export type EventOptions = z.input<z.ZodObject<typeof eventShape>>;

/**
 * The table of kinds that options give; undefined where all kinds count alike and hide their items.
 * @param visible kinds that do not hide their item. Default, of the kinds that have a weight: view and impression
 * @throws TaurecError `bad-option` for options that exclude each other
 */
export function eventTable(
  { eventWeights, eventKinds }: EventOptions,
  visible?: readonly string[],
): EventTable | undefined {
  if (eventWeights !== undefined && eventKinds !== undefined) {
    throw new TaurecError('bad-option', {
      option: 'eventKinds',
      got: String(eventKinds),
      conflict: 'eventWeights',
      remedy: 'The kinds with a weight are those that count.',
    });
  }
  const weights = weightsOf(eventWeights, eventKinds) ?? (visible && new Map([['*', 1]]));
  if (!weights) return undefined;
  const shown = new Set(visible ?? usuallyVisible);
  // A visible kind without a weight of its own has that of the rest.
  const names = new Set([...weights.keys(), ...(visible ?? [])]);
  const weightOf = (name: string) => weights.get(name) ?? weights.get('*') ?? 0;
  return new Map([...names].map((name) => [name, { weight: weightOf(name), hides: !shown.has(name) }]));
}

/** The weight of each kind that options name; undefined where they name none. */
function weightsOf(
  eventWeights: EventOptions['eventWeights'],
  eventKinds: EventOptions['eventKinds'],
): Map<string, number> | undefined {
  if (eventKinds !== undefined) {
    const names = typeof eventKinds === 'string' ? namesIn(eventKinds) : eventKinds;
    return new Map(names.map((name) => [name.trim(), 1]));
  }
  if (eventWeights === undefined) return undefined;
  const weights = typeof eventWeights === 'string' ? parseWeights(eventWeights)! : Object.entries(eventWeights);
  return new Map(weights.map(([name, weight]) => [name.trim(), weight]));
}

/** The weight of a kind in a table; without a table 1. */
export function weightOfKind(kind: string, table: EventTable | undefined): number {
  return table ? ((table.get(kind) ?? table.get('*'))?.weight ?? 0) : 1;
}

/** The weights of a table as options (`eventWeights`) state them. */
export function weightsByKind(table: EventTable | undefined): Record<string, number> | undefined {
  return table && Object.fromEntries([...table].map(([kind, { weight }]) => [kind, weight]));
}

/** Whether an event of a kind hides its item; without a table it does. */
export function hidesItem(kind: string, table: EventTable | undefined): boolean {
  return (table?.get(kind) ?? table?.get('*'))?.hides ?? true;
}

/** Kinds with their rows and weights, the most frequent first, for messages. */
export function kindsText(kinds: readonly KindCount[]): string {
  const shown = kinds.slice(0, 10).map(({ kind, rows, weight }) => {
    const name = kind === '' ? '(blank)' : kind;
    return `${name} ${rows.toLocaleString('en')}${weight === 0 ? ' left out' : weight === 1 ? '' : ` × ${weight}`}`;
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
