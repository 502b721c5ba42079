import { MOST_LIKED } from '../recommender/feedback-items.ts';
import type { UserFeedback } from '../recommender/people-ranker.ts';

/** Bytes of a user: the id, its place in the map, and empty sets. Measured on ids of 10 characters. */
const USER_BYTES = 400;
/** Bytes of an item in the ascending list, which may be half empty, and of one among the newest. */
const HIDDEN_BYTES = 8;
const LIKED_BYTES = 40;
/** Items that are collected before they are merged into the ascending list. */
const MOST_PENDING = 1024;

/** The ids of a model: an index, or −1 for an unknown id. */
interface Ids {
  indexOf(id: string): number;
}

/** What an event of a user on an item does. */
interface SetEvent {
  /** The item disappears from the user's lists. */
  readonly hides: boolean;
  /** The item is a positive; default true. */
  readonly likes?: boolean;
  /** The time from which the event does not count, in seconds since 1970; default: never. */
  readonly until?: number;
}

/**
 * The items with feedback of each user, as indices of a model, next to the thread that ranks. A request costs the same for a user with ten events as for one with a million: items are distinct, so a user has at
 * most as many as the model, and only the newest 500 are folded in. Memory is bounded: beyond `limit` bytes the users whose feedback is oldest are dropped.
 */
export class FeedbackSets {
  readonly #users: Ids;
  readonly #items: Ids;
  readonly #limit: number;
  /** The users in the order of their latest event. */
  readonly #sets = new Map<string, UserItems>();
  #bytes = 0;
  #pairs = 0;
  #dropped = 0;

  constructor(users: Ids, items: Ids, limit: number) {
    this.#users = users;
    this.#items = items;
    this.#limit = limit;
  }

  /** Number of users, of distinct pairs of a user and a hidden item, and of users dropped to stay within the limit. */
  get size(): { readonly users: number; readonly pairs: number; readonly dropped: number } {
    return { users: this.#sets.size, pairs: this.#pairs, dropped: this.#dropped };
  }

  /** Adds an event. Items unknown to the model are ignored: no list contains them. */
  add(user: string, item: string, { hides, likes = true, until = Infinity }: SetEvent): void {
    const index = this.#items.indexOf(item);
    if (index < 0) return;
    // A user unknown to the model is folded in by all items; to what a known user has in the model, only items that hide are added.
    const isLiked = likes && (hides || this.#users.indexOf(user) < 0);
    if (!hides && !isLiked) return;
    let set = this.#sets.get(user);
    if (set) {
      // Moves the user to the end: the order is that of the latest events.
      this.#sets.delete(user);
      this.#count(set, user, -1);
    } else {
      set = new UserItems();
    }
    this.#sets.set(user, set);
    set.add(index, hides, isLiked, until);
    this.#count(set, user, 1);
    for (const [oldest, items] of this.#sets) {
      if (this.#bytes <= this.#limit || oldest === user) break;
      this.#sets.delete(oldest);
      this.#count(items, oldest, -1);
      this.#dropped++;
    }
  }

  /** Removes a user. */
  forget(user: string): void {
    const set = this.#sets.get(user);
    if (!set) return;
    this.#sets.delete(user);
    this.#count(set, user, -1);
  }

  /** Items that the user's lists leave out, ascending. Undefined without any. */
  hidden(user: string, now = seconds()): Int32Array | undefined {
    const set = this.#current(user, now);
    return set && set.hiddenCount > 0 ? set.ascending() : undefined;
  }

  /** What the lists of a user take from the feedback, as copies: the sets may change between two steps. Undefined without any. */
  of(user: string, now = seconds()): UserFeedback | undefined {
    const [liked, hidden] = [this.liked(user, now), this.hidden(user, now)?.slice()];
    return liked || hidden ? { hidden, liked: liked ?? new Int32Array(0) } : undefined;
  }

  /** The newest 500 distinct items, newest last; of a user known to the model only those that hide. Undefined without any. */
  liked(user: string, now = seconds()): Int32Array | undefined {
    const set = this.#current(user, now);
    return set && set.liked.size > 0 ? Int32Array.from(set.liked) : undefined;
  }

  /** The items of a user without those that have expired. */
  #current(user: string, now: number): UserItems | undefined {
    const set = this.#sets.get(user);
    if (!set || set.nextExpiry > now) return set;
    this.#count(set, user, -1);
    set.expire(now);
    this.#count(set, user, 1);
    return set;
  }

  #count(set: UserItems, user: string, sign: 1 | -1): void {
    this.#bytes += sign * (USER_BYTES + 2 * user.length + set.bytes);
    this.#pairs += sign * set.hiddenCount;
  }
}

/** The time, in seconds since 1970. */
const seconds = () => Date.now() / 1000;

/** The items of one user. */
class UserItems {
  /** The newest distinct items, newest last. */
  readonly liked = new Set<number>();
  /** The merged hidden items: the first `#length` are ascending and distinct. */
  #merged = new Int32Array(4);
  #length = 0;
  /** Hidden items that are not merged yet. */
  readonly #pending = new Set<number>();
  /** Until when hidden and liked items count, of those that expire. */
  readonly #hiddenUntil = new Map<number, number>();
  readonly #likedUntil = new Map<number, number>();
  /** The first time at which an item expires. */
  nextExpiry = Infinity;

  get hiddenCount(): number {
    return this.#length + this.#pending.size;
  }

  get bytes(): number {
    const maps = this.#pending.size + this.liked.size + this.#hiddenUntil.size + this.#likedUntil.size;
    return HIDDEN_BYTES * this.#length + LIKED_BYTES * maps;
  }

  add(item: number, hides: boolean, likes: boolean, until: number): void {
    if (until < this.nextExpiry) this.nextExpiry = until;
    if (likes) {
      extend(this.#likedUntil, item, this.liked.has(item), until);
      // A set keeps the order of insertion: deleting first moves a repeated item to the end.
      this.liked.delete(item);
      this.liked.add(item);
      if (this.liked.size > MOST_LIKED) {
        const oldest = this.liked.values().next().value!;
        this.liked.delete(oldest);
        this.#likedUntil.delete(oldest);
      }
    }
    if (!hides) return;
    const hidden = this.#pending.has(item) || this.#isMerged(item);
    extend(this.#hiddenUntil, item, hidden, until);
    if (hidden) return;
    this.#pending.add(item);
    if (this.#pending.size >= MOST_PENDING) this.#merge();
  }

  /** Removes the items that do not count from `now` on. */
  expire(now: number): void {
    this.nextExpiry = Infinity;
    const expired = (untils: Map<number, number>) => {
      const items = new Set<number>();
      for (const [item, until] of untils) {
        if (until > now) this.nextExpiry = Math.min(this.nextExpiry, until);
        else items.add(item);
      }
      for (const item of items) untils.delete(item);
      return items;
    };
    for (const item of expired(this.#likedUntil)) this.liked.delete(item);
    const hidden = expired(this.#hiddenUntil);
    if (hidden.size === 0) return;
    const kept = this.ascending().filter((item) => !hidden.has(item));
    this.#merged.set(kept);
    this.#length = kept.length;
  }

  ascending(): Int32Array {
    if (this.#pending.size > 0) this.#merge();
    return this.#merged.subarray(0, this.#length);
  }

  #isMerged(item: number): boolean {
    let low = 0;
    for (let high = this.#length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.#merged[middle]! < item) low = middle + 1;
      else high = middle;
    }
    return low < this.#length && this.#merged[low] === item;
  }

  /** Merges from the end, in place. */
  #merge(): void {
    const added = Int32Array.from(this.#pending).sort();
    this.#pending.clear();
    const total = this.#length + added.length;
    if (total > this.#merged.length) {
      const grown = new Int32Array(Math.max(total, Math.ceil(1.5 * this.#merged.length)));
      grown.set(this.#merged.subarray(0, this.#length));
      this.#merged = grown;
    }
    const merged = this.#merged;
    for (let a = this.#length - 1, b = added.length - 1, at = total - 1; b >= 0; at--) {
      merged[at] = a >= 0 && merged[a]! > added[b]! ? merged[a--]! : added[b--]!;
    }
    this.#length = total;
  }
}

/** Notes until when an item counts: until the last of its events expires. `there`: it counts already; without an entry it does so for ever. */
function extend(untils: Map<number, number>, item: number, there: boolean, until: number): void {
  const before = there ? (untils.get(item) ?? Infinity) : -Infinity;
  const last = Math.max(before, until);
  if (last === Infinity) untils.delete(item);
  else untils.set(item, last);
}
