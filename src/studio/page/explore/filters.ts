import type { Where, WhereTest } from '../../../catalogue/where.ts';
import type { Session } from '../../session.ts';

/** An attribute that lists can be filtered by, as a session tells of it. */
export type AttributeFacts = Awaited<ReturnType<Session['attributes']>>[number];

/** What the controls of one attribute hold; all absent: any value passes. */
export interface AttributeControl {
  /** The chosen value of a menu: a text, or `true` and `false`. */
  readonly value?: string;
  /** Ends of a range, both within it: numbers, or dates such as `2026-05-31`, whose days are whole. */
  readonly from?: string;
  readonly to?: string;
  /** The most items of the list with one value. */
  readonly most?: number;
}

/** Controls by attribute. */
export type Controls = Readonly<Record<string, AttributeControl>>;

/** The kind of controls of an attribute's type. */
export function controlKind({ type, values }: AttributeFacts): 'menu' | 'numbers' | 'dates' {
  if (type === 'number' && !values) return 'numbers';
  return type === 'time' && !values ? 'dates' : 'menu';
}

/** The filter that the controls say; undefined where any item passes. */
export function whereOf(attributes: readonly AttributeFacts[], controls: Controls): Where | undefined {
  const tests = attributes.flatMap((attribute) => {
    const control = controls[attribute.name];
    const test = control && testOf(attribute, control);
    return test === undefined ? [] : [[attribute.name, test] as const];
  });
  return tests.length > 0 ? Object.fromEntries(tests) : undefined;
}

/** The limits that the controls say; undefined without any. */
export function atMostOf(controls: Controls): Readonly<Record<string, number>> | undefined {
  const limits = Object.entries(controls).flatMap(([name, { most }]) =>
    most === undefined ? [] : [[name, most] as const],
  );
  return limits.length > 0 ? Object.fromEntries(limits) : undefined;
}

/** How many attributes have a filter or a limit. */
export function controlsInUse(controls: Controls): number {
  return Object.values(controls).filter((control) => Object.values(control).some((value) => value !== undefined))
    .length;
}

/** Seconds as the day of a date control: `2026-05-31`, in UTC. */
export function dayOf(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 10);
}

/** Seconds of a day. */
const DAY = 86_400;

function testOf(attribute: AttributeFacts, { value, from, to }: AttributeControl): WhereTest | undefined {
  switch (controlKind(attribute)) {
    case 'menu':
      if (value === undefined) return undefined;
      if (attribute.type === 'list') return { any: [value] };
      if (attribute.type === 'text') return { in: [value] };
      return { in: [attribute.type === 'boolean' ? value === 'true' : Number(value)] };
    case 'numbers':
      return range(from && { gte: Number(from) }, to && { lte: Number(to) });
    case 'dates':
      return range(from && { gte: secondsOf(from) }, to && { lt: secondsOf(to) + DAY });
  }
}

/** Both ends as one test. An end that is no number, or not one yet, has no effect. */
function range(...ends: readonly (WhereTest | '' | undefined)[]): WhereTest | undefined {
  const given = ends.filter((end) => end && Object.values(end).every(Number.isFinite));
  return given.length > 0 ? Object.assign({}, ...given) : undefined;
}

function secondsOf(day: string): number {
  return Date.parse(day) / 1000;
}
