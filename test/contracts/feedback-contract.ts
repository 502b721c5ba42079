import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { readInteractions } from '../../src/data/read.ts';
import type { FeedbackEvent, FeedbackLog, StoredFeedback } from '../../src/feedback/feedback-log.ts';
import { openFeedback } from '../../src/feedback/open-feedback.ts';
import { rejectionOf } from '../support/error-of.ts';
import { draws } from '../support/property-seed.ts';

/** What a feedback log needs for the suite: places, each of a table that is not there yet, and a table with other columns. */
export interface FeedbackCase {
  place(): string;
  foreignTable(): Promise<string>;
}

const text = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter((t) => t.trim() !== '' && !/[\0\uFFFD]/.test(t));
const weight = fc.double({ min: 1e-6, max: 1e30, noNaN: true });
const time = fc.oneof(fc.integer({ min: 0, max: 2e9 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
/** Few ids, so that some come twice. */
const eventId = fc.integer({ min: 1, max: 12 }).map((n) => `event ${n} é🦉`);
const event: fc.Arbitrary<FeedbackEvent> = fc.record(
  {
    user: text,
    item: text,
    time,
    kind: text,
    weight,
    id: eventId,
    list: text,
    position: fc.integer({ min: 1, max: 1e6 }),
  },
  { requiredKeys: ['user', 'item', 'time'] },
);

/** What a log says of an event: defaults in place. −0 is 0 to a database. */
function stored({ time, ...event }: FeedbackEvent): FeedbackEvent {
  return { kind: 'interaction', weight: 1, ...event, time: time + 0 };
}

/** The plain reference: a list, and the ids in it. */
class ListLog {
  readonly events: FeedbackEvent[] = [];
  private readonly ids = new Set<string>();

  append(events: readonly FeedbackEvent[]): number {
    const before = this.events.length;
    for (const one of events) {
      if (one.id !== undefined && this.ids.has(one.id)) continue;
      if (one.id !== undefined) this.ids.add(one.id);
      this.events.push(stored(one));
    }
    return this.events.length - before;
  }
}

/** All events after a place; sequences ascend strictly, from 1. */
export async function allOf(log: FeedbackLog, after = 0): Promise<StoredFeedback[]> {
  const all: StoredFeedback[] = [];
  for await (const page of log.read(after)) {
    expect(page.length).toBeGreaterThan(0);
    for (const one of page) {
      expect(one.sequence).toBeGreaterThan(all.at(-1)?.sequence ?? after);
      all.push(one);
    }
  }
  return all;
}

const withoutSequence = (events: readonly StoredFeedback[]) => events.map(({ sequence: _, ...rest }) => rest);
const simple = (user: string, item: string, more: Partial<FeedbackEvent> = {}): FeedbackEvent => ({
  user,
  item,
  time: 1,
  ...more,
});

/** What every feedback log does. */
export function feedbackContract(
  name: string,
  missing: string | undefined,
  { place, foreignTable }: FeedbackCase,
): void {
  describe.skipIf(missing)(name, () => {
    const opened: FeedbackLog[] = [];
    const open = async (where = place()) => {
      const log = await openFeedback(where);
      opened.push(log);
      return log;
    };
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((log) => log.close()));
    });

    test('finds the events of a user, and those with one item, oldest first: as a filter of the list does', async () => {
      const few = fc.record({
        user: fc.constantFrom('a', 'b', 'é'.repeat(1900)),
        item: fc.constantFrom('x', 'y', '🦉'.repeat(900)),
        time,
      });
      await fc.assert(
        fc.asyncProperty(fc.array(few, { maxLength: 30 }), fc.integer({ min: 1, max: 5 }), async (events, limit) => {
          const log = await open();
          await log.append(events);
          const all = await allOf(log);
          for (const user of ['a', 'é'.repeat(1900), 'nobody']) {
            const own = all.filter((one) => one.user === user);
            expect(await log.find!(user)).toEqual(own);
            for (const item of ['x', '🦉'.repeat(900)]) {
              const both = own.filter((one) => one.item === item);
              expect(await log.find!(user, { item })).toEqual(both);
              expect(await log.find!(user, { item, limit })).toEqual(both.slice(-limit));
            }
          }
          await log.close();
        }),
        draws(5),
      );
    });

    test('reads the events from a time on, by time: as sorting the list does', async () => {
      const times = fc.array(fc.oneof(time, fc.constantFrom(1, 2, 3)), { maxLength: 30 });
      await fc.assert(
        fc.asyncProperty(times, fc.oneof(time, fc.constantFrom(1, 2, 3)), async (times, from) => {
          const log = await open();
          await log.append(times.map((time, at) => simple('a', `${at}`, { time })));
          const found: StoredFeedback[] = [];
          for await (const page of log.since!(from)) found.push(...page);
          const expected = (await allOf(log)).filter((one) => one.time >= from);
          expect(found).toEqual(expected.sort((a, b) => a.time - b.time || a.sequence - b.sequence));
          await log.close();
        }),
        draws(5),
      );
      const log = await open();
      for (let from = 0; from < 10_000; from += 1000)
        await log.append(Array.from({ length: 1000 }, (_, at) => simple('a', `${from + at}`, { time: at % 7 })));
      const found: StoredFeedback[] = [];
      for await (const page of log.since!(3)) found.push(...page);
      expect(found.length).toBe((await allOf(log)).filter((one) => one.time >= 3).length);
      expect(new Set(found.map(({ item }) => item)).size).toBe(found.length);
    });

    test('keeps what it is given, in order, each id once, whatever the appends: as a list does', async () => {
      const appends = fc.array(fc.array(event, { maxLength: 6 }), { maxLength: 8 });
      await fc.assert(
        fc.asyncProperty(appends, fc.boolean(), async (batches, atOnce) => {
          const log = await open();
          const reference = new ListLog();
          const counts: number[] = [];
          if (atOnce) counts.push(...(await Promise.all(batches.map((batch) => log.append(batch)))));
          else for (const batch of batches) counts.push(await log.append(batch));
          expect(counts).toEqual(batches.map((batch) => reference.append(batch)));
          const all = await allOf(log);
          expect(withoutSequence(all)).toEqual(reference.events);
          for (const { sequence } of all) {
            expect(await allOf(log, sequence)).toEqual(all.filter((one) => one.sequence > sequence));
          }
          await log.close();
        }),
        draws(20),
      );
    });

    test('a new log is empty and its first event is number 1', async () => {
      const log = await open();
      expect(await allOf(log)).toEqual([]);
      expect(await log.append([])).toBe(0);
      await log.append([simple('a', 'x'), simple('a', 'y')]);
      expect((await allOf(log)).map((one) => one.sequence)).toEqual([1, 2]);
      await log.check();
    });

    test('all events of an append or none', async () => {
      const log = await open();
      const good = [simple('a', 'x', { id: '1' }), simple('b', 'y', { id: '2' })];
      const bad: Partial<Record<keyof FeedbackEvent, unknown>>[] = [
        { user: '' },
        { user: ' \t' },
        { user: 7 },
        { item: 'a\0b' },
        { item: '\ud800' },
        { list: '' },
        { list: 'x'.repeat(501) },
        { position: 0 },
        { position: 1.5 },
        { position: 1_000_001 },
        { item: 'x'.repeat(2001) },
        { time: Number.NaN },
        { time: '1' },
        { time: Infinity },
        { weight: 0 },
        { weight: -1 },
        { weight: 1e31 },
        { kind: '' },
        { id: '' },
        { id: 'x'.repeat(501) },
      ];
      for (const wrong of bad) {
        const error = await rejectionOf(log.append([...good, { ...simple('c', 'z'), ...wrong } as FeedbackEvent]));
        expect(error.code).toBe('bad-feedback');
        expect(error.message).toContain(`Event 3 of 3, ${Object.keys(wrong)[0]}: got`);
      }
      expect(await allOf(log)).toEqual([]);
      expect(await log.append(good)).toBe(2);
    });

    test('texts of every kind, as long as they may be', async () => {
      const log = await open();
      const events = [
        simple("Robert'); DROP TABLE feedback;--", '"quoted" \\ back\nline\r\n\ttab', { kind: '{a,b}', id: 'NULL' }),
        simple('ü𝄞🦉'.repeat(400), '\u202eעברית', { id: '🦉'.repeat(250) }),
        simple('NULL', '{}', { id: '""' }),
        simple(' padded ', '007', { id: '0x' }),
      ];
      expect(await log.append(events)).toBe(4);
      expect(withoutSequence(await allOf(log))).toEqual(events.map(stored));
      expect(await log.append(events)).toBe(0);
    });

    test('many appends at once: all are there, none divided, in the order of the calls', async () => {
      const log = await open();
      const batches = Array.from({ length: 200 }, (_, b) => [0, 1, 2].map((i) => simple(`user ${b}`, `item ${i}`)));
      await Promise.all(batches.map((batch) => log.append(batch)));
      expect(withoutSequence(await allOf(log))).toEqual(batches.flat().map(stored));
    });

    test('a batch larger than a page and a group', async () => {
      const log = await open();
      const events = Array.from({ length: 30_000 }, (_, n) => simple(`u${n % 100}`, `i${n}`, { id: `${n % 25_000}` }));
      expect(await log.append(events)).toBe(25_000);
      const all = await allOf(log);
      expect(all).toHaveLength(25_000);
      expect(withoutSequence(all.slice(-3))).toEqual(events.slice(24_997, 25_000).map(stored));
      expect(await allOf(log, all[24_990]!.sequence)).toEqual(all.slice(24_991));
    });

    test('what was appended is there when it is opened again, and ids count on', async () => {
      const where = place();
      const first = await open(where);
      await first.append([simple('a', 'x', { id: 'once' }), simple('a', 'y')]);
      await first.close();
      const second = await open(where);
      expect(await second.append([simple('b', 'z', { id: 'once' }), simple('b', 'w')])).toBe(1);
      expect((await allOf(second)).map(({ user, item }) => user + item)).toEqual(['ax', 'ay', 'bw']);
    });

    test('two writers and a reader at once: nobody misses an event, and the reader sees none out of order', async () => {
      const where = place();
      const [one, two, reader] = await Promise.all([open(where), open(where), open(where)]);
      const write = async (log: FeedbackLog, user: string) => {
        for (let n = 0; n < 60; n++)
          await log.append([simple(user, `${n}`, { id: `shared ${n}` }), simple(user, `own ${n}`)]);
      };
      let writing = true;
      const writers = Promise.all([write(one!, 'a'), write(two!, 'b')]).finally(() => (writing = false));
      const seen: StoredFeedback[] = [];
      for (let last = false; !last; ) {
        last = !writing;
        seen.push(...(await allOf(reader!, seen.at(-1)?.sequence ?? 0)));
        await new Promise(setImmediate);
      }
      await writers;
      expect(seen).toEqual(await allOf(one!));
      expect(seen).toHaveLength(60 + 2 * 60);
      for (const user of ['a', 'b']) {
        const own = seen.filter((one) => one.user === user && one.item.startsWith('own'));
        expect(own.map(({ item }) => item)).toEqual(Array.from({ length: 60 }, (_, n) => `own ${n}`));
      }
    });

    test('closing writes what waits; a closed log says so', async () => {
      const where = place();
      const log = await open(where);
      const appends = Promise.all([
        log.append([simple('a', '1')]),
        log.append([simple('a', '2')]),
        log.append([simple('a', '3')]),
      ]);
      await Promise.all([log.close(), log.close()]);
      expect(await appends).toEqual([1, 1, 1]);
      for (const act of [() => log.append([simple('a', '4')]), () => allOf(log), () => log.check()]) {
        expect((await rejectionOf(act())).code).toBe('feedback-closed');
      }
      expect(await allOf(await open(where))).toHaveLength(3);
    });

    test('a table with other columns is left alone', async () => {
      const error = await rejectionOf(open(await foreignTable()));
      expect(error.code).toBe('feedback-table');
      expect(error.message).toMatch(/no column sequence, .*weight/);
    });

    test('training reads it: users, items, times and weights by themselves', async () => {
      const where = place();
      const log = await open(where);
      await log.append([
        simple('a', 'x', { time: 5.25, weight: 2 }),
        simple('a', 'x', { time: 7 }),
        simple('b', 'y', { kind: 'view' }),
      ]);
      const read = await readInteractions(where);
      expect(read.report).toMatchObject({ rows: 3, duplicates: 1 });
      expect([...read.times!]).toEqual([7, 1]);
      expect([...read.weights!]).toEqual([2, 1]);
      expect(read.source).toBe(log.place);
    });
  });
}
