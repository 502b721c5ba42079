/** The rooms of the studio, in the order of the navigation. */
export const rooms = ['data', 'train', 'explore', 'judge', 'compare', 'operate'] as const;
/** A room: one screen of the studio. */
export type Room = (typeof rooms)[number];

/** Where a person is: what an address holds. Never data, code or a token. */
export interface Place {
  readonly room: Room;
  /** Ids of the chosen runs, the first one being the main one. */
  readonly runs: readonly string[];
  /** Options of the room, by name. */
  readonly options: Readonly<Record<string, string>>;
}

/** The place of an address without a fragment. */
export const start: Place = { room: 'data', runs: [], options: {} };

/**
 * Reads a fragment: `#/train?runs=r2,r1&epochs=50`. What is no room is the first room, and what cannot be decoded is left out: an address is typed and cut by people.
 */
export function placeOf(fragment: string): Place {
  const [, room = '', query = ''] = /^#\/([a-z]*)(?:\?(.*))?$/s.exec(fragment) ?? [];
  const known = rooms.find((name) => name === room);
  if (!known) return start;
  const { runs = '', ...options } = Object.fromEntries(new URLSearchParams(query));
  return { room: known, runs: runs.split(',').filter(Boolean), options };
}

/** The fragment of a place; options with an empty value are left out. */
export function fragmentOf({ room, runs, options }: Place): string {
  const query = new URLSearchParams();
  if (runs.length > 0) query.set('runs', runs.join(','));
  for (const [name, value] of Object.entries(options)) if (value !== '') query.set(name, value);
  const text = query.toString().replaceAll('%2C', ',');
  return `#/${room}${text && `?${text}`}`;
}
