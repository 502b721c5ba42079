/** For `JSON.stringify`, which would write null: Infinity is "inf". */
export function infinityAsText(_key: string, value: unknown): unknown {
  return value === Infinity ? 'inf' : value;
}
