/** A replacer for `JSON.stringify`: writes Infinity as "inf", where JSON would have null. */
export function infinityAsText(_key: string, value: unknown): unknown {
  return value === Infinity ? 'inf' : value;
}
