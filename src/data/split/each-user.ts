/** Calls `use` with the bounds of each user's entries; entries lie sorted by user. */
export function eachUser(users: Int32Array, use: (start: number, end: number) => void): void {
  for (let start = 0; start < users.length; ) {
    let end = start + 1;
    while (end < users.length && users[end] === users[start]) end++;
    use(start, end);
    start = end;
  }
}
