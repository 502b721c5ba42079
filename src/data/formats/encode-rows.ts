// Encodes rows one after another, in JavaScript: what `encode-table.ts` does with DuckDB.

import { sharedInt32 } from '../../array/shared.ts';
import { type EventTable, type KindCount, kindIn, weightOfKind } from '../event-kinds.ts';
import { type IdMap, IdMapBuilder } from '../id-map.ts';
import { houseOrder } from '../union-ids.ts';
import { type EncodedRows, measures, mostKinds, NumberColumn, type RowRules, takeMeasures } from './encoded-rows.ts';

/** A good row. A measure is NaN where it is missing or has no column; `event` is the trimmed kind. */
export interface GoodRow {
  user: string;
  item: string;
  rating: number;
  time: number;
  weight: number;
  event: string;
}

/** A row with nothing in it, for a reader that fills one object again and again. */
export function blankRow(): GoodRow {
  return { user: '', item: '', rating: Number.NaN, time: Number.NaN, weight: Number.NaN, event: '' };
}

/** Takes good rows and makes the encoded columns of those that count. */
export class RowEncoder {
  private readonly users = new IdColumn();
  private readonly items = new IdColumn();
  private readonly others: { role: (typeof measures)[number]; column: NumberColumn }[];
  private readonly rules: RowRules;
  private readonly kinds?: Map<string, { rows: number; kept: number }>;
  private belowMinRating = 0;
  private otherKinds = 0;

  /** @param roles the roles that have a column */
  constructor(roles: readonly string[], rules: RowRules) {
    this.rules = rules;
    this.others = measures.filter((role) => roles.includes(role)).map((role) => ({ role, column: new NumberColumn() }));
    if (roles.includes('event')) this.kinds = new Map();
  }

  add(row: GoodRow): void {
    let kindWeight = 1;
    if (this.kinds) {
      kindWeight = weightAt(row.event, row.time, this.rules);
      const count = this.kinds.get(row.event) ?? { rows: 0, kept: 0 };
      this.kinds.set(row.event, count);
      count.rows++;
      if (kindWeight > 0) count.kept++;
      else {
        this.otherKinds++;
        return;
      }
    }
    const { minRating } = this.rules;
    // A row without a rating is not known to have the minimum.
    if (minRating !== undefined && !(row.rating >= minRating)) {
      this.belowMinRating++;
      return;
    }
    this.users.push(row.user);
    this.items.push(row.item);
    for (const { role, column } of this.others) column.push(role === 'event' ? kindWeight : row[role]);
  }

  /** The encoded columns. The encoder is empty afterwards. */
  finish(): EncodedRows {
    const users = this.users.finish();
    const items = this.items.finish();
    const columns = {
      userIds: users.ids,
      users: users.codes,
      itemIds: items.ids,
      items: items.codes,
      ...takeMeasures(this.others, users.codes.length),
    };
    const { belowMinRating, otherKinds } = this;
    return { columns, belowMinRating, otherKinds, ...(this.kinds && { kinds: this.kindCounts() }) };
  }

  private kindCounts(): KindCount[] {
    const { eventTable } = this.rules;
    return [...this.kinds!]
      .sort(([a, { rows: more }], [b, { rows: less }]) => less - more || (a < b ? -1 : 1))
      .slice(0, mostKinds)
      .map(([kind, { rows, kept }]) => {
        const weight = weightOfKind(kind, eventTable);
        const expired = weight > 0 ? rows - kept : 0;
        return { kind, rows, weight, ...(expired > 0 && { expired }) };
      });
  }
}

/** The weight of a kind at a time: 0 for one that does not count, or is too old. */
function weightAt(kind: string, time: number, { eventTable, newest }: RowRules): number {
  if (!eventTable) return 1;
  const found = kindIn(kind, eventTable as EventTable);
  if (!found || (newest !== undefined && time < newest - found.expires)) return 0;
  return found.weight;
}

/** Ids below this are looked up in a table: 2²² codes of 4 bytes at most. */
const tableEnd = 1 << 22;

/** Numbers ids in the order in which they come, and in the house order at the end. */
class IdColumn {
  private readonly codeOf = new Map<string, number>();
  /** tableOf[i]: 1 + the code of the id i; 0 where it has not come yet. It takes a third of the time of the map. */
  private tableOf = new Int32Array(1 << 12);
  private readonly builder = new IdMapBuilder();
  private size = 0;
  private readonly codes = new NumberColumn();

  push(id: string): void {
    const small = smallInteger(id);
    this.codes.push(small < 0 ? this.codeOfText(id) : this.codeOfSmall(small, id));
  }

  private codeOfText(id: string): number {
    const known = this.codeOf.get(id);
    if (known !== undefined) return known;
    const code = this.add(id);
    this.codeOf.set(id, code);
    return code;
  }

  private codeOfSmall(small: number, id: string): number {
    if (small >= this.tableOf.length) {
      const grown = new Int32Array(Math.min(tableEnd, 2 ** Math.ceil(Math.log2(small + 1))));
      grown.set(this.tableOf);
      this.tableOf = grown;
    }
    this.tableOf[small] ||= 1 + this.add(id);
    return this.tableOf[small]! - 1;
  }

  private add(id: string): number {
    this.builder.add(id);
    return this.size++;
  }

  finish(): { ids: IdMap; codes: Int32Array } {
    const found = this.builder.build();
    const order = houseOrder(found);
    const place = new Int32Array(found.size);
    order.forEach((code, at) => {
      place[code] = at;
    });
    const codes = this.codes.moveTo(sharedInt32(this.codes.length));
    for (let e = 0; e < codes.length; e++) codes[e] = place[codes[e]!]!;
    return { ids: found.pick(order), codes };
  }
}

/** The value of an id that is a whole number in plain decimal form below `tableEnd`; −1 for any other. */
function smallInteger(id: string): number {
  let value = 0;
  for (let at = 0; at < id.length; at++) {
    const digit = id.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  const isPlain = id.length > 0 && id.length < 8 && (id.charCodeAt(0) !== 48 || id.length === 1);
  return isPlain && value < tableEnd ? value : -1;
}
