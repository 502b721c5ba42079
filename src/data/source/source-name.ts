/** Sources of one log: a path, folder, glob pattern, `https://` URL or `-` (standard input), or a list of them. */
export type Source = string | readonly string[];

/** True for the URL of a file to download. */
export function isUrl(name: string): boolean {
  return /^https?:\/\//i.test(name);
}

/** The name of a source in messages and records: URLs without login and query, which may hold secrets. */
export function shownSource(source: Source): string {
  return typeof source === 'string' ? shownName(source) : source.map(shownName).join(', ');
}

function shownName(name: string): string {
  if (name === '-') return 'standard input';
  if (!isUrl(name)) return name;
  if (!URL.canParse(name)) return name.replace(/\/\/[^/]*@/, '//').replace(/[?#].*$/s, '');
  const { origin, pathname } = new URL(name);
  return `${origin}${pathname}`;
}
