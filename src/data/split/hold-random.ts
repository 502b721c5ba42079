import { randomStream, shuffle } from '../../array/random.ts';

/**
 * Marks (1) about n·ratio of each user's n entries, drawn at random; at least one stays unmarked. The rounding remainder carries over to the next user, so the
 * total is close to the ratio. `users` is the user of each entry and must be sorted. `purpose` selects the random stream.
 */
export function holdRandom(users: Int32Array, ratio: number, seed: number, purpose: string): Uint8Array {
  const held = new Uint8Array(users.length);
  const random = randomStream(seed, `split-${purpose}`);
  // A random start, so that no user order favours the first users.
  let carry = random.real();
  eachUser(users, (start, end) => {
    const share = (end - start) * ratio + carry;
    carry = share - Math.floor(share);
    const take = Math.min(Math.floor(share), end - start - 1);
    if (take <= 0) return;
    const entries = new Int32Array(end - start);
    for (let e = start; e < end; e++) entries[e - start] = e;
    for (const e of shuffle(entries, random).subarray(0, take)) held[e] = 1;
  });
  return held;
}

/** Calls `use` with the range start ≤ e < end of each user's entries; `users` must be sorted. */
export function eachUser(users: Int32Array, use: (start: number, end: number) => void): void {
  for (let start = 0; start < users.length; ) {
    let end = start + 1;
    while (end < users.length && users[end] === users[start]) end++;
    use(start, end);
    start = end;
  }
}
